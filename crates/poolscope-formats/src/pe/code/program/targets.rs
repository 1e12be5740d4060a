//! What a call target is: an import, a framework function, an own function, or a stub on the way to one.

use std::collections::BTreeSet;

use super::{BY_NAME, Callee, Program};
use crate::pe::allocators::{ALLOCATORS, Allocator, WDF_FUNCTIONS};
use crate::pe::code::cfg::Lifter;
use crate::pe::code::ir::{Op, Reg, Target};
use crate::pe::code::state::State;
use crate::pe::code::value::{Atom, Base, Value};

impl Program<'_, '_> {
    /// The allocator whose name a wide string in the image spells, as a value to call.
    pub fn routine_named(&mut self, text: &Value) -> Option<Value> {
        // A constant UNICODE_STRING often stands in writable data.
        let text = self.settled(text);
        let rva = self.world.image.rva_of(text.as_number()?)?;
        let bytes = self.world.image.bytes_from(rva)?;
        let name: String = bytes
            .chunks_exact(2)
            .map_while(|unit| match unit {
                [0, _] => None,
                [low, 0] => Some(char::from(*low)),
                _ => None,
            })
            .take(64)
            .collect();
        let row = ALLOCATORS.iter().position(|row| row.name == name)?;
        Some(Value::One(Atom::of(Base::Import(BY_NAME + row as u32))))
    }

    /// True for a value that only the function's callers can say: not a variable of the image itself.
    pub fn is_callers(&self, atom: Atom) -> bool {
        match atom.base {
            Base::InReg(_) | Base::InStack(_) => true,
            Base::Load(id) => self.world.load(id).is_some_and(|(address, _)| self.is_callers(address)),
            _ => false,
        }
    }

    /// True for something a call can go to.
    pub fn is_callable(&mut self, atom: Atom) -> bool {
        self.callees(atom).iter().any(|callee| *callee != Callee::Unknown)
    }

    /// True for an address of executable bytes.
    pub fn is_code(&self, address: u64) -> bool {
        let image = self.world.image;
        image.rva_of(address).and_then(|rva| image.section_at(rva)).is_some_and(|section| section.executable)
    }

    /// Where a jump or call to a value goes, if that is known and all of it code.
    pub fn code_targets(&self, value: &Value) -> Option<BTreeSet<u32>> {
        let image = self.world.image;
        let code = |&number: &u64| image.rva_of(number).filter(|_| self.is_code(number));
        value.numbers()?.iter().map(code).collect()
    }

    /// True for a value that can be an allocator's address, or the framework's function table.
    pub fn may_be_allocator(&self, value: &Value) -> bool {
        value.atoms().iter().any(|&atom| self.leads_to_allocator(atom))
    }

    /// True for code that a jump table may name: executable and no start of another function.
    pub fn is_loose_code(&self, rva: u32) -> bool {
        self.world.image.section_at(rva).is_some_and(|section| section.executable)
            && !self.functions.is_start(rva)
            && !self.callees.contains_key(&rva)
    }

    /// What a call to a value reaches.
    pub fn callees(&mut self, atom: Atom) -> Vec<Callee> {
        match atom.base {
            Base::Import(import) => vec![Callee::Import(import)],
            Base::Const => match self.world.image.rva_of(atom.add.cast_unsigned()) {
                Some(rva) => vec![self.callee_at(rva, 0)],
                None => vec![Callee::Unknown],
            },
            Base::Load(id) => {
                if let Some(allocator) = self.wdf_function(id) {
                    return vec![Callee::Wdf(allocator)];
                }
                let settled = self.settled(&Value::One(atom));
                let known: Vec<Atom> = settled
                    .atoms()
                    .iter()
                    .filter(|atom| {
                        matches!(atom.base, Base::Import(_) | Base::Const) && atom.add != 0
                            || matches!(atom.base, Base::Import(_))
                    })
                    .copied()
                    .collect();
                if known.is_empty() {
                    return vec![Callee::Unknown];
                }
                known.into_iter().flat_map(|atom| self.callees(atom)).collect()
            }
            _ => vec![Callee::Unknown],
        }
    }

