//! PS027: network drivers, where the tag is one of the network.

use super::{Finding, Rule, Strength, Subject, View, number};
use crate::ingest::label;
use crate::model::Driver;
use crate::system_images::comes_with_windows;
use crate::tagnotes::note;

/// Components whose tags are made for network drivers and callouts.
const NETWORK: [&str; 5] = ["ndis.sys", "netio.sys", "afd.sys", "tcpip.sys", "http.sys"];

/// Tags that are a network matter only together with one of the network's own.
const WITH_A_NETWORK_TWIN: [&[u8; 4]; 3] = [b"Mdl ", b"Mmdi", b"IoWI"];

/// Words in a driver's name, description, inf or path that speak of the network.
const WORDS: [&str; 18] = [
    "network",
    "ethernet",
    "wi-fi",
    "wireless",
    "wlan",
    "vpn",
    "ndis",
    "miniport",
    "firewall",
    "wfp",
    "tcp",
    "lightweight filter",
    "virtual adapter",
    "netfilter",
    "capture",
    "packet",
    "lwf",
    "intermediate filter",
];

/// Drivers told.
const MOST_DRIVERS: usize = 8;

pub(super) const RULE: Rule = Rule {
    code: "PS027",
    name: "network-drivers-behind-a-network-tag",
    doc: "# PS027 network-drivers-behind-a-network-tag

## What it does
Where a suspect tag belongs to ndis, netio, afd, tcpip or http.sys (or is Mdl, Mmdi or IoWI moving with one), it lists
the network drivers of other makers than Microsoft that are loaded, with version and date. Drivers are known by words
in their name, description, inf file and path, so the list can miss one.

## Why it matters
Buffers of the network stack are held by the card's driver, a filter, a firewall or VPN callout, or by a program that
does not close sockets. The vendor asks for version and date first; an old driver is the cheapest thing to change.

## Source
Reference field-lessons.md 7 (cases 27, 31, 32, 33, 34, 58, 73); peers-and-domain.md 1.6.",
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Some(boot) = view.main_boot() else { return Vec::new() };
    let is_network = |tag: poolscope_formats::Tag| note(tag).is_some_and(|n| NETWORK.contains(&n.component));
    let tag = view.suspects().into_iter().find(|suspect| {
        let tag = suspect.key.tag;
        let mut groups = boot.judgement.groups.iter();
        is_network(tag)
            || (WITH_A_NETWORK_TWIN.contains(&&tag.0)
                && groups.any(|group| {
                    group.members.iter().any(|member| member.key == suspect.key)
                        && group.members.iter().any(|member| is_network(member.key.tag))
                }))
    });
    let Some(tag) = tag else { return Vec::new() };
    if view.case.state.drivers.is_empty() {
        return Vec::new();
    }
    let drivers: Vec<&Driver> =
        view.case.state.drivers.iter().filter(|driver| of_the_network(driver)).collect();
    let name = label(tag.key.tag, tag.key.pool);
    let title = if drivers.is_empty() {
        format!(
            "{name} belongs to the network, and no network driver of another maker is recognised in the lists"
        )
    } else {
        let told: Vec<String> = drivers.iter().take(MOST_DRIVERS).map(|driver| driver.described()).collect();
        let more = drivers.len().saturating_sub(MOST_DRIVERS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{name} belongs to the network; network drivers of other makers: {}{more}", told.join(", "))
    };
    let mut sources: Vec<_> = view.last_source(tag.key, boot).into_iter().collect();
    sources.extend(drivers.iter().take(MOST_DRIVERS).filter_map(|driver| driver.sources.first()));
    vec![Finding {
        code: RULE.code,
        title,
        subject: Subject::Tag(tag.key),
        numbers: vec![number("network_drivers", drivers.len() as f64, "count")],
        sources,
        strength: Strength::Suggests,
    }]
}

fn of_the_network(driver: &Driver) -> bool {
    if comes_with_windows(driver) || driver.running == Some(false) {
        return false;
    }
    let texts = [Some(driver.name.as_str()), driver.display_name.as_deref(), driver.path.as_deref()];
    let text = texts.into_iter().flatten().collect::<Vec<_>>().join(" ").to_lowercase();
    // Network inf files of Windows and of most makers begin with these three letters.
    let inf = driver.inf.as_deref().is_some_and(|inf| inf.to_lowercase().starts_with("net"));
    inf || WORDS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use crate::model::Driver;
    use crate::testcase::TestCase;

    #[test]
    fn other_makers_network_drivers_with_versions() {
        let mut case = TestCase::new(24);
        case.leaking(b"NDnd", 500.0, 144);
        for (name, display, company) in [
            ("abcvpn", "Abc VPN adapter", Some("Example Corp")),
            ("ndisimplatform", "NDIS platform", Some("Microsoft Corporation")),
            ("tcpip", "TCP/IP Protocol Driver", None),
            ("ms_pacer", "QoS Packet Scheduler", None),
            ("disk", "Disk driver", None),
        ] {
            let mut driver = Driver::named(name, case.source(3));
            driver.display_name = Some(display.to_owned());
            driver.company = company.map(str::to_owned);
            driver.version = Some("2.1".to_owned());
            case.builder.state.drivers.push(driver);
        }
        let found = case.check(&super::RULE);
        assert_eq!(found.len(), 1);
        let title = &found[0].title;
        assert!(title.contains("abcvpn 2.1 by Example Corp"), "{title}");
        assert!(!["disk", "ndisim", "tcpip", "pacer"].iter().any(|own| title.contains(own)), "{title}");
    }
}
