//! What a scanned buffer becomes: fixed-size records that the merge orders and the pairing consumes.
//!
//! One record is one cache line. It knows nothing of the file any more.

use crate::etl::decode::config::{GroupMasks, SystemFact};
use crate::etl::decode::image::{Image, ImageId};
use crate::etl::decode::process::{Process, Thread};
use crate::etl::pool_trace::stacks::StackRef;

/// What a [`Record`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RecordKind {
    /// A pool allocation.
    Alloc,
    /// A pool free.
    Free,
    /// A stack half whose event is not in the same buffer: `address` has the ticks of its event.
    LateStack,
    /// A stack half by key whose event is no pool event; only whether it resolves is of interest.
    OtherStack,
    /// Something rare: `address` is the index into [`Batch::sides`].
    Side,
}

/// How the stack of a record stands in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Half {
    /// There is none.
    None,
    /// A key, to be resolved by definitions.
    Key(u64),
    /// The frames, already collected.
    Frames(StackRef),
}

/// One event of interest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// Raw ticks.
    pub ticks: i64,
    /// Address of the block; see [`RecordKind`] for the other kinds.
    pub address: u64,
    /// Kernel half of the stack.
    pub kernel: u64,
    /// User half of the stack.
    pub user: u64,
    /// Bytes; `u32::MAX` says that [`Batch::big_sizes`] has them.
    pub bytes: u32,
    /// Tag in memory order, protected bit cleared.
    pub tag: u32,
    /// POOL_TYPE as recorded.
    pub pool_type: u32,
    /// Process id or [`crate::etl::NO_ID`].
    pub process: u32,
    /// Thread id or [`crate::etl::NO_ID`].
    pub thread: u32,
    /// Ticks from the event to its kernel half's own record.
    pub kernel_delay: u32,
    /// Session for session pool, else [`NO_SESSION`].
    pub session: u32,
    /// Ticks from the event to its user half's own record.
    pub user_delay: u16,
    /// What it is.
    pub kind: RecordKind,
    /// How to read `kernel` and `user`.
    pub forms: Forms,
}

/// The forms of both halves of a stack in one byte, so that a record stays one cache line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Forms(u8);

impl Forms {
    /// No stack.
    pub(super) const NONE: Self = Self(0);

    /// With one half set.
    #[inline(always)]
    pub(super) fn with(self, user: bool, form: Form) -> Self {
        let shift = if user { 4 } else { 0 };
        Self(self.0 & !(0xf << shift) | (form as u8) << shift)
    }

    /// The form of one half.
    #[inline(always)]
    pub(super) fn of(self, user: bool) -> Form {
        match self.0 >> (if user { 4 } else { 0 }) & 0xf {
            0 => Form::None,
            1 => Form::Key,
            _ => Form::Frames,
        }
    }
}

/// How a stack field of a [`Record`] is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Form {
    /// No stack.
    None = 0,
    /// A key.
    Key = 1,
    /// A [`StackRef`].
    Frames = 2,
}

const _: () = assert!(size_of::<Record>() == 64, "a record is one cache line");

/// The session of allocations that are not from session pool.
pub(super) const NO_SESSION: u32 = u32::MAX;

impl Record {
    /// The kernel half.
    pub(super) fn kernel_half(&self) -> Half {
        half(self.forms.of(false), self.kernel)
    }

    /// The user half.
    pub(super) fn user_half(&self) -> Half {
        half(self.forms.of(true), self.user)
    }
}

impl Half {
    /// The frames, where no key stands for them.
    #[inline(always)]
    pub(super) fn frames(self) -> StackRef {
        match self {
            Self::Frames(stack) => stack,
            Self::None | Self::Key(_) => StackRef::NONE,
        }
    }
}

fn half(form: Form, value: u64) -> Half {
    match form {
        Form::None => Half::None,
        Form::Key => Half::Key(value),
        Form::Frames => Half::Frames(StackRef(value as u32)),
    }
}

/// What a key stands for, from the definition's own time backwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Definition {
    /// Raw ticks of the definition itself.
    pub ticks: i64,
    /// The key.
    pub key: u64,
    /// Its frames.
    pub stack: StackRef,
    /// The key lives on after this record (creation, rundown).
    pub lives_on: bool,
}

/// A rare event, decoded.
#[derive(Clone, Debug)]
pub(super) enum Side {
    /// An image came, went or was there.
    Image(Image),
    /// An image's identity.
    ImageId(ImageId),
    /// A process came, went or was there.
    Process(Process),
    /// A thread came, went or was there.
    Thread(Thread),
    /// Groups of the session.
    Masks(GroupMasks),
    /// A fact about the system.
    Fact(SystemFact),
    /// Events are missing before this moment.
    Gap {
        /// The stream of the processor.
        stream: usize,
        /// Last ticks before the hole on this processor.
        from: i64,
        /// What says so.
        sign: super::LossSign,
    },
}

/// What one buffer held.
#[derive(Default, Debug)]
pub(super) struct Batch {
    /// Which stream of the container it is from.
    pub stream: usize,
    /// In time order.
    pub records: Vec<Record>,
    /// In time order.
    pub definitions: Vec<Definition>,
    /// Rare events, referred to by records.
    pub sides: Vec<Side>,
    /// Sizes of 4 GiB and more, ascending by record index.
    pub big_sizes: Vec<(u32, u64)>,
    /// Ticks of the buffer's first event.
    pub first_ticks: i64,
    /// Ticks of the buffer's last event.
    pub last_ticks: i64,
    /// The stream has no more buffers; the batch is empty.
    pub end: bool,
}

impl Batch {
    /// Empties it, keeping its memory.
    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.definitions.clear();
        self.sides.clear();
        self.big_sizes.clear();
        self.end = false;
    }

    /// Bytes of the record at `at`, which is of this batch.
    pub(super) fn bytes_of(&self, at: u32, record: &Record) -> u64 {
        if record.bytes < u32::MAX {
            return u64::from(record.bytes);
        }
        let found = self.big_sizes.binary_search_by_key(&at, |(index, _)| *index).ok();
        found.and_then(|place| self.big_sizes.get(place)).map_or(u64::from(u32::MAX), |(_, bytes)| *bytes)
    }
}
