//! The one published snapshot of a real incident (reference field-lessons.md 2): a row of prose that contradicts
//! itself, and a few 503 rows. The answer must notice, decode, refuse to call it a leak, and say what to collect.

use crate::stage::{folder, poolscope_in};

const ROW: &str =
    "Even Nonp 51,231,806 allocs 50,633,533 frees 684,922 diff 32,878,688 bytes 48 per alloc\r\n";

const HTTPERR: &str = "#Software: Microsoft HTTP API 1.0\r\n#Version: 1.0\r\n#Date: 2009-03-11 08:29:00\r\n\
#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n\
2009-03-11 08:30:01 192.0.2.7 4123 198.51.100.1 80 HTTP/1.1 GET /default.aspx 503 1 N/A DefaultAppPool\r\n\
2009-03-11 08:31:02 - - - - - - - - - 24_Connections_Refused -\r\n\
2009-03-11 08:31:40 192.0.2.8 4125 198.51.100.1 80 HTTP/1.1 GET /a.aspx 503 1 N/A DefaultAppPool\r\n";

#[test]
fn one_row_is_decoded_distrusted_and_proves_no_leak() {
    let case = folder(&[("mail.txt", ROW.as_bytes()), ("httperr1.log", HTTPERR.as_bytes())]);
    let run =
        poolscope_in(case.path(), &["diagnose", "--json", "--exit-code", "--time", "2009-03-11T08:32Z", "."]);
    assert_eq!(run.code, 3);
    let report = run.json();
    let verdict = &report["verdict"];
    assert_eq!(verdict["state"], "not_enough_evidence");
    let suspect = &verdict["suspects"][0];
    assert_eq!(
        (suspect["tag"].as_str(), suspect["outstanding_bytes"].as_u64()),
        (Some("Even"), Some(32_878_688))
    );
    assert!(suspect["rate_bytes_per_hour"].is_null() && suspect["exhaustion"].is_null());
    let finding = |code: &str| {
        let all = report["findings"].as_array().unwrap();
        all.iter()
            .find(|finding| finding["code"] == code)
            .unwrap_or_else(|| panic!("no {code} in {all:#?}"))
            .clone()
    };
    let contradiction = finding("PS006");
    assert_eq!(contradiction["numbers"][2]["value"], 598_273.0);
    assert_eq!(contradiction["numbers"][3]["value"], 684_922.0);
    assert_eq!(contradiction["sources"][0]["line"], 1);
    let object = finding("PS009")["title"].as_str().unwrap().to_owned();
    assert!(object.contains("event object of 32-bit Windows, plain"), "{object}");
    finding("PS008");
    assert_eq!(finding("PS001")["numbers"][0]["value"], 24.0);
    assert_eq!(report["host"]["bits"], 32);
    let steps = report["next_steps"].to_string();
    assert!(steps.contains("poolmon") && steps.contains("Handle Count"), "{steps}");
}
