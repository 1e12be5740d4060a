//! HTTPERR logs of http.sys: which errors were made in front of the web server, and when.
//!
//! Counts reasons and statuses over time. It keeps no request rows, and it does not judge: which reasons can
//! have to do with memory is a fact of the documentation ([`ReasonClass`]), whether memory was short is not
//! decided here.

mod records;

pub use records::{HttpErrLog, ReasonClass, ReasonStat};
