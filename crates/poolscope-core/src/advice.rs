//! Advice that is often given for pool leaks and does harm or nothing: what each really does, on which Windows.
//!
//! A small table: rules find such settings in the evidence, `poolscope explain NAME` prints the topic.

use crate::model::WindowsVersion;

/// One piece of advice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advice {
    /// Its usual name.
    pub name: &'static str,
    /// Other names people use for it.
    pub aliases: &'static [&'static str],
    /// True if it is a value of the registry.
    pub registry: bool,
    /// What is wrong with it, in one clause.
    pub short: &'static str,
    /// What it does before Windows Vista.
    pub before_vista: &'static str,
    /// What it does on Vista, Server 2008 and later.
    pub on_vista_and_later: &'static str,
    /// The whole story in Markdown.
    pub doc: &'static str,
}

impl Advice {
    /// What it does on this Windows; the short clause where the version is not known.
    pub(crate) fn on(&self, version: Option<WindowsVersion>) -> &'static str {
        match version.map(|version| version.major >= 6) {
            Some(true) => self.on_vista_and_later,
            Some(false) => self.before_vista,
            None => self.short,
        }
    }
}

/// Every topic.
pub static ADVICE: &[Advice] = &[
    Advice {
        name: "NonPagedPoolSize",
        aliases: &["nonpagedpoolsize=0xffffffff", "nonpagedpool"],
        registry: true,
        short: "it cures no leak; no documentation gives 0xFFFFFFFF a meaning for it, and the restart it needs fakes a cure",
        before_vista: "it fixes the size of the nonpaged pool in bytes (0 = automatic), takes the room from other parts of a 32-bit kernel and cures no leak; the restart it needs fakes a cure",
        on_vista_and_later: "no effect is documented since Windows Vista, where the pool grows by itself; it cures no leak, and the restart it needs fakes a cure",
        doc: "# NonPagedPoolSize (Session Manager\\Memory Management)

## What it does
On Windows 2000, XP and Server 2003 it sets the initial size of the nonpaged pool in bytes; 0 means automatic. The
value 0xFFFFFFFF means \"as large as possible\" in the documentation of PagedPoolSize only, never for this value. Since
Windows Vista the pool is sized dynamically, and no effect of the value is documented.

## Why it does not help
A leak fills any pool; a larger one fills later. On 32-bit Windows the room is taken from system page table entries and
other parts of the kernel, and hosts with much memory were seen to restart in a loop. The change needs a restart, the
restart empties the pool, and the value gets the praise until the pool is full again.

## Instead
Leave it at 0, find the tag and its owner. Undo: set it to 0 (or delete it) and restart at the next window.

## Source
Reference peers-and-domain.md 2.2 (Microsoft's documentation of the value, KB312362). That Vista and later ignore it is
an inference from the documented limits, not a quoted line.",
    },
    Advice {
        name: "PagedPoolSize",
        aliases: &["pagedpool"],
        registry: true,
        short: "it cures no leak; 0xFFFFFFFF takes all the room it can from other parts of a 32-bit kernel",
        before_vista: "0xFFFFFFFF gives the paged pool all the room there is, which starves system page table entries; it cures no leak",
        on_vista_and_later: "no effect is documented since Windows Vista; it cures no leak",
        doc: "# PagedPoolSize (Session Manager\\Memory Management)

## What it does
On Windows 2000, XP and Server 2003 it sets the size of the paged pool; 0xFFFFFFFF means the maximum. Since Vista the
pool is sized dynamically.

## Why it does not help
It delays a leak of paged pool and can starve system page table entries on 32-bit hosts. It does nothing for the
nonpaged pool. The restart it needs clears the pool.

## Instead
Leave it at 0. Undo: set it to 0 and restart.

## Source
Reference peers-and-domain.md 2.2 (KB312362).",
    },
    Advice {
        name: "PoolUsageMaximum",
        aliases: &[],
        registry: true,
        short: "it only moves the point at which the PAGED pool is trimmed; it does nothing for the nonpaged pool or a leak",
        before_vista: "the share of the PAGED pool at which trimming begins (default 80 %); it does nothing for the nonpaged pool or a leak",
        on_vista_and_later: "it was made for Server 2003; it does nothing for the nonpaged pool or a leak",
        doc: "# PoolUsageMaximum (Session Manager\\Memory Management)

## What it does
The percentage of the paged pool at which Windows begins to trim it, 80 by default; 40 to 60 was advised for busy file
servers of the 2003 era.

## Why it does not help
Trimming gives back what is cached. What leaks is in use, so it cannot be trimmed. The nonpaged pool is not concerned.

## Instead
Remove it once the leak is found. Undo: delete the value and restart.

## Source
Reference peers-and-domain.md 2.2 (KB312362).",
    },
    Advice {
        name: "NonPagedPoolQuota",
        aliases: &["pagedpoolquota", "quota"],
        registry: true,
        short: "it caps what one process is charged for; drivers allocate outside it, and programs fail sooner",
        before_vista: "it caps what one process is charged for (1 to 128 MB); drivers allocate outside it, and programs fail sooner",
        on_vista_and_later: "it caps what one process is charged for (1 to 128 MB); drivers allocate outside it, and programs fail sooner",
        doc: "# NonPagedPoolQuota, PagedPoolQuota (Session Manager\\Memory Management)

## What it does
The most pool in MB that the objects of one process may be charged for.

## Why it does not help
Most kernel allocations are charged to nobody. The documentation advises not to set it. Programs then fail with quota
errors, and the leak goes on.

## Instead
Delete both values.

## Source
Reference peers-and-domain.md 2.2.",
    },
    Advice {
        name: "NonPagedPoolLimit",
        aliases: &["pagedpoollimit", "sessionspacelimit", "systemcachelimit", "systempteslimit"],
        registry: true,
        short: "it lowers the limit of the pool on 32-bit Windows and does nothing on 64-bit",
        before_vista: "it does not exist before Windows Vista SP1",
        on_vista_and_later: "it LOWERS the limit of the pool on 32-bit Windows (in MB, 0 = none) and does nothing on 64-bit",
        doc: "# NonPagedPoolLimit, PagedPoolLimit and their neighbours (Session Manager\\Memory Management)

## What it does
Since Vista SP1 they cap parts of the 32-bit kernel address space, 0 to 2048 MB; 0 is no cap. On 64-bit Windows they
have no effect.

## Why it does not help
A cap makes the pool smaller, so it is exhausted sooner.

## Instead
Set them to 0 or delete them.

## Source
Reference peers-and-domain.md 2.2.",
    },
    Advice {
        name: "EnableAggressiveMemoryUsage",
        aliases: &["aggressivememoryusage"],
        registry: true,
        short: "http.sys then refuses connections below 8 MB of free nonpaged pool instead of 20: a mask, not a cure",
        before_vista: "http.sys then refuses connections below 8 MB of free nonpaged pool instead of 20: a mask, not a cure",
        on_vista_and_later: "http.sys then refuses connections below 8 MB of free nonpaged pool instead of 20: a mask, not a cure",
        doc: "# EnableAggressiveMemoryUsage (Services\\HTTP\\Parameters)

## What it does
http.sys stops accepting connections when less than 20 MB of nonpaged pool are free; with the value 1 it goes on down
to 8 MB. Documented for Server 2003 and Vista, \"may change in future versions\".

## Why it does not help
It buys 12 MB. At 4 MB an hour that is three hours, after which the whole host fails, not the web sites alone: the
refusals were the warning.

## Instead
Find what fills the pool. Undo: delete the value and restart the http service.

## Source
Reference peers-and-domain.md 2.3 (KB934878).",
    },
    Advice {
        name: "SpecialPool",
        aliases: &["special pool", "verifier 0x1", "verifier-0x1", "0x1", "verifier /flags 0x01"],
        registry: false,
        short: "Special Pool finds corruption, not leaks, and takes a page for each small allocation",
        before_vista: "Special Pool finds corruption, not leaks, and takes a page for each small allocation",
        on_vista_and_later: "Special Pool finds corruption, not leaks, and takes a page for each small allocation",
        doc: "# Driver Verifier with Special Pool (flag 0x1)

## What it does
Every small allocation of the verified drivers gets a page of its own with a guard page behind it.

## Why it does not help
It finds drivers that write beyond their allocation. It counts nothing, so it shows no leak, and a 48-byte allocation
that takes 4,096 bytes exhausts the pool far sooner.

## Instead
Pool Tracking (0x8) on ONE named driver, and only when other evidence names it:
    verifier /flags 0x8 /driver abc.sys        (then restart; watch with: verifier /query)
Warning: when that driver unloads with pool standing, Windows stops with bug check 0xC4 (0x62) on purpose.
Undo: verifier /reset, then restart.

## Source
Reference peers-and-domain.md 0 (fact 8), 1.6.",
    },
    Advice {
        name: "verifier-all-drivers",
        aliases: &["*.sys", "verifier *.sys", "verifier /all", "/driver *.sys"],
        registry: false,
        short: "/driver takes no wildcards, and all drivers at once slow the host and hide the one that matters",
        before_vista: "/driver takes no wildcards, and all drivers at once slow the host and hide the one that matters",
        on_vista_and_later: "/driver takes no wildcards, and all drivers at once slow the host and hide the one that matters",
        doc: "# Driver Verifier on *.sys or on all drivers

## What it does
`/driver *.sys` is no valid syntax: names are listed one by one. `/all` verifies every driver.

## Why it does not help
Every verified driver costs memory and speed, the kernel's own drivers among them; one of them that fails a check stops
the host before the leak shows. Some hosts do not start any more.

## Instead
One driver, named by other evidence: images that hold the tag, a twin tag, stacks.
Undo when the host does not start: safe mode, verifier /reset.

## Source
Reference peers-and-domain.md 0 (fact 8), 1.6.",
    },
    Advice {
        name: "gflags-pool-tagging",
        aliases: &["gflags", "pool tagging", "+ptg", "0x400", "globalflag"],
        registry: false,
        short: "pool tagging is always on since Windows Server 2003",
        before_vista: "needed up to Windows XP; always on since Server 2003",
        on_vista_and_later: "pool tagging is always on since Windows Server 2003",
        doc: "# gflags: enable pool tagging

## What it does
On Windows 2000 and XP, `gflags /r +ptg` and a restart turned pool tags on. Since Server 2003 they are always on, and
the box is greyed out.

## Why it does not help
It changes nothing on any Windows of today, and the restart it is said to need destroys the evidence.

## Instead
Run poolmon, or poolscope, as it is.

## Source
Reference peers-and-domain.md 1.1, 1.6.",
    },
    Advice {
        name: "reboot",
        aliases: &["restart", "nightly reboot", "reboot as a fix"],
        registry: false,
        short: "a restart clears the pool and the evidence, and cures nothing",
        before_vista: "a restart clears the pool and the evidence, and cures nothing",
        on_vista_and_later: "a restart clears the pool and the evidence, and cures nothing",
        doc: "# Restarting as a fix

## What it does
A restart empties both pools. With Fast Startup (Windows 8 and later) \"shut down\" and power on does NOT: only
\"Restart\" does.

## Why it does not help
The leak begins anew with the first request. What would have named its owner is gone, and whatever was changed at the
same time gets the praise.

## Instead
If it must be: take a last snapshot, the handle counts and, where possible, a live kernel dump first; write down the
time. A planned restart before exhaustion is better than a hang; it is no cure.

## Source
Reference field-lessons.md 4 (case 19); peers-and-domain.md 2.6.",
    },
    Advice {
        name: "iisreset",
        aliases: &["iis reset"],
        registry: false,
        short: "the memory is held in the kernel, so restarting IIS frees nothing of it unless a worker process held it",
        before_vista: "the memory is held in the kernel, so restarting IIS frees nothing of it unless a worker process held it",
        on_vista_and_later: "the memory is held in the kernel, so restarting IIS frees nothing of it unless a worker process held it",
        doc: "# iisreset

## What it does
Restarts the web service and its worker processes.

## Why it does not help
Refused connections come from http.sys, in the kernel, when the nonpaged pool is short. Restarting IIS helps only if a
worker process holds the handles or sockets. That makes it a test: note the tag's count before and after.

## Instead
Snapshot, iisreset, snapshot. If the tag falls, a worker process owns it; if not, look elsewhere.

## Source
Reference peers-and-domain.md 2.3; field-lessons.md 3 (rule 5).",
    },
];

/// The topic of this name or alias, case and blanks at the ends aside.
pub fn topic(name: &str) -> Option<&'static Advice> {
    let wanted = name.trim().to_lowercase();
    ADVICE.iter().find(|advice| {
        advice.name.eq_ignore_ascii_case(&wanted) || advice.aliases.iter().any(|alias| *alias == wanted)
    })
}

/// The topic of a registry value.
pub(crate) fn of_registry_value(name: &str) -> Option<&'static Advice> {
    topic(name).filter(|advice| advice.registry)
}

#[cfg(test)]
mod tests {
    use super::{ADVICE, topic};

    #[test]
    fn topics_are_found_by_any_name_and_tell_the_whole_story() {
        for (asked, name) in [
            ("NonPagedPoolSize", "NonPagedPoolSize"),
            ("nonpagedpoolsize=0xFFFFFFFF", "NonPagedPoolSize"),
            (" *.SYS ", "verifier-all-drivers"),
            ("gflags", "gflags-pool-tagging"),
        ] {
            assert_eq!(topic(asked).map(|advice| advice.name), Some(name), "{asked}");
        }
        assert_eq!(topic("Even"), None);
        for advice in ADVICE {
            for heading in ["## What it does", "## Why it does not help", "## Instead", "## Source"] {
                assert!(advice.doc.contains(heading), "{} lacks {heading}", advice.name);
            }
            assert!(advice.aliases.iter().all(|alias| *alias == alias.to_lowercase()), "{}", advice.name);
        }
    }
}
