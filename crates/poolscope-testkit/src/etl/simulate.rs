//! Drivers that allocate and free pool by known patterns, written as a trace; the truth is handed over beside it.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Seek, Write};

use super::events::{self, Header, ImageFacts, Moment};
use super::scenario::{Outcome, Pattern, Scenario, Stacks, Truth};
use super::writer::{EtlWriter, START_FILETIME, START_TICKS};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ value >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }
}

/// Where the simulated modules stand.
struct Map {
    kernel: u64,
    pool: u64,
    user: u64,
}

impl Map {
    fn new(wide: bool) -> Self {
        if wide {
            Self { kernel: 0xffff_f800_0000_0000, pool: 0xffff_b800_0000_0000, user: 0x7ff6_0000_0000 }
        } else {
            Self { kernel: 0x8100_0000, pool: 0x9000_0000, user: 0x0040_0000 }
        }
    }

    fn driver(&self, at: usize) -> u64 {
        self.kernel + 0x100_0000 + at as u64 * 0x10_0000
    }
}

struct Block {
    address: u64,
    bytes: u64,
}

/// A record waiting for its time on its processor.
struct Waiting {
    ticks: i64,
    record: Vec<u8>,
}

struct World<W> {
    writer: EtlWriter<W>,
    scenario: Scenario,
    map: Map,
    random: Random,
    now: i64,
    waiting: Vec<VecDeque<Waiting>>,
    cache: StackCache,
    truth: Truth,
    fresh: u64,
    reusable: Vec<Vec<u64>>,
    last_thread: Vec<u32>,
}

/// The kernel's cache of stacks: keys are addresses, used again for other stacks after an eviction.
struct StackCache {
    by_frames: BTreeMap<Vec<u64>, usize>,
    slots: Vec<Slot>,
    next: usize,
}

/// A key: what it stands for, since when, and when it was last referred to.
#[derive(Clone, Default)]
struct Slot {
    frames: Option<Vec<u64>>,
    since: i64,
    last_reference: i64,
}

const PROCESSES: [(u32, &str); 3] = [(4, "System"), (900, "svchost.exe"), (1_204, "w3wp.exe")];

/// Writes the trace of a scenario into `sink`.
///
/// # Errors
/// Those of the sink.
pub fn simulate<W: Write + Seek>(scenario: &Scenario, sink: W) -> io::Result<(W, Truth)> {
    let writer = EtlWriter::new(scenario.layout.clone(), sink)?;
    let map = Map::new(scenario.layout.wide);
    let processors = scenario.layout.processors as usize;
    let truth = Truth {
        drivers: vec![Outcome::default(); scenario.drivers.len()],
        call_sites: scenario.drivers.iter().zip(0..).map(|(plan, at)| map.driver(at) + plan.offset).collect(),
        ..Truth::default()
    };
    let cache = StackCache {
        by_frames: BTreeMap::new(),
        slots: vec![Slot::default(); scenario.cached_keys.max(1)],
        next: 0,
    };
    let mut world = World {
        writer,
        map,
        random: Random(scenario.seed),
        now: if scenario.layout.clock == 2 { START_FILETIME } else { START_TICKS } + 1_000,
        waiting: (0..processors).map(|_| VecDeque::new()).collect(),
        cache,
        truth,
        fresh: 0,
        reusable: vec![Vec::new(); 64],
        last_thread: vec![0; processors],
        scenario: scenario.clone(),
    };
    world.opening()?;
    world.work()?;
    world.closing()?;
    let World { writer, truth, .. } = world;
    Ok((writer.finish()?, truth))
}

impl<W: Write + Seek> World<W> {
    /// Puts a record in its processor's order; it is written once time has passed it.
    fn put(&mut self, processor: u16, ticks: i64, record: Vec<u8>) {
        let queue = &mut self.waiting[processor as usize];
        let at = queue.iter().rposition(|waiting| waiting.ticks <= ticks).map_or(0, |at| at + 1);
        queue.insert(at, Waiting { ticks, record });
    }

    fn drain(&mut self, until: i64) -> io::Result<()> {
        for processor in 0..self.waiting.len() {
            while self.waiting[processor].front().is_some_and(|waiting| waiting.ticks <= until) {
                if let Some(Waiting { ticks, record }) = self.waiting[processor].pop_front() {
                    self.writer.record(processor as u16, ticks, &record)?;
                }
            }
        }
        Ok(())
    }

