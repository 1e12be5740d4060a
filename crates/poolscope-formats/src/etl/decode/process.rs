//! Process and thread events: who lived when, and which thread ran on a processor.
//!
//! Layouts: Process_TypeGroup1 versions 0 to 5, Thread_TypeGroup1 to version 3 and later, CSwitch version 2.

use crate::etl::event::{Event, EventId};
use crate::etl::guid;
use crate::etl::le::u32_at;
use crate::etl::logfile::utf16z;

/// Hook of a context switch.
pub const CONTEXT_SWITCH: u16 = 0x0524;

/// What happened to a process or thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LifeOp {
    /// Started now.
    Start,
    /// Ended now.
    End,
    /// Lived when the session started.
    AtStart,
    /// Lived when the session ended.
    AtEnd,
}

/// A process event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Process {
    /// What happened.
    pub op: LifeOp,
    /// Process id.
    pub id: u32,
    /// Parent's process id.
    pub parent: u32,
    /// Terminal session; `None` in versions without it.
    pub session: Option<u32>,
    /// Name of the image, as the event has it: up to 15 characters on many builds.
    pub name: String,
    /// Command line, where recorded.
    pub command_line: String,
}

/// A thread event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thread {
    /// What happened.
    pub op: LifeOp,
    /// Its process.
    pub process: u32,
    /// Thread id.
    pub id: u32,
}

fn life(opcode: u8) -> Option<LifeOp> {
    match opcode {
        1 => Some(LifeOp::Start),
        2 => Some(LifeOp::End),
        3 => Some(LifeOp::AtStart),
        4 => Some(LifeOp::AtEnd),
        _ => None,
    }
}

/// Decodes a process event; `None` for others.
pub fn decode_process(event: &Event<'_>) -> Option<Process> {
    let opcode = match event.id() {
        EventId::Hook(hook) if hook >> 8 == 3 => hook as u8,
        EventId::Classic { provider: guid::PROCESS, opcode } => opcode,
        _ => return None,
    };
    let op = life(opcode)?;
    let claimed = decode_as(op, event.version(), event.payload(), event.wide);
    if claimed.as_ref().is_some_and(Process::is_plausible) {
        return claimed;
    }
    decode_as(op, event.version(), event.payload(), !event.wide).filter(Process::is_plausible).or(claimed)
}

impl Process {
    /// True if the name could be one: hand-made files state another pointer width than they have.
    fn is_plausible(&self) -> bool {
        (!self.name.is_empty() || self.id == 0)
            && !self.name.chars().any(|c| c.is_control() || c == '\u{fffd}')
    }
}

fn decode_as(op: LifeOp, version: u8, payload: &[u8], wide: bool) -> Option<Process> {
    let pointer = if wide { 8 } else { 4 };
    if version == 0 {
        // Process id and parent have pointer size; then the SID and the name.
        let id = u32_at(payload, 0)?;
        let parent = u32_at(payload, pointer)?;
        let (name, _) = name_after_sid(payload, 2 * pointer, pointer)?;
        return Some(Process { op, id, parent, session: None, name, command_line: String::new() });
    }
    let id = u32_at(payload, pointer)?;
    let parent = u32_at(payload, pointer + 4)?;
    let session = u32_at(payload, pointer + 8);
    // Id, parent, session, exit status; from version 3 the directory table base, from 4 the flags.
    let sid_at = pointer + 16 + if version >= 3 { pointer } else { 0 } + if version >= 4 { 4 } else { 0 };
    let (name, next) = name_after_sid(payload, sid_at, pointer)?;
    let command_line =
        if version >= 2 { utf16z(payload.get(next..).unwrap_or(&[])).0 } else { String::new() };
    Some(Process { op, id, parent, session, name, command_line })
}

/// The ANSI name behind a SID field, and where it ends. The field is a zero dword, or a TOKEN_USER (two
/// pointers) and the SID.
fn name_after_sid(payload: &[u8], at: usize, pointer: usize) -> Option<(String, usize)> {
    let sid_bytes = if u32_at(payload, at)? == 0 {
        4
    } else {
        2 * pointer + 8 + 4 * usize::from(*payload.get(at + 2 * pointer + 1)?)
    };
    let rest = payload.get(at + sid_bytes..)?;
    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    let name = String::from_utf8_lossy(rest.get(..end)?).into_owned();
    Some((name, at + sid_bytes + end + 1))
}

/// Decodes a thread event; `None` for others. Its first two fields are the same in every version: process and
/// thread, except in version 0, which has them the other way round.
pub fn decode_thread(event: &Event<'_>) -> Option<Thread> {
    let opcode = match event.id() {
        EventId::Hook(hook) if hook >> 8 == 5 => hook as u8,
        EventId::Classic { provider: guid::THREAD, opcode } => opcode,
        _ => return None,
    };
    let op = life(opcode)?;
    let (first, second) = (u32_at(event.payload(), 0)?, u32_at(event.payload(), 4)?);
    Some(if event.version() == 0 {
        Thread { op, process: second, id: first }
    } else {
        Thread { op, process: first, id: second }
    })
}

/// The thread a context switch switches to.
#[inline]
pub fn switched_to(payload: &[u8]) -> Option<u32> {
    u32_at(payload, 0)
}
