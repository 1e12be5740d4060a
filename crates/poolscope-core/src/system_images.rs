//! Images of Windows that allocate on behalf of others: their name on a tag says where to look above, not whom
//! to accuse.

/// The kernel, file system, filter, network, graphics and framework images that work for other drivers.
const WORK_FOR_OTHERS: [&str; 30] = [
    "nt",
    "ntoskrnl",
    "ntkrnlpa",
    "ntkrnlmp",
    "hal",
    "ntfs",
    "refs",
    "fltmgr",
    "ndis",
    "netio",
    "afd",
    "tcpip",
    "http",
    "srv",
    "srv2",
    "srvnet",
    "rdbss",
    "mup",
    "win32k",
    "win32kbase",
    "win32kfull",
    "dxgkrnl",
    "dxgmms1",
    "dxgmms2",
    "wdf01000",
    "storport",
    "scsiport",
    "classpnp",
    "ks",
    "npfs",
];

/// True for `ntfs.sys`, `nt`, `nt!ps`, `nt (object manager)` and their like.
pub(crate) fn works_for_others(name: &str) -> bool {
    let lower = name.to_lowercase();
    let base = lower.split(['!', '(', ' ']).next().unwrap_or("");
    let base = base.strip_suffix(".sys").or(base.strip_suffix(".exe")).unwrap_or(base);
    WORK_FOR_OTHERS.contains(&base)
}

#[cfg(test)]
mod tests {
    use super::works_for_others;

    #[test]
    fn names_as_maps_spell_them() {
        for name in ["nt", "nt!ps", "nt (object manager)", "NTFS.sys", "fltmgr.sys", "ntoskrnl.exe"] {
            assert!(works_for_others(name), "{name}");
        }
        for name in ["wcifs.sys", "npcap.sys", "ntfsx.sys", "", "untagged drivers"] {
            assert!(!works_for_others(name), "{name}");
        }
    }
}
