//! IIS W3C access logs: how many requests reached the worker, and with which failures, by minute.
//!
//! Counts statuses and Win32 errors over time. It keeps no URLs, users or addresses. Errors that http.sys
//! answers itself never appear here; they are in HTTPERR.

mod records;

pub use records::{IisLog, StatusStat, Win32Stat};
