//! Writers of every evidence format and the leak-shape laboratory. Development only: nothing here ships.
//!
//! The writers are made from the public format descriptions, apart from the readers: this crate depends on
//! none of ours, so a misreading on one side cannot cancel out on the other.

<<<<<<< HEAD
pub mod counters;
=======
pub mod drivers;
>>>>>>> f2a67d1 (Read driver images: follow pool tags through x64, x86 and ARM64 code to the allocators)
pub mod event_xml;
pub mod evtx;
pub mod httperr;
pub mod iis;
pub mod incident;
pub mod poolmon;
pub mod pooltag;
pub mod rammap;
pub mod samples;
pub mod stories;
