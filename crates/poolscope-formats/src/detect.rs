//! Names the format of an input by its content, never by its name alone.
//!
//! Every format offers a test over the [`Head`] of an input; the most certain answer wins, and ties go to the
//! row that stands first in [`FORMATS`].

use crate::debugger;
use crate::error::FormatError;
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::inventory::{
    autoruns, driverquery, findstr, fltmc, hotfix, msinfo, net_bindings, pnputil, sc_query, setupapi,
    systeminfo,
};
use crate::limits::DETECT_HEAD_BYTES;
use crate::notes;
use crate::parsed::{Parsed, Place};
use crate::processes::{get_process, handle_tool, tasklist};
use crate::rammap;
use crate::records::Records;
use crate::registry;
use crate::text;
use crate::verifier;
use crate::xperf_text;

/// What an input is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A poolmon listing, or a table of pool tags over time.
    Poolmon,
    /// Performance counters as text.
    CounterLog,
    /// The user's pooltag.txt.
    Pooltag,
    /// A perflib `Counter` dump.
    PerflibNames,
    /// An HTTPERR log of http.sys.
    HttpErr,
    /// A binary event log.
    EventLog,
    /// Events exported as XML.
    EventXml,
    /// Events saved as text.
    EventText,
    /// An IIS W3C access log.
    IisLog,
    /// A performance binary log.
    Blg,
    /// An ETW trace.
    EtlTrace,
    /// Text of the kernel debugger.
    DebuggerLog,
    /// Text of Driver Verifier, or the pool lines of a WDF log.
    Verifier,
    /// Output of Sysinternals handle.exe.
    HandleSummary,
    /// Output of tasklist.
    TaskList,
    /// A process table of PowerShell or WMI.
    ProcessTable,
    /// An export of msinfo32.
    MsInfo,
    /// Output of systeminfo.
    SystemInfo,
    /// setupapi.dev.log.
    SetupApiLog,
    /// An autoruns table.
    Autoruns,
    /// Output of fltmc.
    FltMc,
    /// Output of Get-NetAdapterBinding.
    NetBindings,
    /// Output of pnputil.
    PnpUtil,
    /// Output of sc query.
    ScQuery,
    /// Output of driverquery.
    DriverQuery,
    /// A list of installed updates.
    HotFixes,
    /// Files in which findstr met a tag.
    FindStr,
    /// A RAMMap snapshot.
    RamMap,
    /// A driver image (PE).
    DriverImage,
    /// The pool report of xperf.
    XperfPool,
    /// A registry export.
    Registry,
    /// An index of driver images.
    DriverIndex,
    /// A person's notes that speak of advice.
    Notes,
}

impl Kind {
    /// The name used in JSON: lower case with underscores.
    pub fn name(self) -> &'static str {
        match self {
            Self::Poolmon => "poolmon",
            Self::CounterLog => "perf_counters",
            Self::Pooltag => "pooltag",
            Self::PerflibNames => "perflib_names",
            Self::HttpErr => "httperr",
            Self::EventLog => "event_log",
            Self::EventXml => "event_xml",
            Self::EventText => "event_text",
            Self::IisLog => "iis_w3c",
            Self::Blg => "perf_binary_log",
            Self::EtlTrace => "etl_trace",
            Self::DebuggerLog => "debugger_log",
            Self::Verifier => "verifier",
            Self::HandleSummary => "handle_summary",
            Self::TaskList => "tasklist",
            Self::ProcessTable => "process_table",
            Self::MsInfo => "msinfo",
            Self::SystemInfo => "systeminfo",
            Self::SetupApiLog => "setupapi_log",
            Self::Autoruns => "autoruns",
            Self::FltMc => "fltmc",
            Self::NetBindings => "net_bindings",
            Self::PnpUtil => "pnputil",
            Self::ScQuery => "sc_query",
            Self::DriverQuery => "driverquery",
            Self::HotFixes => "hotfixes",
            Self::FindStr => "findstr",
            Self::RamMap => "rammap",
            Self::DriverImage => "driver_image",
            Self::XperfPool => "xperf_pool",
            Self::Registry => "registry_export",
            Self::DriverIndex => "driver_index",
            Self::Notes => "notes",
        }
    }

    /// What a person calls it, without an article.
    pub fn title(self) -> &'static str {
        match self {
            Self::Poolmon => "poolmon listing",
            Self::CounterLog => "performance counters as text",
            Self::Pooltag => "pooltag.txt",
            Self::PerflibNames => "perflib counter names",
            Self::HttpErr => "HTTPERR log",
            Self::EventLog => "event log (.evtx)",
            Self::EventXml => "events exported as XML",
            Self::EventText => "events saved as text",
            Self::IisLog => "IIS W3C log",
            Self::Blg => "performance binary log (.blg)",
            Self::EtlTrace => "ETW trace (.etl)",
            Self::DebuggerLog => "debugger text",
            Self::Verifier => "Driver Verifier text",
            Self::HandleSummary => "handle.exe output",
            Self::TaskList => "tasklist output",
            Self::ProcessTable => "process table of PowerShell or WMI",
            Self::MsInfo => "msinfo32 export",
            Self::SystemInfo => "systeminfo output",
            Self::SetupApiLog => "setupapi.dev.log",
            Self::Autoruns => "autoruns table",
            Self::FltMc => "fltmc output",
            Self::NetBindings => "network adapter bindings",
            Self::PnpUtil => "pnputil output",
            Self::ScQuery => "sc query output",
            Self::DriverQuery => "driverquery output",
            Self::HotFixes => "list of installed updates",
            Self::FindStr => "findstr result",
            Self::RamMap => "RAMMap snapshot (.rmp)",
            Self::DriverImage => "driver image (.sys)",
            Self::XperfPool => "xperf pool report",
            Self::Registry => "registry export (.reg)",
            Self::DriverIndex => "driver index",
            Self::Notes => "notes that speak of pool settings",
        }
    }
}

