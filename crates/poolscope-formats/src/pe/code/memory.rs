//! What the analysed function has written: cells of known address, and what stood there before.
//!
//! An address is an atom: a stack offset, an address in the image, or an offset from an incoming pointer. Two
//! different bases are taken not to overlap; a write through an unknown pointer is forgotten.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::value::{Atom, Base, Value, sign_extend, truncate};
use crate::limits::{MAX_PE_LOAD_DEPTH, MAX_PE_TABLE_ENTRIES};
use crate::pe::image::Image;
use crate::pe::plausible::is_plausible;

/// The image's initial memory, and the names given to memory content that only a caller knows.
pub struct World<'a, 'd> {
    /// The image.
    pub image: &'a Image<'d>,
    loads: Vec<(Atom, u8, u8)>,
    ids: FxHashMap<(Atom, u8), u32>,
}

impl<'a, 'd> World<'a, 'd> {
    /// A world with no loads named yet.
    pub fn new(image: &'a Image<'d>) -> Self {
        Self { image, loads: Vec::new(), ids: FxHashMap::default() }
    }

    /// Address and width of a named load.
    pub fn load(&self, id: u32) -> Option<(Atom, u8)> {
        self.loads.get(id as usize).map(|&(address, width, _)| (address, width))
    }

    /// Names the content of memory at an address; nested too deep it is only "unknown at `site`".
    pub fn name_load(&mut self, address: Atom, width: u8, site: u32) -> Value {
        let depth = match address.base {
            Base::Load(inner) => self.loads.get(inner as usize).map_or(0, |&(_, _, depth)| depth) + 1,
            _ => 0,
        };
        if depth > MAX_PE_LOAD_DEPTH || width < 4 {
            return Value::sym(site);
        }
        let next = self.loads.len() as u32;
        let id = *self.ids.entry((address, width)).or_insert(next);
        if id == next {
            self.loads.push((address, width, depth));
        }
        Value::One(Atom::of(Base::Load(id)))
    }

    /// What stands at an address before the function writes anything.
    pub fn initial(&mut self, address: Atom, width: u8, site: u32) -> Value {
        match address.base {
            Base::Const => self.image_content(address, width, site),
            Base::Multiple(stride) => self.table(address.add.cast_unsigned(), stride, width, site),
            Base::Stack if address.add >= 0 && width >= 4 => {
                Value::One(Atom::of(Base::InStack(i32::try_from(address.add).unwrap_or(i32::MAX))))
            }
            Base::Stack | Base::Import(_) => Value::sym(site),
            _ => self.name_load(address, width, site),
        }
    }

    fn image_content(&mut self, address: Atom, width: u8, site: u32) -> Value {
        let Some(rva) = self.image.rva_of(address.add.cast_unsigned()) else { return Value::sym(site) };
        if width == self.image.machine.pointer()
            && let Some(import) = self.image.import_at(rva)
        {
            return Value::One(Atom::of(Base::Import(import as u32)));
        }
        let writable = self.image.section_at(rva).is_none_or(|section| section.writable);
        let guard = Some(rva) == self.image.guard_dispatch || Some(rva) == self.image.guard_check;
        if writable && !guard {
            return self.name_load(address, width, site);
        }
        self.stored(rva, width).map_or(Value::sym(site), Value::number)
    }

