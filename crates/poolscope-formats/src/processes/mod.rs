//! Per-process evidence as text: `handle.exe -s`, `tasklist`, PowerShell `Get-Process`.

use crate::facts::{HandleCount, ProcessFact};
use crate::parsed::Place;

/// What a listing of processes says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ProcessListing {
    /// The processes, in the order of the text.
    pub processes: Vec<ProcessFact>,
    /// Handles by type and process. One type can occur twice; the counts then add up.
    pub handles: Vec<HandleCount>,
    /// `Total handles`, where the text states it.
    pub total_handles: Option<(Place, u64)>,
}
