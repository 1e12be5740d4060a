//! One image's code: runs the functions that can pass a tag, from the allocators outward.
//!
//! The functions that refer to an allocator come first. A function that hands a parameter on as the tag makes
//! its callers interesting, and so on; a tag read from a variable makes the functions that write it interesting.
//! Functions that can not matter are never decoded.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::cfg::{self, Cfg, Lifter};
use super::flow::{self, Outcome};
use super::functions::Functions;
use super::ir::{Op, Reg, Target};
use super::machine::Convention;
use super::memory::World;
use super::state::State;
use super::summary::{Summary, TagFlow};
use super::value::{Atom, Base, Value};
use super::xref::{self, Transfer};
use crate::limits::{MAX_PE_CALL_DEPTH, MAX_PE_NESTED_SWITCHES, MAX_PE_ROUNDS, MAX_PE_STEPS};
use crate::pe::allocators::{self, ALLOCATORS, Allocator, WDF_FUNCTIONS};
use crate::pe::image::{Image, Machine};

/// Import numbers from here on are allocators found by name at run time, not imported.
const BY_NAME: u32 = 1 << 24;

/// What a call target is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callee {
    /// An imported function.
    Import(u32),
    /// A framework function that takes a tag.
    Wdf(&'static Allocator),
    /// An own function at this RVA.
    Function(u32),
    /// A stub that jumps to what is in a register.
    ByRegister(Reg),
    /// A stub that only returns.
    Nothing,
    /// Not known.
    Unknown,
}

/// The code of one image.
pub struct Program<'a, 'd> {
    /// Image memory.
    pub world: World<'a, 'd>,
    /// Calling convention.
    pub convention: &'static Convention,
    allocators: FxHashMap<u32, &'static Allocator>,
    functions: Functions,
    transfers: Option<Vec<Transfer>>,
    cfgs: FxHashMap<u32, Rc<Cfg>>,
    /// Switch cases that running a function named.
    cases: FxHashMap<u32, BTreeSet<u32>>,
    callees: FxHashMap<u32, Callee>,
    summaries: FxHashMap<u32, Rc<Summary>>,
    /// Functions worth running when they are called: they refer to an allocator or pass a tag on.
    wanted: BTreeSet<u32>,
    /// Functions whose callees are all looked at, because a tag came out of one of them.
    deep: bool,
    running: FxHashSet<u32>,
    flows: BTreeMap<u32, Vec<TagFlow>>,
    globals: BTreeMap<u64, Value>,
    read_globals: BTreeSet<u64>,
    wdf_table: Option<u64>,
    steps_left: u64,
}

/// What the code of an image passes to allocators.
#[derive(Debug)]
pub struct Found {
    /// Every flow, with its value settled as far as it can be.
    pub flows: Vec<TagFlow>,
    /// The work limit was met before everything was looked at.
    pub cut_short: bool,
}

/// Follows tags through the code of an image; `None` when its machine is not read.
pub fn follow(image: &Image<'_>, wdf_table: Option<u64>) -> Option<Found> {
    let convention = Convention::of(image.machine)?;
    let mut named = FxHashMap::default();
    for (at, import) in image.imports.iter().enumerate() {
        if let Some(allocator) = allocators::find(&import.name) {
            named.insert(at as u32, allocator);
        }
    }
    let mut transfers = None;
    let functions = Functions::of(image, || {
        let found = xref::transfers(image);
        let mut starts = call_targets(image, &found);
        starts.extend(xref::code_pointers(image).into_iter().filter(|&rva| looks_like_start(image, rva)));
        transfers = Some(found);
        starts
    });
    let mut program = Program {
        world: World::new(image),
        convention,
        allocators: named,
        functions,
        transfers,
        cfgs: FxHashMap::default(),
        cases: FxHashMap::default(),
        callees: FxHashMap::default(),
        summaries: FxHashMap::default(),
        wanted: BTreeSet::new(),
        deep: false,
        running: FxHashSet::default(),
        flows: BTreeMap::new(),
        globals: BTreeMap::new(),
        read_globals: BTreeSet::new(),
        wdf_table,
        steps_left: MAX_PE_STEPS,
    };
    program.run();
    Some(program.finish())
}

/// Targets of calls that can be functions.
fn call_targets(image: &Image<'_>, transfers: &[Transfer]) -> Vec<u32> {
    let mut targets: Vec<u32> =
        transfers.iter().filter(|found| found.call).map(|found| found.target).collect();
    targets.dedup();
    targets.retain(|&target| looks_like_start(image, target));
    targets
}

