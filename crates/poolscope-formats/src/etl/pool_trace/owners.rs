//! Who runs: process and thread ids to processes, over their lives. Ids are reused; an owner is one life of one.

use crate::etl::decode::process::{LifeOp, Process, Thread};
use crate::etl::event::NO_ID;
use crate::etl::pool_trace::Owner;
use crate::etl::pool_trace::seeded::SeededMap;
use crate::limits::MAX_ETL_OWNERS;

/// What an index of the table stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Known {
    Nobody,
    Process {
        id: u32,
        name: Option<String>,
        command_line: Option<String>,
        ended: bool,
    },
    /// A thread whose process is not known yet.
    Thread {
        id: u32,
    },
}

/// The table.
#[derive(Debug)]
pub(super) struct OwnerTable {
    known: Vec<Known>,
    by_process: SeededMap<u32, u32>,
    by_thread: SeededMap<u32, u32>,
    process_of_thread: SeededMap<u32, u32>,
    /// Processes of threads as the end of the trace tells them.
    at_end: SeededMap<u32, u32>,
    last: (u32, u32),
}

impl OwnerTable {
    /// A table that knows nobody.
    pub(super) fn new() -> Self {
        Self {
            known: vec![Known::Nobody],
            by_process: SeededMap::default(),
            by_thread: SeededMap::default(),
            process_of_thread: SeededMap::default(),
            at_end: SeededMap::default(),
            last: (NO_ID, 0),
        }
    }

    /// The owner of an event by the ids it carries.
    #[inline(always)]
    pub(super) fn of(&mut self, process: u32, thread: u32) -> u32 {
        if process != NO_ID && self.last.0 == process {
            return self.last.1;
        }
        self.find(process, thread)
    }

    #[inline(never)]
    fn find(&mut self, process: u32, thread: u32) -> u32 {
        let process = if process == NO_ID {
            self.process_of_thread.get(&thread).copied().unwrap_or(NO_ID)
        } else {
            process
        };
        if process == NO_ID {
            if thread == NO_ID {
                return 0;
            }
            return match self.by_thread.get(&thread).copied() {
                Some(owner) => owner,
                None => {
                    let owner = self.add(Known::Thread { id: thread });
                    self.by_thread.insert(thread, owner);
                    owner
                }
            };
        }
        let owner = match self.by_process.get(&process).copied() {
            Some(owner) => owner,
            None => self.begin(process),
        };
        self.last = (process, owner);
        owner
    }

    fn add(&mut self, known: Known) -> u32 {
        if self.known.len() >= MAX_ETL_OWNERS {
            return 0;
        }
        self.known.push(known);
        (self.known.len() - 1) as u32
    }

    fn begin(&mut self, process: u32) -> u32 {
        let owner = self.add(Known::Process { id: process, name: None, command_line: None, ended: false });
        self.by_process.insert(process, owner);
        owner
    }

    /// A process came, went, or was there.
    pub(super) fn process(&mut self, event: &Process) {
        self.last = (NO_ID, 0);
        let mut owner = match self.by_process.get(&event.id).copied() {
            Some(owner) => owner,
            None => self.begin(event.id),
        };
        if event.op == LifeOp::Start
            && let Some(Known::Process { name, ended, .. }) = self.known.get(owner as usize)
            && (*ended || name.is_some())
        {
            // The id is taken by a new process.
            owner = self.begin(event.id);
        }
        if let Some(Known::Process { name, command_line, ended, .. }) = self.known.get_mut(owner as usize) {
            if name.is_none() && !event.name.is_empty() {
                *name = Some(event.name.clone());
            }
            if command_line.is_none() && !event.command_line.is_empty() {
                *command_line = Some(event.command_line.clone());
            }
            *ended |= event.op == LifeOp::End;
        }
    }

    /// A thread came, went, or was there.
    pub(super) fn thread(&mut self, event: &Thread) {
        match event.op {
            LifeOp::Start | LifeOp::AtStart => {
                self.process_of_thread.insert(event.id, event.process);
                self.by_thread.remove(&event.id);
            }
            LifeOp::End => {
                // Its last events may still come from other processors' buffers with equal ticks; the entry
                // stays until the id is reused.
                self.process_of_thread.entry(event.id).or_insert(event.process);
                self.settle_thread(event);
            }
            LifeOp::AtEnd => self.settle_thread(event),
        }
    }

    fn settle_thread(&mut self, event: &Thread) {
        if let Some(owner) = self.by_thread.remove(&event.id) {
            self.at_end.insert(owner, event.process);
        }
    }

    /// The owners as they are known at the end. Two indexes may stand for one owner now: `map` gives, for every
    /// index, the one to use.
    pub(super) fn finish(mut self) -> (Vec<Owner>, Vec<u32>) {
        let mut map: Vec<u32> = (0..self.known.len() as u32).collect();
        let late: Vec<(usize, u32)> = self
            .known
            .iter()
            .enumerate()
            .filter_map(|(at, known)| {
                let Known::Thread { id } = known else { return None };
                let told = self.at_end.get(&(at as u32)).or_else(|| self.process_of_thread.get(id));
                Some((at, *told?))
            })
            .collect();
        for (at, process) in late {
            let owner = match self.by_process.get(&process).copied() {
                Some(owner) => owner,
                None => self.begin(process),
            };
            if let Some(place) = map.get_mut(at) {
                *place = owner;
            }
        }
        let owners = self.known.into_iter().map(|known| match known {
            Known::Process { id, name, command_line, .. } => {
                let usual = match id {
                    0 => Some("Idle".to_owned()),
                    4 => Some("System".to_owned()),
                    _ => None,
                };
                Owner { process: Some(id), name: name.or(usual), command_line }
            }
            Known::Nobody | Known::Thread { .. } => Owner { process: None, name: None, command_line: None },
        });
        (owners.collect(), map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(op: LifeOp, id: u32, name: &str) -> Process {
        Process { op, id, parent: 0, session: None, name: name.to_owned(), command_line: String::new() }
    }

    #[test]
    fn an_id_used_again_is_another_owner() {
        let mut owners = OwnerTable::new();
        let early = owners.of(8, NO_ID);
        owners.process(&process(LifeOp::AtStart, 8, "a.exe"));
        assert_eq!(owners.of(8, NO_ID), early);
        owners.process(&process(LifeOp::End, 8, "a.exe"));
        owners.process(&process(LifeOp::Start, 8, "b.exe"));
        let late = owners.of(8, NO_ID);
        assert_ne!(late, early);
        let (known, _) = owners.finish();
        assert_eq!(known[early as usize].name.as_deref(), Some("a.exe"));
        assert_eq!(known[late as usize].name.as_deref(), Some("b.exe"));
    }

    #[test]
    fn a_thread_told_only_at_the_end_still_has_a_process() {
        let mut owners = OwnerTable::new();
        let thread = owners.of(NO_ID, 100);
        assert_eq!(owners.of(NO_ID, NO_ID), 0);
        owners.thread(&Thread { op: LifeOp::AtEnd, process: 4, id: 100 });
        let (known, map) = owners.finish();
        assert_eq!(known[map[thread as usize] as usize].name.as_deref(), Some("System"));
    }
}
