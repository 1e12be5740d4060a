//! The records of every format, under one type so that the intake can carry any of them.

use crate::events::EventLog;
use crate::httperr::HttpErrLog;
use crate::iis::IisLog;
use std::collections::BTreeMap;

use crate::counters::CounterLog;
use crate::poolmon::PoolmonLog;
use crate::pooltag::PooltagFile;

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
    /// Pool tags of one or many moments, from poolmon or a table made of it.
    Poolmon(PoolmonLog),
    /// Performance counters over time, from text or a binary log.
    Counters(CounterLog),
    /// The user's pooltag.txt.
    Pooltag(PooltagFile),
    /// A perflib `Counter` dump: index to name in the language of its machine.
    PerflibNames(BTreeMap<u32, String>),
}
