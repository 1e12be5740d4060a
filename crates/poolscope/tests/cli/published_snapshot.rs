//! The one published snapshot of such a leak (its numbers as they were posted), with a few refusals: the answer must
//! see what is wrong with it and must not claim what one snapshot cannot show.

use tempfile::TempDir;

use crate::stage::{folder, poolscope_in};

/// The row as posted: its Diff is not its Allocs less its Frees.
const LISTING: &str = " Memory: 3930612K Avail: 2650184K  PageFlts: 12345   InRam Krnl: 2116K P:19560K\r
 Commit: 1337688K Limit: 6094316K Peak: 1560632K            Pool N: 98500K P: 83024K\r
 Tag  Type     Allocs            Frees            Diff   Bytes      Per Alloc  Mapped_Driver\r
\r
 Even Nonp   51231806 (   0)  50633533 (   0) 684922 32878688 (   0)     48 [< unknown >Event objects]\r
";

const HTTPERR: &str = "#Software: Microsoft HTTP API 1.0\r
#Version: 1.0\r
#Date: 2009-03-09 08:00:00\r
#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r
2009-03-09 08:31:02 - - - - - - - - - 24_Connections_Refused -\r
2009-03-09 08:31:40 192.0.2.7 3312 198.51.100.20 80 HTTP/1.1 GET /orders/ 503 1 N/A ShopPool\r
2009-03-09 08:32:02 - - - - - - - - - 31_Connections_Refused -\r
";

/// The listing and the log in a folder.
pub fn published_case() -> TempDir {
    folder(&[("poolmon.txt", LISTING.as_bytes()), ("httperr1.log", HTTPERR.as_bytes())])
}

#[test]
fn one_contradictory_row_is_read_for_what_it_is_worth() {
    let case = published_case();
    let run = poolscope_in(case.path(), &["diagnose", "--json", "--time", "2009-03-09T08:31:30Z", "."]);
    let report = run.json();
    assert_eq!(report["verdict"]["state"], "not_enough_evidence");
    let suspect = &report["verdict"]["suspects"][0];
    assert_eq!((&suspect["tag"], &suspect["leaking"]), (&"Even".into(), &false.into()));
    assert_eq!(suspect["outstanding_bytes"], 32_878_688);

    let findings = report["findings"].to_string();
    for fact in [
        "598,273",                // what Allocs less Frees really is
        "684,922",                // what the row says
        "55 connections",         // both refusal rows summed
        "event object of 32-bit", // what 48 bytes are
        "one snapshot proves no growth",
    ] {
        assert!(findings.contains(fact), "{fact} in {findings}");
    }
    let steps = report["next_steps"].to_string();
    for asked in ["poolmon", "Handle Count"] {
        assert!(steps.contains(asked), "{asked} in {steps}");
    }
}