/// A guess whether an x86 call target is real: functions begin aligned or after the end of another one.
fn looks_like_start(image: &Image<'_>, rva: u32) -> bool {
    if image.section_at(rva).is_none_or(|section| !section.executable) {
        return false;
    }
    let first = image.bytes_at(rva, 4).unwrap_or_default();
    let before = rva.checked_sub(1).and_then(|rva| image.bytes_at(rva, 1)).unwrap_or_default();
    image.machine == Machine::Arm64
        || rva.is_multiple_of(16)
        || matches!(before, [0xcc | 0x90 | 0xc3 | 0x00, ..])
        || matches!(first, [0x55, 0x8b | 0x89, ..] | [0x8b, 0xff, 0x55, ..] | [0xff, 0x25, ..])
}

impl Program<'_, '_> {
    /// Takes work from the budget; false when it is used up.
    pub fn spend(&mut self, steps: u64) -> bool {
        self.steps_left = self.steps_left.saturating_sub(steps);
        self.steps_left > 0
    }

    /// The allocator behind an import number.
    pub fn allocator(&self, import: u32) -> Option<&'static Allocator> {
        match import.checked_sub(BY_NAME) {
            Some(row) => ALLOCATORS.get(row as usize),
            None => self.allocators.get(&import).copied(),
        }
    }

    /// The name of an import without decoration.
    pub fn import_name(&self, import: u32) -> String {
        let name = self.world.image.imports.get(import as usize).map_or("", |import| import.name.as_str());
        let plain = name.strip_prefix('_').unwrap_or(name);
        plain.split('@').next().unwrap_or(plain).to_owned()
    }

    /// Bytes an import pops on x86, where that is known.
    pub fn import_pops(&self, import: u32) -> Option<u32> {
        if let Some(allocator) = self.allocator(import) {
            return Some(u32::from(allocator.x86_pops));
        }
        // A decorated name says it; C functions pop nothing.
        let name = &self.world.image.imports.get(import as usize)?.name;
        if let Some((_, bytes)) = name.rsplit_once('@') {
            return bytes.parse().ok();
        }
        match name.as_str() {
            "memcpy" | "memmove" | "memset" | "DbgPrint" | "DbgPrintEx" => Some(0),
            name => super::stdcall::pops(name),
        }
    }

    /// The allocator whose name a wide string in the image spells, as a value to call.
    pub fn routine_named(&self, text: &Value) -> Option<Value> {
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

    /// The framework function that a load from the function table names.
    fn wdf_function(&self, id: u32) -> Option<&'static Allocator> {
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
        let index = u32::try_from(offset).ok()? / u32::from(self.convention.shape.pointer);
        WDF_FUNCTIONS.iter().find(|(known, _)| *known == index).map(|(_, allocator)| allocator)
    }

    fn callee_at(&mut self, rva: u32, depth: u8) -> Callee {
        if let Some(&known) = self.callees.get(&rva) {
            return known;
        }
        let callee = self.stub(rva, depth).unwrap_or(Callee::Function(rva));
        self.callees.insert(rva, callee);
        callee
    }

    /// What a function that only jumps on reaches: an import's thunk, another function, a dispatcher.
    fn stub(&mut self, rva: u32, depth: u8) -> Option<Callee> {
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

    /// What a called function does, if it is worth running.
    pub fn summary(&mut self, entry: u32, depth: u8) -> Option<Rc<Summary>> {
        if let Some(summary) = self.summaries.get(&entry) {
            return Some(Rc::clone(summary));
        }
        if depth >= MAX_PE_CALL_DEPTH || !(self.deep || self.wanted.contains(&entry)) {
            return None;
        }
        self.analyse(entry, depth + 1)
    }

    fn analyse(&mut self, entry: u32, depth: u8) -> Option<Rc<Summary>> {
        if !self.running.insert(entry) {
            return None;
        }
        let mut cfg = self.cfg(entry);
        let Outcome { mut summary, mut flows, new_cases } = flow::run(self, &cfg, depth);
        let mut new_cases = new_cases;
        // Each run can come upon a switch behind the cases of another one.
        for _ in 0..MAX_PE_NESTED_SWITCHES {
            if new_cases.is_empty() {
                break;
            }
            self.cases.entry(entry).or_default().extend(&new_cases);
            self.cfgs.remove(&entry);
            cfg = self.cfg(entry);
            Outcome { summary, flows, new_cases } = flow::run(self, &cfg, depth);
        }
        self.running.remove(&entry);
        let summary = Rc::new(summary);
        self.summaries.insert(entry, Rc::clone(&summary));
        if flows.is_empty() {
            self.flows.remove(&entry);
        } else {
            self.flows.insert(entry, flows);
        }
        Some(summary)
    }

    fn cfg(&mut self, entry: u32) -> Rc<Cfg> {
        if let Some(cfg) = self.cfgs.get(&entry) {
            return Rc::clone(cfg);
        }
        let extents: Vec<(u32, u32)> = self.functions.extent_from(entry).into_iter().collect();
        let cases: Vec<u32> = self.cases.get(&entry).into_iter().flatten().copied().collect();
        let functions = &self.functions;
        let image = self.world.image;
        let cfg = Rc::new(cfg::build(image, entry, &extents, &cases, &|rva| {
            functions.is_start(rva) || functions.containing(image, rva) == Some(rva)
        }));
        self.cfgs.insert(entry, Rc::clone(&cfg));
        cfg
    }

    /// Keeps what is written to variables of the image.
    pub fn note_store(&mut self, address: &Value, width: u8, value: &Value) {
        if width < 4 {
            return;
        }
        for atom in address.atoms() {
            let Some(number) = atom.as_number() else { continue };
            let kept: Vec<Atom> = value
                .atoms()
                .iter()
                .filter(|atom| matches!(atom.base, Base::Const | Base::Import(_)))
                .copied()
                .collect();
            if kept.is_empty() || self.world.image.rva_of(number).is_none() {
                continue;
            }
            let kept = Value::from_atoms(kept);
            match self.globals.get_mut(&number) {
                Some(known) => *known = known.join(&kept),
                None => {
                    self.globals.insert(number, kept);
                }
            }
        }
    }

    /// A value with the variables of the image replaced by all that is ever written to them.
    pub fn settled(&mut self, value: &Value) -> Value {
        let mut out = Vec::new();
        for &atom in value.atoms() {
            match self.settle_atom(atom, 0) {
                Some(value) => out.extend_from_slice(value.atoms()),
                None => out.push(atom),
            }
        }
        Value::from_atoms(out)
    }

    fn settle_atom(&mut self, atom: Atom, depth: u8) -> Option<Value> {
        let Base::Load(id) = atom.base else { return None };
        let (address, width) = self.world.load(id)?;
        let addresses = match address.base {
            Base::Const => vec![address],
            Base::Load(_) if depth < 3 => self.settle_atom(address, depth + 1)?.atoms().to_vec(),
            _ => return None,
        };
        let mut out: Option<Value> = None;
        for address in addresses {
            let Some(number) = address.as_number() else { continue };
            let Some(rva) = self.world.image.rva_of(number) else { continue };
            self.read_globals.insert(number);
            let initial = self.world.stored(rva, width).filter(|&initial| initial != 0).map(Value::number);
            for found in [initial, self.globals.get(&number).cloned()].into_iter().flatten() {
                out = Some(out.map_or(found.clone(), |known| known.join(&found)));
            }
        }
        out.map(|value| value.offset(atom.add, self.convention.shape.pointer))
    }

    fn callers(&mut self, target: u32) -> Vec<u32> {
        let image = self.world.image;
        let transfers = self.transfers.get_or_insert_with(|| xref::transfers(image));
        let from = transfers.partition_point(|known| known.target < target);
        transfers
            .get(from..)
            .unwrap_or(&[])
            .iter()
            .take_while(|known| known.target == target)
            .map(|known| known.site)
            .collect()
    }

    /// The functions that refer to some addresses, thunks replaced by their callers.
    fn referring(&mut self, addresses: &BTreeSet<u32>) -> BTreeSet<u32> {
        let wanted: Vec<u32> = addresses.iter().copied().collect();
        let sites: Vec<u32> =
            xref::references(self.world.image, &wanted).into_iter().map(|(site, _)| site).collect();
        self.holding(sites)
    }

    fn holding(&mut self, mut sites: Vec<u32>) -> BTreeSet<u32> {
        let mut out = BTreeSet::new();
        let mut seen = BTreeSet::new();
        while let Some(site) = sites.pop() {
            if self.functions.wants_starts(site) {
                let image = self.world.image;
                let transfers = self.transfers.get_or_insert_with(|| xref::transfers(image));
                self.functions.learn_starts(call_targets(image, transfers));
            }
            let Some(entry) = self.functions.containing(self.world.image, site) else { continue };
            if !seen.insert(entry) {
                continue;
            }
            match self.callee_at(entry, 0) {
                Callee::Function(_) => {
                    out.insert(entry);
                }
                _ => {
                    let callers = self.callers(entry);
                    sites.extend(callers);
                }
            }
        }
        out
    }

    fn run(&mut self) {
        let image = self.world.image;
        let mut interests: BTreeSet<u32> =
            self.allocators.keys().filter_map(|&at| image.imports.get(at as usize)).map(|i| i.slot).collect();
        interests
            .extend(image.imports.iter().filter(|i| i.name == "MmGetSystemRoutineAddress").map(|i| i.slot));
        if let Some(rva) = self.wdf_table.and_then(|table| image.rva_of(table)) {
            interests.insert(rva);
            let pointer = u32::from(self.convention.shape.pointer);
            interests.extend(WDF_FUNCTIONS.iter().filter_map(|(index, _)| rva.checked_add(index * pointer)));
        }
        let mut seen_interests = interests.clone();
        let mut wrappers_done: BTreeSet<u32> = BTreeSet::new();
        let mut todo = self.referring(&interests);
        for _ in 0..MAX_PE_ROUNDS {
            self.wanted.extend(&todo);
            for &entry in &todo {
                self.summaries.remove(&entry);
            }
            for entry in std::mem::take(&mut todo) {
                if !self.summaries.contains_key(&entry) {
                    self.analyse(entry, 0);
                }
            }
            let mut new_interests = BTreeSet::new();
            // Functions that pass a parameter on as the tag: their callers decide.
            let wrappers: Vec<u32> = self
                .summaries
                .iter()
                .filter(|(entry, summary)| !summary.open.is_empty() && !wrappers_done.contains(entry))
                .map(|(&entry, _)| entry)
                .collect();
            let wrappers: BTreeSet<u32> = wrappers.into_iter().collect();
            for &entry in &wrappers {
                wrappers_done.insert(entry);
                let sites = self.callers(entry);
                let callers = self.holding(sites);
                todo.extend(callers.into_iter().filter(|&caller| caller != entry));
                new_interests.insert(entry);
            }
            let slots: Vec<u32> = wrappers.iter().copied().collect();
            new_interests.extend(xref::pointers_to(image, &slots).into_iter().map(|(slot, _)| slot));
            // Tags and function pointers kept in variables: who writes and reads them.
            let flows: Vec<Value> = self.flows.values().flatten().map(|flow| flow.value.clone()).collect();
            for value in flows {
                self.settled(&value);
            }
            for &number in &self.read_globals {
                new_interests.extend(image.rva_of(number));
            }
            for (&number, value) in &self.globals {
                let callable = value.atoms().iter().any(|atom| match atom.base {
                    Base::Import(import) => self.allocators.contains_key(&import) || import >= BY_NAME,
                    Base::Const => {
                        image.rva_of(atom.add.cast_unsigned()).is_some_and(|rva| self.wanted.contains(&rva))
                    }
                    _ => false,
                });
                if callable {
                    new_interests.extend(image.rva_of(number));
                }
            }
            new_interests.retain(|rva| seen_interests.insert(*rva));
            if !new_interests.is_empty() {
                todo.extend(self.referring(&new_interests));
            }
            if todo.is_empty() && !self.deepen(&mut todo) {
                break;
            }
        }
    }

    /// When a tag came out of an own function that was not looked at, looks at all of them.
    fn deepen(&mut self, todo: &mut BTreeSet<u32>) -> bool {
        if self.deep {
            return false;
        }
        let flows: Vec<(u32, Value)> = self
            .flows
            .iter()
            .flat_map(|(&entry, flows)| flows.iter().map(move |flow| (entry, flow.value.clone())))
            .collect();
        for (entry, value) in flows {
            let settled = self.settled(&value);
            let known = settled.numbers().is_some_and(|numbers| {
                numbers.iter().any(|&number| crate::pe::plausible::passed_tag(number as u32).is_some())
            });
            let open = settled.atoms().iter().any(|&atom| self.is_callers(atom));
            if !known && !open {
                todo.insert(entry);
            }
        }
        self.deep = !todo.is_empty();
        self.deep
    }

    fn finish(mut self) -> Found {
        let flows: Vec<TagFlow> = self.flows.values().flatten().cloned().collect();
        let flows =
            flows.into_iter().map(|flow| TagFlow { value: self.settled(&flow.value), ..flow }).collect();
        Found { flows, cut_short: self.steps_left == 0 }
    }
}
