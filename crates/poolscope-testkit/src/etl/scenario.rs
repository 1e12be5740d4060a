//! What the simulator is asked for, and the truth it hands over beside the trace.

use super::events::Header;

use super::writer::Layout;

/// What becomes of a driver's allocations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// Every so many allocations one is never freed; the others live for about `lifetime` events.
    Leak {
        /// One of so many is kept.
        keep_every: u64,
        /// Events that the others live for.
        lifetime: u64,
    },
    /// All are freed after about so many events.
    Churn {
        /// Events.
        lifetime: u64,
    },
    /// The first so many are kept, everything after replaces one of them.
    Cache {
        /// Blocks kept.
        blocks: usize,
    },
}

/// A driver of the simulation.
#[derive(Clone, Debug)]
pub struct DriverPlan {
    /// File name.
    pub name: &'static str,
    /// Maker, for the version resource.
    pub company: &'static str,
    /// Tag.
    pub tag: [u8; 4],
    /// POOL_TYPE with flags.
    pub pool_type: u32,
    /// Bytes of its blocks, smallest and largest.
    pub bytes: (u64, u64),
    /// Share of the events that are its, relative to the others.
    pub weight: u64,
    /// What it does.
    pub pattern: Pattern,
    /// Offset in the driver of the return address of its allocating call.
    pub offset: u64,
    /// Session whose pool it uses.
    pub session: Option<u32>,
    /// Id and age of its PDB, if a real one is to be named.
    pub pdb: Option<([u8; 16], u32)>,
}

/// How stacks are recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stacks {
    /// Not at all.
    None,
    /// Whole.
    Whole,
    /// By key, keys reused for other stacks.
    ByKey,
    /// Every other stack whole, the rest by key.
    Mixed,
}

/// A trace to be made.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Layout of the file.
    pub layout: Layout,
    /// Header of the pool events.
    pub header: Header,
    /// How stacks are recorded.
    pub stacks: Stacks,
    /// Frees have stacks too.
    pub stacks_of_frees: bool,
    /// User halves are recorded, late and on other processors.
    pub user_halves: bool,
    /// Version of the image payloads.
    pub image_version: u8,
    /// Drivers are told only at the end (DCEnd), as merged traces do; else at the start.
    pub images_at_end: bool,
    /// Image identities are added, as trace merging does.
    pub merged: bool,
    /// Context switches are recorded.
    pub context_switches: bool,
    /// Pool events to make.
    pub events: u64,
    /// Frames of a kernel stack between the driver and the system call.
    pub depth: usize,
    /// Keys in the stack cache; a small one makes keys change their meaning often.
    pub cached_keys: usize,
    /// Frees of blocks from before the trace: one in so many events (0: none).
    pub orphan_every: u64,
    /// The drivers.
    pub drivers: Vec<DriverPlan>,
    /// Seed of the randomness.
    pub seed: u64,
}

/// What a driver really did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Allocations.
    pub allocs: u64,
    /// Frees of them.
    pub frees: u64,
    /// Not freed at the end.
    pub outstanding: u64,
    /// Bytes of these.
    pub outstanding_bytes: u64,
}

/// What really happened.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// By driver, in the scenario's order.
    pub drivers: Vec<Outcome>,
    /// Return address of each driver's allocating call.
    pub call_sites: Vec<u64>,
    /// Frees of blocks from before the trace.
    pub orphans: u64,
    /// Stack records written, definitions not counted.
    pub stack_records: u64,
    /// Most blocks alive at once.
    pub peak_alive: usize,
}

/// Five drivers: two churn, one fills a cache, one leaks slowly among much churn of its own, and one makes large
/// short-lived blocks.
pub fn standard_drivers() -> Vec<DriverPlan> {
    let plan = |name, company, tag: &[u8; 4], pool_type, bytes, weight, pattern, offset| DriverPlan {
        name,
        company,
        tag: *tag,
        pool_type,
        bytes,
        weight,
        pattern,
        offset,
        session: None,
        pdb: None,
    };
    vec![
        plan(
            "netfast.sys",
            "Contoso",
            b"NDnd",
            0x200,
            (64, 512),
            40,
            Pattern::Churn { lifetime: 200 },
            0x1234,
        ),
        plan("filterx.sys", "Fabrikam", b"FlX ", 1, (32, 96), 25, Pattern::Cache { blocks: 3_000 }, 0x2345),
        plan(
            "leaky.sys",
            "Acme Storage",
            b"Leak",
            0x200,
            (112, 112),
            12,
            Pattern::Leak { keep_every: 3, lifetime: 500 },
            0x4a1c,
        ),
        plan(
            "graphic.sys",
            "Tailspin",
            b"Gfx1",
            0,
            (4_096, 65_536),
            8,
            Pattern::Churn { lifetime: 40 },
            0x777,
        ),
        plan(
            "session.sys",
            "Wingtip",
            b"Gpal",
            0x21,
            (128, 1_024),
            5,
            Pattern::Churn { lifetime: 100 },
            0x888,
        ),
    ]
}