    fn kernel_record(&mut self, processor: u16, when: Moment, hook: u16, version: u8, payload: &[u8]) {
        let wide = self.scenario.layout.wide;
        let record = events::kernel(Header::PerfInfo, wide, hook, version, when, payload);
        self.put(processor, when.ticks, record);
    }

    fn images(&self) -> Vec<ImageFacts> {
        let image = |base: u64, size, stamp, path: &str| ImageFacts {
            base,
            size,
            process: 0,
            stamp,
            path: path.to_owned(),
        };
        let mut images = vec![
            image(self.map.kernel, 0x80_0000, 0x1111_0001, "\\SystemRoot\\system32\\ntoskrnl.exe"),
            image(self.map.kernel + 0x90_0000, 0x1_0000, 0x1111_0002, "\\SystemRoot\\system32\\hal.dll"),
        ];
        for (plan, at) in self.scenario.drivers.iter().zip(0..) {
            let path = format!("\\SystemRoot\\System32\\drivers\\{}", plan.name);
            images.push(image(self.map.driver(at), 0x8_0000, 0x2222_0000 + at as u32, &path));
        }
        images
    }

    fn opening(&mut self) -> io::Result<()> {
        let wide = self.scenario.layout.wide;
        let when = Moment { ticks: self.now, process: u32::MAX, thread: u32::MAX };
        self.kernel_record(0, when, 0x0020, 0, &events::masks([0; 8]));
        let switches = if self.scenario.context_switches { 4 } else { 0 };
        self.kernel_record(0, when, 0x0005, 0, &events::masks([7, 0x40 | switches, 0, 0, 0, 0, 0, 0]));
        for (id, name) in PROCESSES {
            let payload = events::process(wide, 4, id, 0, name, id % 8 == 4);
            let record = events::kernel(Header::System, wide, 0x0303, 4, when, &payload);
            self.put(1 % self.scenario.layout.processors, self.now, record);
            for thread in 0..4 {
                let payload = events::thread(wide, id, id * 16 + thread);
                let record = events::kernel(Header::Compact, wide, 0x0503, 3, when, &payload);
                self.put(0, self.now, record);
            }
        }
        if !self.scenario.images_at_end {
            self.tell_images(0x1403);
        }
        let event = events::manifest(wide, [7; 16], 42, when, b"something else");
        self.put(0, self.now, event);
        self.now += 1_000;
        self.drain(self.now)
    }

    fn tell_images(&mut self, hook: u16) {
        let (wide, version) = (self.scenario.layout.wide, self.scenario.image_version);
        for image in self.images() {
            self.now += 3;
            let when = Moment { ticks: self.now, process: 0, thread: u32::MAX };
            if self.scenario.merged {
                let at = (image.base >> 20) as u8;
                let plan = self.scenario.drivers.iter().find(|plan| image.path.ends_with(plan.name));
                let (id, age) = plan.and_then(|plan| plan.pdb).unwrap_or(([at; 16], 3));
                let pdb = (id, age, "C:\\build\\driver.pdb");
                let company = self.company(&image);
                for (opcode, version, payload) in events::identity(wide, &image, pdb, company) {
                    let record = events::classic(wide, events::IMAGE_ID, opcode, version, when, &payload);
                    self.put(0, self.now, record);
                }
            }
            let payload = events::image(wide, version, &image);
            let header = if image.base == self.map.kernel { Header::System } else { Header::PerfInfo };
            let record = events::kernel(header, wide, hook, version, when, &payload);
            self.put(0, self.now, record);
        }
    }

