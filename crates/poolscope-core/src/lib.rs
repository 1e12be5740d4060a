//! Records to case to findings to verdict. No IO, no format, no renderer.

pub mod judge;
