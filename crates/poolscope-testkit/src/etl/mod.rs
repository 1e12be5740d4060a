//! Event traces (`.etl`): a writer for every layout the format allows, and a simulator of drivers that leak.
//!
//! Made from the public format descriptions, apart from the reader.

pub mod events;
pub mod pack;
pub mod scenario;
pub mod simulate;
pub mod writer;

pub use pack::Packing;
pub use scenario::{DriverPlan, Outcome, Pattern, Scenario, Stacks, Truth, standard_drivers};
pub use simulate::simulate;
pub use writer::{EtlWriter, Layout, START_FILETIME, START_TICKS};