/// How sure a format's test is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Likelihood {
    /// Looks like it, but other texts might too.
    Maybe,
    /// Its own words or layout are there.
    Likely,
    /// A magic number or an unmistakable head.
    Certain,
}

/// The first bytes of an input, raw and as text.
#[derive(Clone, Debug)]
pub struct Head {
    /// At most [`DETECT_HEAD_BYTES`].
    pub bytes: Vec<u8>,
    /// The same decoded to text (nonsense for binaries, which is fine for a test that looks for words).
    pub text: String,
    /// Length of the whole input in bytes.
    pub total_bytes: u64,
}

impl Head {
    /// Reads the head of an input.
    ///
    /// # Errors
    /// [`FormatError::Read`].
    pub fn read(input: &dyn ReadAt) -> Result<Self, FormatError> {
        let bytes = read_vec(input, 0, DETECT_HEAD_BYTES)?;
        Ok(Self { text: text::decode_head(&bytes), bytes, total_bytes: input.len() })
    }

    /// The first lines of the text, without line ends.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines()
    }
}

/// Reads a whole input of one format.
pub type ParseFn = fn(&dyn ReadAt, &ParseContext) -> Result<Parsed<Records>, FormatError>;

/// One format: how to know it and how to read it.
#[derive(Debug)]
pub struct Format {
    /// What it is.
    pub kind: Kind,
    /// Says whether an input looks like it.
    pub test: fn(&Head) -> Option<Likelihood>,
    /// Reads it.
    pub parse: ParseFn,
}

