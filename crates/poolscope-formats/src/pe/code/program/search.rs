//! Which functions to run: from the allocators outward, as far as a tag comes from outside.

use std::collections::BTreeSet;

use super::{BY_NAME, Callee, Program, call_targets};
use crate::limits::MAX_PE_ROUNDS;
use crate::pe::allocators::WDF_FUNCTIONS;
use crate::pe::code::value::{Base, Value};
use crate::pe::code::xref;
use crate::pe::plausible::passed_tag;

impl Program<'_, '_> {
    /// The functions that refer to some addresses, thunks replaced by their callers.
    pub(super) fn referring(&mut self, addresses: &BTreeSet<u32>) -> BTreeSet<u32> {
        let wanted: Vec<u32> = addresses.iter().copied().collect();
        let sites = xref::references(self.world.image, &wanted);
        self.holding(sites)
    }

    pub(super) fn holding(&mut self, mut sites: Vec<u32>) -> BTreeSet<u32> {
        let mut out = BTreeSet::new();
        let mut seen = BTreeSet::new();
        while let Some(site) = sites.pop() {
            if self.functions.wants_starts(site) {
                self.functions.learn_starts(call_targets(self.world.image));
            }
            let Some(entry) = self.functions.containing(self.world.image, site) else { continue };
            self.sites.entry(entry).or_default().insert(site);
            if !seen.insert(entry) {
                continue;
            }
            match self.callee_at(entry, 0) {
                Callee::Function(_) => {
                    out.insert(entry);
                }
                _ => {
                    sites.extend(xref::references(self.world.image, &[entry]));
                }
            }
        }
        out
    }

    pub(super) fn run(&mut self) {
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
    pub(super) fn deepen(&mut self, todo: &mut BTreeSet<u32>) -> bool {
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
            let known = settled
                .numbers()
                .is_some_and(|numbers| numbers.iter().any(|&number| passed_tag(number as u32).is_some()));
            let open = settled.atoms().iter().any(|&atom| self.is_callers(atom));
            if !known && !open {
                todo.insert(entry);
            }
        }
        self.deep = !todo.is_empty();
        if self.deep {
            for entry in std::mem::take(&mut self.alone) {
                self.summaries.remove(&entry);
            }
        }
        self.deep
    }
}