    /// The number the file holds at an RVA.
    pub fn stored(&self, rva: u32, width: u8) -> Option<u64> {
        let [a, b, c, d, e, f, g, h, ..] = self.image.bytes_at(rva, width.min(8))?;
        Some(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    /// The tags of a table that is read with an unknown index: as far as plausible tags go.
    fn table(&mut self, start: u64, stride: u32, width: u8, site: u32) -> Value {
        let mut tags = Vec::new();
        for entry in 0..MAX_PE_TABLE_ENTRIES {
            let at = u64::from(stride).wrapping_mul(entry as u64).wrapping_add(start);
            let Some(rva) = self.image.rva_of(at) else { break };
            let Some(number) = self.stored(rva, width.min(4)) else { break };
            let Ok(value) = u32::try_from(number) else { break };
            if width < 4 || !is_plausible(value) || self.image.section_at(rva).is_some_and(|s| s.executable) {
                break;
            }
            tags.push(Atom::number(number));
        }
        // The table may have been meant to hold something else as well.
        tags.push(Atom::of(Base::Sym(site)));
        Value::from_atoms(tags)
    }
}

/// One written cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// Where it stands.
    pub at: Atom,
    /// Its bytes.
    pub width: u8,
    /// What it holds.
    pub value: Value,
}

impl Cell {
    fn end(&self) -> i64 {
        self.at.add.wrapping_add(i64::from(self.width))
    }
}

/// Everything written so far, sorted by address. Copies share until one of them is written.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Memory {
    cells: Rc<Vec<Cell>>,
}

impl Memory {
    /// The cells.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cells that touch `[at, at + width)`, as an index range.
    fn touching(&self, at: Atom, width: u8) -> std::ops::Range<usize> {
        let end = at.add.wrapping_add(i64::from(width));
        let from = self.cells.partition_point(|cell| (cell.at.base, cell.end()) <= (at.base, at.add));
        let count = self
            .cells
            .get(from..)
            .unwrap_or(&[])
            .iter()
            .take_while(|cell| cell.at.base == at.base && cell.at.add < end)
            .count();
        from..from + count
    }

    /// Writes a cell; whatever it covers in part keeps the rest of its bytes if they are numbers.
    pub fn write(&mut self, at: Atom, width: u8, value: Value) {
        let range = self.touching(at, width);
        let cells = Rc::make_mut(&mut self.cells);
        if range.is_empty() {
            return cells.insert(range.start, Cell { at, width, value });
        }
        if let [cell] = cells.get_mut(range.clone()).unwrap_or_default()
            && cell.at == at
            && cell.width == width
        {
            cell.value = value;
            return;
        }
        let end = at.add.wrapping_add(i64::from(width));
        let mut kept = Vec::new();
        for cell in cells.get(range.clone()).unwrap_or(&[]) {
            if let Some(before) = part(cell, cell.at.add, at.add) {
                kept.push(before);
            }
            if let Some(after) = part(cell, end, cell.end()) {
                kept.push(after);
            }
        }
        kept.push(Cell { at, width, value });
        kept.sort_by_key(|cell| (cell.at.base, cell.at.add));
        cells.splice(range, kept);
    }

    /// Reads what was written, falling back on the initial content.
    pub fn read(&self, world: &mut World<'_, '_>, at: Atom, width: u8, site: u32) -> Value {
        let range = self.touching(at, width);
        let cells = self.cells.get(range).unwrap_or(&[]);
        match cells {
            [] => world.initial(at, width, site),
            [cell] if cell.at.add == at.add && cell.width >= width => {
                if cell.width == width {
                    cell.value.clone()
                } else {
                    cell.value.cut(width, site)
                }
            }
            // A 32-bit argument read as the word it stands in.
            [cell] if cell.at.add == at.add && cell.width >= 4 && width == 8 => cell.value.clone(),
            [cell] if cell.at.add < at.add && cell.end() >= at.add.wrapping_add(i64::from(width)) => {
                part(cell, at.add, at.add.wrapping_add(i64::from(width)))
                    .map_or(Value::sym(site), |cell| cell.value)
            }
            many => assemble(many, at, width).unwrap_or(Value::sym(site)),
        }
    }