/// Every format, most specific first; of those, first what comes in thousands of files.
pub static FORMATS: &[Format] = &[
    Format { kind: Kind::Poolmon, test: crate::poolmon::test, parse: crate::poolmon::parse_records },
    Format { kind: Kind::DriverImage, test: crate::pe::looks_like, parse: crate::pe::parse },
    // Before the trace it also is.
    Format { kind: Kind::Blg, test: crate::blg::test, parse: crate::blg::parse },
    Format {
        kind: Kind::DriverIndex,
        test: crate::pe::index::looks_like_index,
        parse: crate::pe::index::parse_index,
    },
    Format { kind: Kind::EtlTrace, test: crate::etl::test, parse: crate::etl::parse_records },
    Format { kind: Kind::HttpErr, test: crate::httperr::test, parse: crate::httperr::parse },
    Format { kind: Kind::EventLog, test: crate::events::test_evtx, parse: crate::events::parse_evtx },
    Format { kind: Kind::EventXml, test: crate::events::test_xml, parse: crate::events::parse_xml },
    Format { kind: Kind::EventText, test: crate::events::test_text, parse: crate::events::parse_text },
    Format { kind: Kind::IisLog, test: crate::iis::test, parse: crate::iis::parse },
    Format { kind: Kind::DebuggerLog, test: debugger::test, parse: debugger::parse_records },
    Format { kind: Kind::Verifier, test: verifier::test, parse: verifier::parse_records },
    Format { kind: Kind::HandleSummary, test: handle_tool::test, parse: handle_tool::parse_records },
    Format { kind: Kind::TaskList, test: tasklist::test, parse: tasklist::parse_records },
    Format { kind: Kind::ProcessTable, test: get_process::test, parse: get_process::parse_records },
    Format { kind: Kind::CounterLog, test: crate::counters::test, parse: crate::counters::parse_records },
    Format {
        kind: Kind::PerflibNames,
        test: crate::counters::perflib::test,
        parse: crate::counters::perflib::parse_records,
    },
    Format { kind: Kind::Pooltag, test: crate::pooltag::test, parse: crate::pooltag::parse_records },
    Format { kind: Kind::MsInfo, test: msinfo::test, parse: msinfo::parse_records },
    Format { kind: Kind::SystemInfo, test: systeminfo::test, parse: systeminfo::parse_records },
    Format { kind: Kind::SetupApiLog, test: setupapi::test, parse: setupapi::parse_records },
    Format { kind: Kind::Autoruns, test: autoruns::test, parse: autoruns::parse_records },
    Format { kind: Kind::FltMc, test: fltmc::test, parse: fltmc::parse_records },
    Format { kind: Kind::NetBindings, test: net_bindings::test, parse: net_bindings::parse_records },
    Format { kind: Kind::PnpUtil, test: pnputil::test, parse: pnputil::parse_records },
    Format { kind: Kind::ScQuery, test: sc_query::test, parse: sc_query::parse_records },
    Format { kind: Kind::DriverQuery, test: driverquery::test, parse: driverquery::parse_records },
    Format { kind: Kind::HotFixes, test: hotfix::test, parse: hotfix::parse_records },
    Format { kind: Kind::FindStr, test: findstr::test, parse: findstr::parse_records },
    Format { kind: Kind::RamMap, test: rammap::test, parse: rammap::parse_records },
    Format { kind: Kind::XperfPool, test: xperf_text::test, parse: xperf_text::parse_records },
    Format { kind: Kind::Registry, test: registry::test, parse: registry::parse_records },
    // Last: any text may speak of a setting.
    Format { kind: Kind::Notes, test: notes::test, parse: notes::parse_records },
];

/// The formats an input can be of, most likely first; one that is certain is alone.
fn candidates(head: &Head) -> Vec<(Likelihood, &'static Format)> {
    let mut found: Vec<(Likelihood, &'static Format)> = Vec::new();
    for format in FORMATS {
        if let Some(likelihood) = (format.test)(head) {
            // Nothing can be more certain, and ten thousand snapshots are not to be asked two dozen questions each.
            if likelihood == Likelihood::Certain {
                return vec![(likelihood, format)];
            }
            found.push((likelihood, format));
        }
    }
    found.sort_by_key(|(likelihood, _)| std::cmp::Reverse(*likelihood));
    found
}

/// The format of an input, or `None` if nothing knows it.
pub fn detect(head: &Head) -> Option<&'static Format> {
    candidates(head).first().map(|(_, format)| *format)
}

/// What a format made of an input.
pub type Read = (Kind, Result<Parsed<Records>, FormatError>);

/// Reads an input as the most likely format that finds something in it. A format that only guessed and finds no record
/// gives way to the next: prose that names a tool's words is not its output. `None` if nothing knows the input.
pub fn read(head: &Head, input: &dyn ReadAt, context: &ParseContext) -> Option<Read> {
    for (likelihood, format) in candidates(head) {
        let result = (format.parse)(input, context);
        let empty = match &result {
            Ok(parsed) => parsed.coverage.records == 0,
            Err(FormatError::NotThisFormat { .. }) => true,
            Err(_) => false,
        };
        if !empty || likelihood == Likelihood::Certain {
            return Some((format.kind, result));
        }
    }
    None
}

/// Stands in a row of [`FORMATS`] whose content is recognised but not read yet.
///
/// # Errors
/// Never; the signature is that of [`ParseFn`].
pub fn not_read_yet(_: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    let mut parsed = Parsed::new(Records::NotReadYet);
    parsed.note(Place::Whole, "recognised, but poolscope does not read this format yet");
    Ok(parsed)
}
