//! Windows event logs, binary (`.evtx`) and exported as XML: the events that bear on pool exhaustion.
//!
//! Keeps the events of `peers-and-domain.md` 2.6, matched by provider and id together, with their own fields;
//! all others are only counted. It does not cut the time line at boots; that is ingest's work.

mod records;

pub use records::{Event, EventDetail, EventLog, ProcessUse, ResourceExhaustion};