    /// The memory of two paths: what both wrote joins; what one wrote joins with what stood there before, or
    /// stays as it is on the stack, where nothing stood.
    pub fn join(&self, other: &Self, world: &mut World<'_, '_>) -> Self {
        if Rc::ptr_eq(&self.cells, &other.cells) {
            return self.clone();
        }
        let mut out: Vec<Cell> = Vec::with_capacity(self.cells.len().max(other.cells.len()));
        let (mut left, mut right) = (self.cells.iter().peekable(), other.cells.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(a), Some(b)) => (a.at.base, a.at.add).cmp(&(b.at.base, b.at.add)),
            };
            let cell = match order {
                std::cmp::Ordering::Equal => match (left.next(), right.next()) {
                    (Some(a), Some(b)) if a.width == b.width => {
                        Cell { at: a.at, width: a.width, value: a.value.join(&b.value) }
                    }
                    (Some(a), Some(b)) => {
                        let narrow = if a.width < b.width { a } else { b };
                        let wide = if a.width < b.width { b } else { a };
                        Cell {
                            at: a.at,
                            width: narrow.width,
                            value: narrow.value.join(&wide.value.cut(narrow.width, 0)),
                        }
                    }
                    _ => break,
                },
                order => {
                    let next = if order == std::cmp::Ordering::Less { left.next() } else { right.next() };
                    let Some(cell) = next else { break };
                    let mut cell = cell.clone();
                    // A local variable held nothing before; an argument, a field or a variable did.
                    let local = cell.at.base == Base::Stack && cell.at.add < 0;
                    if !local && !matches!(cell.at.base, Base::Sym(_)) {
                        let before = world.initial(cell.at, cell.width, 0);
                        cell.value = cell.value.join(&before);
                    }
                    cell
                }
            };
            let overlaps =
                out.last().is_some_and(|last| last.at.base == cell.at.base && last.end() > cell.at.add);
            if !overlaps {
                out.push(cell);
            }
        }
        Self { cells: Rc::new(out) }
    }

    /// Changes every value.
    pub fn map(&mut self, change: impl Fn(&Value) -> Option<Value>) {
        let changed: Vec<(usize, Value)> =
            self.cells.iter().enumerate().filter_map(|(at, cell)| Some((at, change(&cell.value)?))).collect();
        if changed.is_empty() {
            return;
        }
        let cells = Rc::make_mut(&mut self.cells);
        for (at, value) in changed {
            if let Some(cell) = cells.get_mut(at) {
                cell.value = value;
            }
        }
    }
}

/// The bytes `[from, to)` of a cell as a cell of their own; only numbers can be cut.
fn part(cell: &Cell, from: i64, to: i64) -> Option<Cell> {
    let (from, to) = (from.max(cell.at.add), to.min(cell.end()));
    if from >= to {
        return None;
    }
    let width = u8::try_from(to.wrapping_sub(from)).ok()?;
    let shift = u32::try_from(from.wrapping_sub(cell.at.add)).ok()?.checked_mul(8)?;
    let numbers = cell.value.numbers()?;
    let atoms =
        numbers.iter().map(|n| Atom::number(truncate(n.checked_shr(shift).unwrap_or(0), width))).collect();
    Some(Cell { at: Atom { base: cell.at.base, add: from }, width, value: Value::from_atoms(atoms) })
}

/// A read over several cells, each holding one number.
fn assemble(cells: &[Cell], at: Atom, width: u8) -> Option<Value> {
    let mut number = 0_u64;
    let mut covered = 0_u32;
    for cell in cells {
        let piece = part(cell, at.add, at.add.wrapping_add(i64::from(width)))?;
        let shift = u32::try_from(piece.at.add.wrapping_sub(at.add)).ok()?.checked_mul(8)?;
        number |= piece.value.as_number()?.checked_shl(shift)?;
        covered += u32::from(piece.width);
    }
    (covered == u32::from(width)).then(|| Value::number(number))
}

/// A loaded value of `width` bytes, sign-extended if asked.
pub fn extend(value: &Value, width: u8, signed: bool) -> Value {
    if !signed {
        return value.clone();
    }
    value.map(|atom| match atom.as_number() {
        Some(number) => Atom::number(sign_extend(number, width)),
        None => atom,
    })
}
