//! Which tools a host has: decided by its Windows version, as far as the evidence states it.

use crate::model::{Case, WindowsVersion};

/// The tools of the host. An unknown version is taken as Windows 7 / Server 2008 R2 or later, and said so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tools {
    version: Option<WindowsVersion>,
}

impl Tools {
    pub(crate) fn of(case: &Case) -> Self {
        Self { version: case.host.version.as_ref().map(|stated| stated.value) }
    }

    fn at_least(self, major: u32, minor: u32, build: u32) -> bool {
        self.version.is_none_or(|v| (v.major, v.minor, v.build) >= (major, minor, build))
    }

    /// Windows 2000, XP and Server 2003: no wevtutil, no timeout, no PowerShell as delivered.
    pub(crate) fn is_old(self) -> bool {
        !self.at_least(6, 0, 0)
    }

    /// xperf records pool stacks from Windows 7 / Server 2008 R2 on.
    pub(crate) fn has_pool_stacks(self) -> bool {
        self.at_least(6, 1, 0)
    }

    /// A live kernel dump without a restart: Windows 8.1 / Server 2012 R2 on.
    pub(crate) fn has_live_dump(self) -> bool {
        self.at_least(6, 3, 0)
    }

    /// Windows 10: Pool Tracking can be turned on without a restart (`/volatile`).
    pub(crate) fn has_volatile_tracking(self) -> bool {
        self.version.is_some_and(|v| v.major >= 10 && v.build < 22_000 && v.build != 20_348)
    }

    /// Windows 11: rules of Driver Verifier are named by `/dif`, and pool tracking starts at once.
    pub(crate) fn has_dif(self) -> bool {
        self.version.is_some_and(|v| v.major >= 10 && v.build >= 22_000)
    }

    /// A command that waits so many seconds.
    pub(crate) fn wait(self, seconds: u32) -> String {
        if self.is_old() {
            format!("ping -n {} 127.0.0.1 >nul", seconds + 1)
        } else {
            format!("timeout /t {seconds} /nobreak >nul")
        }
    }

    /// The version in words, for what was assumed.
    pub(crate) fn assumed(self) -> &'static str {
        if self.version.is_none() { "; the Windows version is not in the evidence" } else { "" }
    }
}
