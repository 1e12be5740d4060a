//! Images of Windows: those that allocate on behalf of others, whose name on a tag says where to look above, not whom
//! to accuse; and the filters and network drivers that every host of a version has.

use crate::model::Driver;

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

/// Filters and network drivers that come with Windows, as lists without companies name them.
const COME_WITH_WINDOWS: [&str; 46] = [
    "afd",
    "agilevpn",
    "bfs",
    "bindflt",
    "cldflt",
    "filecrypt",
    "fileinfo",
    "fwpkclnt",
    "http",
    "iorate",
    "kdnic",
    "luafv",
    "mpsdrv",
    "mslbfoprovider",
    "mssecflt",
    "ndis",
    "ndiscap",
    "ndisimplatform",
    "ndistapi",
    "ndisuio",
    "ndisvirtualbus",
    "ndiswan",
    "ndproxy",
    "netbios",
    "netbt",
    "netio",
    "netvsc",
    "npsvctrig",
    "nsiproxy",
    "pacer",
    "psched",
    "rasl2tp",
    "raspppoe",
    "raspptp",
    "rassstp",
    "storqosflt",
    "tcpip",
    "tcpip6",
    "tcpipreg",
    "tunnel",
    "unionfs",
    "wcifs",
    "wdfilter",
    "wdnisdrv",
    "wfplwfs",
    "wof",
];

/// True for what every host of that Windows has: it stands behind the drivers of other makers.
pub(crate) fn comes_with_windows(driver: &Driver) -> bool {
    let name = driver.name.as_str();
    // Component names of Windows' own protocols and network filters begin so.
    let component = name.starts_with("ms_") || name.starts_with("vms_");
    component || driver.is_microsoft() || COME_WITH_WINDOWS.contains(&name)
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
