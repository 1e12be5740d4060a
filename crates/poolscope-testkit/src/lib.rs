//! Writers of every evidence format and the leak-shape laboratory. Development only: nothing here ships.
//!
//! The writers are made from the public format descriptions, apart from the readers: this crate depends on
//! none of ours, so a misreading on one side cannot cancel out on the other.

pub mod blg;
pub mod counters;
pub mod drivers;
pub mod etl;
pub mod event_xml;
pub mod evtx;
pub mod httperr;
pub mod iis;
pub mod incident;
pub mod lab;
pub mod pe;
pub mod poolmon;
pub mod pooltag;
pub mod rammap;
pub mod samples;
pub mod stories;
