//! What the evidence says about the machine itself.

use super::evidence::Source;

/// Pointer width of the kernel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Bits {
    /// 32-bit Windows.
    X86,
    /// 64-bit Windows.
    X64,
}

impl Bits {
    /// `32-bit` or `64-bit`.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86 => "32-bit",
            Self::X64 => "64-bit",
        }
    }
}

/// A Windows kernel version: 5.2.3790 is Server 2003, 10.0.20348 is Server 2022.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WindowsVersion {
    /// Major version.
    pub major: u32,
    /// Minor version.
    pub minor: u32,
    /// Build number; 0 if not stated.
    pub build: u32,
}

impl WindowsVersion {
    /// Reads `5.02.`, `6.1.7601`, `10.00.` and their like, with a build if a third number follows.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        let mut next = || numbers.next()?.parse::<u32>().ok();
        let version = Self { major: next()?, minor: next()?, build: next().unwrap_or(0) };
        (4..=10).contains(&version.major).then_some(version)
    }

    /// The name people use; server and client editions share a kernel, so both stand here.
    pub fn name(self) -> &'static str {
        match (self.major, self.minor, self.build) {
            (4, ..) => "Windows NT 4",
            (5, 0, _) => "Windows 2000",
            (5, 1, _) => "Windows XP",
            (5, 2, _) => "Windows Server 2003",
            (6, 0, _) => "Windows Vista / Server 2008",
            (6, 1, _) => "Windows 7 / Server 2008 R2",
            (6, 2, _) => "Windows 8 / Server 2012",
            (6, 3, _) => "Windows 8.1 / Server 2012 R2",
            (10, _, 14393) => "Windows 10 1607 / Server 2016",
            (10, _, 17763) => "Windows 10 1809 / Server 2019",
            (10, _, 20348) => "Windows Server 2022",
            (10, _, 26100) => "Windows 11 24H2 / Server 2025",
            (10, _, build) if build >= 22000 => "Windows 11",
            (10, ..) => "Windows 10 / Server 2016 or later",
            _ => "Windows",
        }
    }
}

/// A value with where it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stated<T> {
    /// The value.
    pub value: T,
    /// Where it stands, or what it was derived from.
    pub source: Source,
}

/// The machine, as far as any evidence names it.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct HostFacts {
    /// Kernel version.
    pub version: Option<Stated<WindowsVersion>>,
    /// Pointer width.
    pub bits: Option<Stated<Bits>>,
    /// Installed memory in bytes.
    pub ram_bytes: Option<Stated<u64>>,
    /// Commit limit in bytes.
    pub commit_limit_bytes: Option<Stated<u64>>,
    /// True if /3GB or a larger user address space is configured (32-bit only).
    pub three_gb: Option<Stated<bool>>,
    /// The most the nonpaged pool can hold in bytes, as this very kernel computed it (`!vm`).
    pub nonpaged_limit_bytes: Option<Stated<u64>>,
    /// The most the paged pool can hold in bytes, likewise.
    pub paged_limit_bytes: Option<Stated<u64>>,
}

impl HostFacts {
    /// Keeps the statement with the lowest source, so that the order of the evidence does not matter.
    pub fn state<T>(slot: &mut Option<Stated<T>>, value: T, source: Source) {
        if slot.as_ref().is_none_or(|known| source < known.source) {
            *slot = Some(Stated { value, source });
        }
    }
}

/// A host's name as it is compared: without domain and backslashes, in upper case. Empty if there is none.
pub fn short_name(name: &str) -> String {
    name.trim().trim_start_matches('\\').split('.').next().unwrap_or("").to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_event_6009_and_systeminfo_write_them() {
        for (text, want) in [
            ("5.02.", Some((5, 2, 0))),
            ("10.0.20348 N/A Build 20348", Some((10, 0, 20348))),
            ("6.01.7601", Some((6, 1, 7601))),
            ("no version", None),
            ("99.1", None),
        ] {
            let got = WindowsVersion::parse(text).map(|v| (v.major, v.minor, v.build));
            assert_eq!(got, want, "{text}");
        }
    }
}
