//! The documented reasons and what each speaks of.
//!
//! Sources: "Error logging in HTTP APIs" (KB820729), KB933844 for the refusals, and the HTTP Server API's
//! "Types of errors logged". `Request_Cancelled` is in no list but on real servers.

use super::ReasonClass;

/// What the refusal rows end with; the number of refused connections and `_` stand before it.
const REFUSED: &[u8] = b"Connections_Refused";

/// Reasons and classes, sorted by name.
const REASONS: [(&str, ReasonClass); 39] = [
    ("AppOffline", ReasonClass::QueueOrAppPool),
    ("AppPoolTimer", ReasonClass::QueueOrAppPool),
    ("AppShutdown", ReasonClass::QueueOrAppPool),
    ("BadRequest", ReasonClass::BadRequest),
    ("Client_Reset", ReasonClass::ClientOrTimer),
    ("ConnLimit", ReasonClass::QueueOrAppPool),
    ("Connection_Abandoned_By_AppPool", ReasonClass::QueueOrAppPool),
    ("Connection_Abandoned_By_ReqQueue", ReasonClass::QueueOrAppPool),
    ("Connection_Dropped", ReasonClass::ClientOrTimer),
    ("Connection_Dropped_List_Full", ReasonClass::ClientOrTimer),
    ("Connections_Refused", ReasonClass::MemoryRefusal),
    ("Disabled", ReasonClass::QueueOrAppPool),
    ("EntityTooLarge", ReasonClass::BadRequest),
    ("FieldLength", ReasonClass::BadRequest),
    ("Forbidden", ReasonClass::BadRequest),
    ("Header", ReasonClass::BadRequest),
    ("Hostname", ReasonClass::BadRequest),
    // "Internal" is documented (status 500) without a cause: it stays unknown.
    ("Internal", ReasonClass::Unknown),
    ("Invalid_CR/LF", ReasonClass::BadRequest),
    ("LengthRequired", ReasonClass::BadRequest),
    ("N/A", ReasonClass::Unknown),
    ("N/I", ReasonClass::BadRequest),
    ("Number", ReasonClass::BadRequest),
    ("Precondition", ReasonClass::BadRequest),
    ("QueueFull", ReasonClass::QueueOrAppPool),
    ("RequestLength", ReasonClass::BadRequest),
    ("Request_Cancelled", ReasonClass::ClientOrTimer),
    ("Timer_AppPool", ReasonClass::QueueOrAppPool),
    ("Timer_ConnectionIdle", ReasonClass::ClientOrTimer),
    ("Timer_EntityBody", ReasonClass::ClientOrTimer),
    ("Timer_HeaderWait", ReasonClass::ClientOrTimer),
    ("Timer_MinBytesPerSecond", ReasonClass::ClientOrTimer),
    ("Timer_ReqQueue", ReasonClass::QueueOrAppPool),
    ("Timer_Response", ReasonClass::ClientOrTimer),
    ("Timer_SslRenegotiation", ReasonClass::ClientOrTimer),
    ("URL", ReasonClass::BadRequest),
    ("URL_Length", ReasonClass::BadRequest),
    ("Verb", ReasonClass::BadRequest),
    ("Version_N/S", ReasonClass::BadRequest),
];

/// What a reason speaks of, with the status it came with.
pub(super) fn class(name: &[u8], status: Option<u16>) -> ReasonClass {
    match find(name) {
        // Documented for memory only where no service could be given.
        Some(_) if name == b"N/A" && status == Some(503) => ReasonClass::MemoryPossible,
        Some(class) => class,
        None => ReasonClass::Unknown,
    }
}

/// True if the documentation knows the reason.
pub(super) fn is_documented(reason: &[u8]) -> bool {
    find(split_refused(reason).0).is_some()
}

fn find(name: &[u8]) -> Option<ReasonClass> {
    let at = REASONS.binary_search_by(|(known, _)| known.as_bytes().cmp(name)).ok()?;
    REASONS.get(at).map(|(_, class)| *class)
}

/// Cuts `24_Connections_Refused` into its name and 24; other reasons weigh 1.
pub(super) fn split_refused(reason: &[u8]) -> (&[u8], u64) {
    let Some(head) = reason.strip_suffix(REFUSED) else { return (reason, 1) };
    if head.is_empty() {
        return (reason, 1);
    }
    let count = head.strip_suffix(b"_").and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    match (count, reason.get(head.len()..)) {
        (Some(count), Some(name)) => (name, count),
        _ => (reason, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(REASONS.is_sorted_by_key(|(name, _)| name.as_bytes()));
        assert!(REASONS.iter().all(|(name, _)| is_documented(name.as_bytes())));
    }

    #[test]
    fn refusals_are_cut_and_weighed() {
        for (reason, name, weight) in [
            ("24_Connections_Refused", "Connections_Refused", 24),
            ("Connections_Refused", "Connections_Refused", 1),
            ("x_Connections_Refused", "x_Connections_Refused", 1),
            ("99999999999999999999_Connections_Refused", "99999999999999999999_Connections_Refused", 1),
            ("QueueFull", "QueueFull", 1),
        ] {
            assert_eq!(split_refused(reason.as_bytes()), (name.as_bytes(), weight), "{reason}");
        }
    }

    #[test]
    fn na_speaks_of_memory_only_with_503() {
        assert_eq!(class(b"N/A", Some(503)), ReasonClass::MemoryPossible);
        assert_eq!(class(b"N/A", Some(400)), ReasonClass::Unknown);
        assert_eq!(class(b"QueueFull", Some(503)), ReasonClass::QueueOrAppPool);
        assert_eq!(class(b"Internal", Some(500)), ReasonClass::Unknown);
        assert_eq!(class(b"SomethingNew", Some(503)), ReasonClass::Unknown);
    }
}
