//! The lines above the table: memory and commit in KB, and which pools the listing covers.

use super::{MemoryHead, PoolScope};
use crate::numbers;

/// Takes what a head line says into `head`. False if the line is no head line.
///
/// `Pool N:` is nonpaged and the `P:` after it paged; the `P:` of `InRam Krnl: 2116K P:19560K` is another
/// thing. A console may wrap the line, so every label is looked for on its own.
pub(super) fn memory_line(line: &[u8], head: &mut MemoryHead) -> bool {
    let trimmed = line.trim_ascii_start();
    let starts =
        |word: &[u8]| trimmed.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let pool_at = memchr::memmem::find(line, b"Pool N:");
    if !starts(b"Memory:") && !starts(b"Commit:") && pool_at.is_none() {
        return false;
    }
    let mut found = false;
    let mut take = |slot: &mut Option<u64>, text: &[u8], label: &[u8]| {
        if let Some(value) = kilobytes_after(text, label) {
            *slot = Some(value);
            found = true;
        }
    };
    take(&mut head.total_bytes, line, b"Memory:");
    take(&mut head.avail_bytes, line, b"Avail:");
    take(&mut head.commit_bytes, line, b"Commit:");
    take(&mut head.limit_bytes, line, b"Limit:");
    take(&mut head.peak_bytes, line, b"Peak:");
    if let Some(pools) = pool_at.and_then(|at| line.get(at..)) {
        take(&mut head.pool_nonpaged_bytes, pools, b"Pool N:");
        take(&mut head.pool_paged_bytes, pools, b" P:");
    }
    found
}

/// The number of KB after a label, in bytes. A number that runs into the end of the line without its `K` may
/// be cut and is not taken.
fn kilobytes_after(line: &[u8], label: &[u8]) -> Option<u64> {
    let rest = line.get(memchr::memmem::find(line, label)? + label.len()..)?.trim_ascii_start();
    let end = rest.iter().position(|b| b"Kk".contains(b))?;
    numbers::count(rest.get(..end)?)?.checked_mul(1024)
}

/// Which pools `System pool information` and its kin announce.
pub(super) fn scope_line(line: &[u8]) -> Option<PoolScope> {
    let text = line.trim_ascii().to_ascii_lowercase();
    let before = text.strip_suffix(b"pool information")?.trim_ascii();
    Some(match before {
        b"system" => PoolScope::System,
        b"all sessions" => PoolScope::AllSessions,
        _ => {
            let number = before.strip_prefix(b"session")?.trim_ascii();
            PoolScope::Session(u32::try_from(numbers::plain(number)?).ok()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_with_and_without_blanks() {
        let old = [
            " Memory:  260620K Avail:   65152K  PageFlts:    85   InRam Krnl: 2116K P:19560K",
            " Commit: 237688K Limit: 640916K Peak: 260632K            Pool N: 8500K P:33024K",
        ];
        let glued = [
            "Memory:16468560K Avail:12072536K  PageFlts:468600648   InRam Krnl:56708K P:950888K",
            "Commit:4100436K Limit:17517136K Peak:11685564K            Pool N:710920K P:983564K",
        ];
        let wrapped =
            [glued[0], "Commit:4100436K Limit:17517136K Peak:11685564K", " Pool N:710920K P:983564K"];
        let read = |lines: &[&str]| {
            let mut head = MemoryHead::default();
            assert!(lines.iter().all(|line| memory_line(line.as_bytes(), &mut head)));
            head
        };
        let kb = |value: u64| Some(value * 1024);
        assert_eq!(
            read(&old),
            MemoryHead {
                total_bytes: kb(260_620),
                avail_bytes: kb(65_152),
                commit_bytes: kb(237_688),
                limit_bytes: kb(640_916),
                peak_bytes: kb(260_632),
                pool_nonpaged_bytes: kb(8_500),
                pool_paged_bytes: kb(33_024),
            }
        );
        assert_eq!(read(&glued).pool_nonpaged_bytes, kb(710_920));
        assert_eq!(read(&glued).pool_paged_bytes, kb(983_564));
        assert_eq!(read(&wrapped), read(&glued));
        assert!(!memory_line(b" Abcd Nonp 1 2 3 4 5", &mut MemoryHead::default()));
    }

    #[test]
    fn a_cut_number_is_not_taken() {
        let mut head = MemoryHead::default();
        memory_line(
            b" Commit: 237688K Limit: 640916K Peak: 260632K            Pool N: 8500K P:330",
            &mut head,
        );
        assert_eq!((head.pool_nonpaged_bytes, head.pool_paged_bytes), (Some(8_500 * 1024), None));
    }

    #[test]
    fn scopes() {
        for (line, scope) in [
            (" System pool information", Some(PoolScope::System)),
            ("All sessions pool information", Some(PoolScope::AllSessions)),
            (" Session 12 pool information", Some(PoolScope::Session(12))),
            ("Kernel pool information", None),
        ] {
            assert_eq!(scope_line(line.as_bytes()), scope, "{line}");
        }
    }
}