    fn company(&self, image: &ImageFacts) -> &'static str {
        let plan = self.scenario.drivers.iter().find(|plan| image.path.ends_with(plan.name));
        plan.map_or("Microsoft Corporation", |plan| plan.company)
    }

    fn work(&mut self) -> io::Result<()> {
        let weights: u64 = self.scenario.drivers.iter().map(|plan| plan.weight).sum();
        let mut due: BTreeMap<u64, Vec<(usize, Block)>> = BTreeMap::new();
        let mut caches: Vec<VecDeque<Block>> =
            self.scenario.drivers.iter().map(|_| VecDeque::new()).collect();
        let mut made = 0u64;
        while made < self.scenario.events {
            self.now += 100 + self.random.below(100) as i64;
            self.drain(self.now)?;
            while let Some(entry) = due.first_entry().filter(|entry| *entry.key() <= made) {
                for (driver, block) in entry.remove() {
                    self.free(driver, &block);
                    made += 1;
                }
            }
            let every = self.scenario.orphan_every;
            if every > 0 && self.random.below(every) == 0 {
                let driver = self.random.below(self.scenario.drivers.len() as u64) as usize;
                let plan = &self.scenario.drivers[driver];
                let block = Block { address: self.map.pool - 0x100_0000 - made * 32, bytes: plan.bytes.0 };
                self.truth.orphans += 1;
                self.pool_event(driver, &block, false);
                made += 1;
                continue;
            }
            let mut pick = self.random.below(weights);
            let driver = self.scenario.drivers.iter().position(|plan| match pick.checked_sub(plan.weight) {
                Some(rest) => {
                    pick = rest;
                    false
                }
                None => true,
            });
            let driver = driver.unwrap_or(0);
            let block = self.alloc(driver);
            made += 1;
            match self.scenario.drivers[driver].pattern {
                Pattern::Leak { keep_every, .. }
                    if self.truth.drivers[driver].allocs.is_multiple_of(keep_every) => {}
                Pattern::Leak { lifetime, .. } | Pattern::Churn { lifetime } => {
                    let when = made + 1 + self.random.below(2 * lifetime);
                    due.entry(when).or_default().push((driver, block));
                }
                Pattern::Cache { blocks } => {
                    caches[driver].push_back(block);
                    if caches[driver].len() > blocks
                        && let Some(oldest) = caches[driver].pop_front()
                    {
                        self.free(driver, &oldest);
                        made += 1;
                    }
                }
            }
        }
        Ok(())
    }

    fn alloc(&mut self, driver: usize) -> Block {
        let (low, high) = self.scenario.drivers[driver].bytes;
        let bytes = low + self.random.below(high - low + 1);
        let class = (bytes.next_multiple_of(16).max(16).ilog2() as usize).min(63);
        // Freed blocks are used again, last in first out, as the kernel's lookaside lists do.
        let address = match self.reusable[class].pop() {
            Some(address) => address,
            None => {
                self.fresh += (1u64 << class) * 2;
                self.map.pool + self.fresh
            }
        };
        let block = Block { address, bytes };
        let outcome = &mut self.truth.drivers[driver];
        outcome.allocs += 1;
        outcome.outstanding += 1;
        outcome.outstanding_bytes += bytes;
        let alive: u64 = self.truth.drivers.iter().map(|outcome| outcome.outstanding).sum();
        self.truth.peak_alive = self.truth.peak_alive.max(alive as usize);
        self.pool_event(driver, &block, true);
        block
    }

    fn free(&mut self, driver: usize, block: &Block) {
        let outcome = &mut self.truth.drivers[driver];
        outcome.frees += 1;
        outcome.outstanding -= 1;
        outcome.outstanding_bytes -= block.bytes;
        self.pool_event(driver, block, false);
        let class = (block.bytes.next_multiple_of(16).max(16).ilog2() as usize).min(63);
        self.reusable[class].push(block.address);
    }

    fn pool_event(&mut self, driver: usize, block: &Block, alloc: bool) {
        // No two pool events share a tick, so that the truth has one order only.
        self.now += 20;
        let wide = self.scenario.layout.wide;
        let processor = self.random.below(u64::from(self.scenario.layout.processors)) as u16;
        let (process, _) = PROCESSES[driver % PROCESSES.len()];
        let thread = process * 16 + u32::from(processor % 4);
        let when = Moment { ticks: self.now, process, thread };
        if self.scenario.context_switches && self.last_thread[processor as usize] != thread {
            let old = std::mem::replace(&mut self.last_thread[processor as usize], thread);
            let payload: Vec<u8> =
                [thread, old, 0, 0, 0, 0].iter().flat_map(|v: &u32| v.to_le_bytes()).collect();
            self.kernel_record(processor, when, 0x0524, 2, &payload);
        }
        let plan = &self.scenario.drivers[driver];
        let payload = events::pool(wide, plan.pool_type, plan.tag, block.bytes, block.address, plan.session);
        let hook = if alloc { 0x0e20 } else { 0x0e22 } + u16::from(plan.session.is_some());
        let record = events::kernel(self.scenario.header, wide, hook, 2, when, &payload);
        self.put(processor, self.now, record);
        if self.scenario.stacks != Stacks::None && (alloc || self.scenario.stacks_of_frees) {
            self.stack(driver, processor, when, alloc);
        }
    }

    /// The kernel half follows its event by some ticks, so that other records may lie between; the user half
    /// comes later, now and then on another processor.
    fn stack(&mut self, driver: usize, processor: u16, when: Moment, alloc: bool) {
        let site = self.truth.call_sites[driver] + if alloc { 0 } else { 0x100 };
        let mut frames = vec![self.map.kernel + 0x1000, self.map.kernel + 0x90_0010, site];
        let variant = self.random.below(4);
        let depth = self.scenario.depth as u64;
        frames.extend((0..depth).map(|at| self.map.driver(driver) + 0x10_00 * at + variant));
        frames.push(self.map.kernel + 0x2000);
        let kernel_at = when.ticks + 5 + self.random.below(240) as i64;
        self.half(driver, processor, when, kernel_at, &frames, false);
        if self.scenario.user_halves && when.process != 4 {
            let frames = [self.map.user + 0x10 + variant, self.map.user + 0x20];
            let processors = u64::from(self.scenario.layout.processors);
            let (other, delay) = match self.random.below(4) {
                0 => (self.random.below(processors) as u16, 3_000 + self.random.below(5_000) as i64),
                _ => (processor, 260 + self.random.below(100) as i64),
            };
            self.half(driver, other, when, when.ticks + delay, &frames, true);
        }
    }

    fn half(&mut self, driver: usize, processor: u16, when: Moment, ticks: i64, frames: &[u64], user: bool) {
        let wide = self.scenario.layout.wide;
        self.truth.stack_records += 1;
        let at = Moment { ticks, ..when };
        let whole = match self.scenario.stacks {
            Stacks::Whole | Stacks::None => true,
            Stacks::ByKey => false,
            Stacks::Mixed => driver.is_multiple_of(2),
        };
        let key = if whole { None } else { self.key(frames, ticks) };
        let Some(key) = key else {
            return self.kernel_record(processor, at, 0x1820, 2, &events::stack(wide, when, frames));
        };
        let hook = if user { 0x1826 } else { 0x1825 };
        self.kernel_record(processor, at, hook, 2, &events::stack_by_key(wide, when, key));
    }

    /// The key of a stack referred to at `ticks`; `None` where the kernel would not have used one: every key it
    /// could take is still being referred to. A key taken from another stack is defined between the event and
    /// this reference, on any processor.
    fn key(&mut self, frames: &[u64], ticks: i64) -> Option<u64> {
        let known = self.cache.by_frames.get(frames).copied();
        let place = match known {
            Some(place) => place,
            None => {
                let place = self.cache.next % self.cache.slots.len();
                self.cache.next += 1;
                let slot = &mut self.cache.slots[place];
                if slot.last_reference >= ticks - 2 {
                    return None;
                }
                slot.since = ticks - 2;
                if let Some(old) = slot.frames.replace(frames.to_vec()) {
                    self.cache.by_frames.remove(&old);
                    let key = self.key_address(place);
                    let payload = events::stack_key(self.scenario.layout.wide, key, &old);
                    let processor = self.random.below(u64::from(self.scenario.layout.processors)) as u16;
                    let when = Moment { ticks: ticks - 2, process: 0, thread: 0 };
                    self.kernel_record(processor, when, 0x1823, 2, &payload);
                }
                self.cache.by_frames.insert(frames.to_vec(), place);
                place
            }
        };
        let slot = &mut self.cache.slots[place];
        if slot.since >= ticks {
            return None;
        }
        slot.last_reference = slot.last_reference.max(ticks);
        Some(self.key_address(place))
    }

    fn key_address(&self, place: usize) -> u64 {
        self.map.pool - 0x10_0000 + place as u64 * 64
    }

    fn closing(&mut self) -> io::Result<()> {
        self.now += 20_000;
        for place in 0..self.cache.slots.len() {
            if let Some(frames) = self.cache.slots[place].frames.take() {
                self.now += 2;
                let payload = events::stack_key(self.scenario.layout.wide, self.key_address(place), &frames);
                let when = Moment { ticks: self.now, process: 0, thread: 0 };
                self.kernel_record(0, when, 0x1824, 2, &payload);
            }
        }
        self.now += 100;
        self.tell_images(0x1404);
        let when = Moment { ticks: self.now + 10, process: u32::MAX, thread: u32::MAX };
        self.kernel_record(0, when, 0x0020, 0, &events::masks([7, 0x40, 0, 0, 0, 0, 0, 0]));
        self.drain(i64::MAX)
    }
}