    /// True for calls of framework functions that take no tag, through a dispatcher or not.
    pub fn takes_no_tag(&mut self, state: &State, target: &Value) -> bool {
        let mut reached: Vec<Atom> = Vec::new();
        for &atom in target.atoms() {
            match self.callees(atom).as_slice() {
                [Callee::ByRegister(reg)] => reached.extend_from_slice(state.reg(*reg).atoms()),
                _ => reached.push(atom),
            }
        }
        let no_tag = |atom: &Atom| {
            let Base::Load(id) = atom.base else { return false };
            self.wdf_index(id).is_some() && self.wdf_function(id).is_none()
        };
        !reached.is_empty() && reached.iter().all(no_tag)
    }

    /// True for the address of an allocator or of the framework's function table.
    pub fn leads_to_allocator(&self, atom: Atom) -> bool {
        match atom.base {
            Base::Import(import) => self.allocator(import).is_some(),
            Base::Load(id) => {
                let variable = self.world.load(id).and_then(|(address, _)| address.as_number());
                variable.is_some() && variable == self.wdf_table || self.wdf_function(id).is_some()
            }
            _ => false,
        }
    }

    /// The framework function that a load from the function table names, if it takes a tag.
    pub(super) fn wdf_function(&self, id: u32) -> Option<&'static Allocator> {
        let index = self.wdf_index(id)?;
        WDF_FUNCTIONS.iter().find(|(known, _)| *known == index).map(|(_, allocator)| allocator)
    }

    /// The place in the framework's function table that a load reads.
    fn wdf_index(&self, id: u32) -> Option<u32> {
        let table = self.wdf_table?;
        let (address, _) = self.world.load(id)?;
        let offset = match address.base {
            // The variable holds the table's address.
            Base::Load(inner) => {
                let (variable, _) = self.world.load(inner)?;
                (variable.as_number() == Some(table)).then_some(address.add)?
            }
            // The variable is the table.
            Base::Const => address.add.checked_sub(table.cast_signed())?,
            _ => return None,
        };
        Some(u32::try_from(offset).ok()? / u32::from(self.convention.shape.pointer))
    }

    pub(super) fn callee_at(&mut self, rva: u32, depth: u8) -> Callee {
        if let Some(&known) = self.callees.get(&rva) {
            return known;
        }
        let callee = self.stub(rva, depth).unwrap_or(Callee::Function(rva));
        self.callees.insert(rva, callee);
        callee
    }

    /// What a function that only jumps on reaches: an import's thunk, another function, a dispatcher.
    pub(super) fn stub(&mut self, rva: u32, depth: u8) -> Option<Callee> {
        let image = self.world.image;
        if depth > 4 {
            return None;
        }
        let Some(mut lifter) = Lifter::at(image, rva) else { return Some(Callee::Unknown) };
        let shape = self.convention.shape;
        let mut state: Option<State> = None;
        let mut written = Vec::new();
        let mut ops = Vec::new();
        for step in 0..4 {
            ops.clear();
            lifter.next(&mut ops)?;
            for op in &ops {
                match *op {
                    Op::Return { .. } if step == 0 => return Some(Callee::Nothing),
                    Op::Jump { target: Target::To(to) } if step == 0 => {
                        let to = image.rva_of(to)?;
                        return Some(self.callee_at(to, depth + 1));
                    }
                    Op::Jump { target } => {
                        let state = state.unwrap_or_else(|| State::entry(shape));
                        let through = match target {
                            Target::Reg(reg) => Some(reg),
                            _ => None,
                        };
                        // A stub prepares nothing but its own way: x16 and x17 are for that on ARM64.
                        let scratch =
                            |reg: Reg| Some(reg) == through || shape.sp == 31 && matches!(reg, 16 | 17);
                        if !written.iter().all(|&reg| scratch(reg)) {
                            return None;
                        }
                        let value = match target {
                            Target::Reg(reg) => state.reg(reg),
                            Target::Mem(mem) => {
                                let address = state.address(mem, shape, rva);
                                state.read(&mut self.world, &address, shape.pointer, rva)
                            }
                            Target::To(_) => return None,
                        };
                        let atom = value.single()?;
                        return match atom.base {
                            Base::Import(import) => Some(Callee::Import(import)),
                            Base::InReg(reg) if atom.add == 0 => Some(Callee::ByRegister(reg)),
                            _ => None,
                        };
                    }
                    Op::Move { dst, .. }
                    | Op::Load { dst, .. }
                    | Op::Lea { dst, .. }
                    | Op::Bin { dst, .. } => {
                        written.push(dst);
                        let state = state.get_or_insert_with(|| State::entry(shape));
                        state.apply(op, &mut self.world, shape, rva);
                    }
                    _ => return None,
                }
            }
        }
        None
    }
}
