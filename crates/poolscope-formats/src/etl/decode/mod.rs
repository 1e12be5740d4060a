//! Decoders of the kernel events that pool analysis needs: payload bytes to records, one module a kind.
//!
//! Each takes the payload and what the header said of it; none keeps state between events.

pub mod config;
pub mod image;
pub mod pool;
pub mod process;
pub mod stack;
