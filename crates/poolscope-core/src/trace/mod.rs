//! The pool content of a trace, attributed: which driver, which function, which process, and what grows.
//!
//! Pure. The pairing is done by [`poolscope_formats::etl::pool_trace`]; here addresses become modules, sites become
//! tables, and histories are judged.

mod build;
mod facts;
mod growth;
mod modules;
mod report;

pub use build::{TraceOptions, build};
pub use modules::{ModuleMap, is_kernel_module, skipped_by_default};
pub use report::*;
