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
    /// Text of the kernel debugger.
    Debugger(crate::debugger::DebuggerLog),
    /// Text of Driver Verifier or the pool lines of a WDF log.
    Verifier(crate::verifier::VerifierReport),
    /// `xperf -a pool`.
    XperfPool(crate::xperf_text::XperfPoolReport),
    /// A RAMMap snapshot.
    RamMap(crate::rammap::RamMapSnapshot),
    /// A listing of processes or handles.
    Processes(crate::processes::ProcessListing),
    /// An inventory of drivers, changes or the host.
    Inventory(crate::inventory::Inventory),
    /// The pool content of an ETW trace.
    Trace(Box<crate::etl::pool_trace::PoolTrace>),
    /// A registry export.
    Registry(crate::registry::RegistryExport),
    /// A person's notes.
    Notes(crate::notes::Notes),
    /// A driver image.
    Driver(Box<crate::pe::DriverImage>),
    /// An index of driver images.
    DriverIndex(crate::pe::DriverIndex),
}
