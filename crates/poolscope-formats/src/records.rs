//! The records of every format, under one type so that the intake can carry any of them.

use crate::events::EventLog;
use crate::httperr::HttpErrLog;
use crate::iis::IisLog;

/// What one input held. One variant a format.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Records {
    /// The content was recognised but nothing reads it yet; the kind says what it is.
    NotReadYet,
    /// An HTTPERR log of http.sys.
    HttpErr(HttpErrLog),
    /// An event log, binary or exported as XML.
    Events(EventLog),
    /// An IIS W3C access log.
    Iis(IisLog),
}
