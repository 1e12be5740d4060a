//! Stack keys: which definition a reference means.
//!
//! A key's address is reused, and its definition comes after the references: a reference at time R means the
//! first definition of the key with a time of R or later. So the references between two definitions form a
//! generation, which is a number at once and frames once its definition comes. Definitions may be applied ahead
//! of references; the few references that are then overtaken find their generation in a short history.

use std::collections::VecDeque;

use crate::etl::pool_trace::record::Definition;
use crate::etl::pool_trace::seeded::SeededMap;
use crate::etl::pool_trace::stacks::StackRef;

const NO_GENERATION: u32 = u32::MAX;

/// The keys alive at one moment of the walk.
#[derive(Debug, Default)]
pub(super) struct KeyTable {
    keys: SeededMap<u64, KeyState>,
    history: VecDeque<Closed>,
    generations: Vec<Generation>,
    unused: Vec<u32>,
    /// References resolved so far, by definitions that came.
    pub(super) resolved: u64,
}

#[derive(Clone, Copy, Debug)]
struct KeyState {
    open: u32,
    last_definition: i64,
    /// Frames of a creation or rundown after which no further definition may come.
    fallback: StackRef,
}

#[derive(Clone, Copy, Debug)]
struct Closed {
    ticks: i64,
    key: u64,
    generation: u32,
    stack: StackRef,
}

#[derive(Clone, Copy, Debug)]
struct Generation {
    stack: StackRef,
    references: u32,
}

/// A generation that just got its frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Settled {
    /// The generation.
    pub(super) generation: u32,
    /// Its frames.
    pub(super) stack: StackRef,
}

impl KeyTable {
    /// The stack a reference at `ticks` means: a generation, or frames if its definition is known already.
    pub(super) fn refer(&mut self, key: u64, ticks: i64) -> StackRef {
        let state = self.keys.entry(key).or_insert(KeyState {
            open: NO_GENERATION,
            last_definition: i64::MIN,
            fallback: StackRef::NONE,
        });
        if ticks <= state.last_definition {
            return self.refer_to_the_past(key, ticks);
        }
        if state.open == NO_GENERATION {
            let fresh = Generation { stack: state.fallback, references: 0 };
            state.open = match self.unused.pop() {
                Some(index) => {
                    if let Some(place) = self.generations.get_mut(index as usize) {
                        *place = fresh;
                    }
                    index
                }
                None => {
                    self.generations.push(fresh);
                    (self.generations.len() - 1) as u32
                }
            };
        }
        let open = state.open;
        if let Some(generation) = self.generations.get_mut(open as usize) {
            generation.references = generation.references.saturating_add(1);
        }
        StackRef::generation(open)
    }

    /// A reference that definitions applied ahead have overtaken.
    #[cold]
    fn refer_to_the_past(&mut self, key: u64, ticks: i64) -> StackRef {
        let found = self.history.iter().find(|closed| closed.key == key && closed.ticks >= ticks);
        self.resolved += u64::from(found.is_some());
        found.map_or(StackRef::NONE, |closed| closed.stack)
    }

    /// Takes a definition; gives the generation it settles, if any reference waited. Definitions must come in
    /// time order.
    pub(super) fn define(&mut self, definition: &Definition) -> Option<Settled> {
        let state = self.keys.entry(definition.key).or_insert(KeyState {
            open: NO_GENERATION,
            last_definition: i64::MIN,
            fallback: StackRef::NONE,
        });
        let settled = std::mem::replace(&mut state.open, NO_GENERATION);
        state.last_definition = definition.ticks;
        state.fallback = if definition.lives_on { definition.stack } else { StackRef::NONE };
        self.history.push_back(Closed {
            ticks: definition.ticks,
            key: definition.key,
            generation: settled,
            stack: definition.stack,
        });
        let generation = self.generations.get_mut(settled as usize)?;
        generation.stack = definition.stack;
        self.resolved += u64::from(generation.references);
        Some(Settled { generation: settled, stack: definition.stack })
    }

    /// Forgets what no reference after `ticks` can mean any more.
    pub(super) fn forget_before(&mut self, ticks: i64) {
        while let Some(oldest) = self.history.front().filter(|closed| closed.ticks < ticks).copied() {
            self.history.pop_front();
            if oldest.generation != NO_GENERATION {
                self.unused.push(oldest.generation);
            }
            let gone = self.keys.get(&oldest.key).is_some_and(|state| {
                state.open == NO_GENERATION
                    && state.last_definition == oldest.ticks
                    && state.fallback == StackRef::NONE
            });
            if gone {
                self.keys.remove(&oldest.key);
            }
        }
    }

    /// Keys known at the moment, for the limit.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// At the end: generations that no later definition settled but an earlier creation or rundown explains,
    /// and the number of references that nothing explains.
    pub(super) fn finish(&mut self) -> (Vec<Settled>, u64) {
        let mut settled = Vec::new();
        let mut unresolved = 0;
        self.keys.values().for_each(|state| {
            let Some(generation) = self.generations.get(state.open as usize) else { return };
            if generation.stack == StackRef::NONE {
                unresolved += u64::from(generation.references);
            } else {
                self.resolved += u64::from(generation.references);
                settled.push(Settled { generation: state.open, stack: generation.stack });
            }
        });
        settled.sort_unstable_by_key(|settled| settled.generation);
        (settled, unresolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(ticks: i64, key: u64, stack: u32, lives_on: bool) -> Definition {
        Definition { ticks, key, stack: StackRef(stack), lives_on }
    }

    #[test]
    fn a_reference_means_the_first_definition_not_before_it() {
        let mut keys = KeyTable::default();
        let early = keys.refer(9, 10);
        assert_eq!(keys.refer(9, 20), early);
        // Applied ahead of the references at 20 and 25.
        let settled = keys.define(&definition(20, 9, 1, false)).unwrap();
        assert_eq!(StackRef::generation(settled.generation), early);
        assert_eq!(keys.refer(9, 20), StackRef(1), "at the definition's own time it still holds");
        let late = keys.refer(9, 21);
        assert_ne!(late, early);
        assert_eq!(keys.define(&definition(30, 9, 2, false)).unwrap().stack, StackRef(2));
        assert_eq!(keys.define(&definition(40, 9, 3, false)), None);
        assert_eq!(keys.refer(9, 35), StackRef(3));
        assert_eq!(keys.refer(9, 15), StackRef(1));
        keys.forget_before(100);
        assert_eq!(keys.len(), 0);
        let (settled, unresolved) = keys.finish();
        assert_eq!((settled.len(), unresolved), (0, 0));
    }

    #[test]
    fn a_creation_explains_references_that_nothing_follows() {
        let mut keys = KeyTable::default();
        keys.define(&definition(5, 7, 4, true));
        let open = keys.refer(7, 6);
        keys.refer(8, 6);
        let (settled, unresolved) = keys.finish();
        assert_eq!(settled, [Settled { generation: open.as_generation().unwrap(), stack: StackRef(4) }]);
        assert_eq!(unresolved, 1);
    }

    #[test]
    fn numbers_of_forgotten_generations_are_used_again() {
        let mut keys = KeyTable::default();
        let first = keys.refer(1, 1);
        keys.define(&definition(2, 1, 0, false));
        keys.forget_before(3);
        assert_eq!(keys.refer(2, 4), first);
    }
}
