//! One image's code: runs the functions that can pass a tag, from the allocators outward.
//!
//! The functions that refer to an allocator come first. A function that hands a parameter on as the tag makes
//! its callers interesting, and so on; a tag read from a variable makes the functions that write it interesting.
//! Functions that can not matter are never decoded.

mod search;
mod targets;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::cfg::{self, Cfg, Instructions};
use super::flow::{self, Heads, Outcome};
use super::functions::Functions;
use super::ir::Reg;
use super::machine::Convention;
use super::memory::World;
use super::state::State;
use super::summary::{Summary, TagFlow};
use super::value::{Atom, Base, Value};
use super::xref;
use crate::limits::{
    MAX_PE_CALL_DEPTH, MAX_PE_NESTED_SWITCHES, MAX_PE_SEEDED_DEPTH, MAX_PE_SEEDED_RUNS, MAX_PE_STEPS,
};
use crate::pe::allocators::{self, ALLOCATORS, Allocator};
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
    cfgs: FxHashMap<u32, Rc<Cfg>>,
    /// Scratch memory for decoding.
    decoded: Instructions,
    /// Switch cases that running a function named.
    cases: FxHashMap<u32, BTreeSet<u32>>,
    callees: FxHashMap<u32, Callee>,
    summaries: FxHashMap<u32, Rc<Summary>>,
    /// Functions worth running when they are called: they refer to an allocator or pass a tag on.
    wanted: BTreeSet<u32>,
    /// Where a function refers to an allocator or to what passes a tag on.
    sites: FxHashMap<u32, BTreeSet<u32>>,
    /// Functions whose tags stand right before the calls, so that they were not run as a whole.
    alone: BTreeSet<u32>,
    /// Functions whose callees are all looked at, because a tag came out of one of them.
    deep: bool,
    running: FxHashSet<u32>,
    /// How often a call was followed with its very arguments: function and site.
    seeds: FxHashMap<(u32, u32), u32>,
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
    let tables = if image.machine == Machine::X86 { xref::jump_tables(image) } else { Vec::new() };
    let functions = Functions::of(image, tables, |tables| {
        let mut starts = call_targets(image);
        starts.extend(
            xref::code_pointers(image, tables).into_iter().filter(|&rva| looks_like_start(image, rva)),
        );
        starts
    });
    let mut program = Program {
        world: World::new(image),
        convention,
        allocators: named,
        functions,
        cfgs: FxHashMap::default(),
        decoded: Instructions::default(),
        cases: FxHashMap::default(),
        callees: FxHashMap::default(),
        summaries: FxHashMap::default(),
        wanted: BTreeSet::new(),
        sites: FxHashMap::default(),
        alone: BTreeSet::new(),
        deep: false,
        running: FxHashSet::default(),
        seeds: FxHashMap::default(),
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
fn call_targets(image: &Image<'_>) -> Vec<u32> {
    let mut targets = xref::call_targets(image);
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
        if let Some(summary) = self.told_by_blocks(entry) {
            return Some(summary);
        }
        let mut cfg = self.cfg_with_loops(entry);
        let Outcome { mut summary, mut flows, new_cases } =
            flow::run(self, &cfg, State::entry(self.convention.shape), depth);
        let mut new_cases = new_cases;
        // Each run can come upon a switch behind the cases of another one.
        for _ in 0..MAX_PE_NESTED_SWITCHES {
            if new_cases.is_empty() {
                break;
            }
            self.cases.entry(entry).or_default().extend(&new_cases);
            self.cfgs.remove(&entry);
            cfg = self.cfg_with_loops(entry);
            Outcome { summary, flows, new_cases } =
                flow::run(self, &cfg, State::entry(self.convention.shape), depth);
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

    /// Finds a function's tags without running it, if each of them stands in the block of its call.
    fn told_by_blocks(&mut self, entry: u32) -> Option<Rc<Summary>> {
        if self.deep {
            return None;
        }
        let sites = self.sites.get(&entry).cloned()?;
        let (mut cfg, heads) = self.cfg_with_cases(entry)?;
        self.cfgs.remove(&entry);
        let flows = flow::blocks_alone(self, Rc::make_mut(&mut cfg), &sites, heads);
        let pops = cfg.pops;
        // Blocks that told all are seldom asked for again.
        let Some(flows) = flows else {
            self.cfgs.insert(entry, cfg);
            return None;
        };
        self.running.remove(&entry);
        let summary = Rc::new(Summary { regs: Vec::new(), pops, stores: Vec::new(), open: Vec::new() });
        self.summaries.insert(entry, Rc::clone(&summary));
        self.alone.insert(entry);
        self.flows.insert(entry, flows);
        Some(summary)
    }

    /// Runs a function with what one call passes to it: what is known of its arguments decides whom it calls.
    pub fn seeded(&mut self, entry: u32, state: State, site: u32, depth: u8) -> Vec<TagFlow> {
        let runs = self.seeds.entry((entry, site)).or_insert(0);
        *runs += 1;
        if *runs > MAX_PE_SEEDED_RUNS || depth >= MAX_PE_SEEDED_DEPTH || !self.running.insert(entry) {
            return Vec::new();
        }
        let cfg = self.cfg_with_loops(entry);
        let Outcome { flows, .. } = flow::run(self, &cfg, state, depth + 1);
        self.running.remove(&entry);
        flows
    }

    /// True for an allocator, or an own function that may pass a tag on.
    pub fn is_interesting_callee(&mut self, atom: Atom) -> bool {
        let possible = match atom.base {
            Base::Import(_) => true,
            Base::Const => self.is_code(atom.add.cast_unsigned()),
            _ => false,
        };
        if !possible {
            return false;
        }
        self.callees(atom).iter().any(|callee| match *callee {
            Callee::Import(import) => self.allocator(import).is_some(),
            Callee::Function(rva) => self.wanted.contains(&rva) && self.functions.is_start(rva),
            _ => false,
        })
    }

    /// A function's blocks with every case of its switches, and what was found out on the way; `None` when one of
    /// their tables cannot be read.
    fn cfg_with_cases(&mut self, entry: u32) -> Option<(Rc<Cfg>, Option<Heads>)> {
        for _ in 0..MAX_PE_NESTED_SWITCHES {
            let mut cfg = self.cfg(entry);
            if !cfg.blocks.iter().any(|block| block.unread_switch) {
                return Some((cfg, None));
            }
            self.cfgs.remove(&entry);
            let read = flow::read_switches(self, Rc::make_mut(&mut cfg));
            match read {
                Some(read) if !read.new_cases.is_empty() => {
                    self.cases.entry(entry).or_default().extend(&read.new_cases);
                }
                read => {
                    self.cfgs.insert(entry, Rc::clone(&cfg));
                    return read.map(|read| (cfg, read.heads));
                }
            }
        }
        None
    }

    /// A function's blocks in the order that running it as a whole needs.
    fn cfg_with_loops(&mut self, entry: u32) -> Rc<Cfg> {
        let cfg = self.cfg(entry);
        if cfg.looped {
            return cfg;
        }
        self.cfgs.remove(&entry);
        let mut cfg = Rc::unwrap_or_clone(cfg).with_loops();
        cfg.lift_all(self.world.image);
        let cfg = Rc::new(cfg);
        self.cfgs.insert(entry, Rc::clone(&cfg));
        cfg
    }

    fn cfg(&mut self, entry: u32) -> Rc<Cfg> {
        if let Some(cfg) = self.cfgs.get(&entry) {
            return Rc::clone(cfg);
        }
        let mut extents: Vec<(u32, u32)> =
            self.functions.extent_from(self.world.image, entry).into_iter().collect();
        extents.extend(self.functions.parts_of(entry));
        let cases: Vec<u32> = self.cases.get(&entry).into_iter().flatten().copied().collect();
        let functions = &self.functions;
        let image = self.world.image;
        let is_start = |rva| functions.is_start(rva) || functions.containing(image, rva) == Some(rva);
        let tables = functions.tables.as_slice();
        let cfg = cfg::build(image, entry, &extents, &cases, tables, &is_start, &mut self.decoded);
        let cfg = Rc::new(cfg);
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

    fn finish(mut self) -> Found {
        let flows: Vec<TagFlow> = self.flows.values().flatten().cloned().collect();
        let flows =
            flows.into_iter().map(|flow| TagFlow { value: self.settled(&flow.value), ..flow }).collect();
        Found { flows, cut_short: self.steps_left == 0 }
    }
}
