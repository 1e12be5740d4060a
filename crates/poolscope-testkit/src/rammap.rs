//! RAMMap snapshots (.rmp), after the one published description; no real file was at hand.

use std::fmt::Write as _;

/// What a snapshot holds.
#[derive(Clone, Debug)]
pub struct RamMap {
    /// Namespace prefix of the elements, empty for none.
    pub prefix: &'static str,
    /// Image name, process id, session.
    pub processes: Vec<(String, u64, u64)>,
    /// Pages by use (16 rows) and list (8 columns).
    pub page_uses: [[u64; 8]; 16],
    /// Big allocations: address, bytes, tag.
    pub pool: Vec<(u64, u64, [u8; 4])>,
    /// Bytes of the page list between the tables.
    pub page_list_bytes: usize,
    /// The count that `PoolInfo` states, if it is not to be the true one.
    pub stated_pool_count: Option<u64>,
    /// Characters of hexadecimal text a line holds; 0 writes one line.
    pub line_width: usize,
}

impl Default for RamMap {
    fn default() -> Self {
        Self {
            prefix: "",
            processes: Vec::new(),
            page_uses: [[0; 8]; 16],
            pool: Vec::new(),
            page_list_bytes: 64,
            stated_pool_count: None,
            line_width: 0,
        }
    }
}

impl RamMap {
    /// The file as UTF-8 text.
    pub fn write(&self) -> String {
        let p = if self.prefix.is_empty() { String::new() } else { format!("{}:", self.prefix) };
        let mut out =
            format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<{p}RamMap>\r\n<{p}FileList>\r\n");
        out.push_str("<File Key=\"18446708\" Path=\"C:\\pagefile.sys\"><PFNs>0a000000</PFNs></File>\r\n");
        let _ = write!(out, "</{p}FileList>\r\n<{p}ProcessList>\r\n");
        for (name, pid, session) in &self.processes {
            let name = name.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
            let _ = write!(out, "<{p}Process Name=\"{name}\" ProcessId=\"{pid}\" SessionId=\"{session}\">");
            let _ = write!(out, "<{p}PFNs>{}</{p}PFNs></{p}Process>\r\n", self.hex(&[7; 16]));
        }
        let _ = write!(
            out,
            "</{p}ProcessList>\r\n<{p}PfnDatabase>{}</{p}PfnDatabase>\r\n",
            self.hex(&vec![0x5a; self.page_list_bytes])
        );
        let uses: Vec<u8> = self.page_uses.iter().flatten().flat_map(|pages| pages.to_le_bytes()).collect();
        let _ = write!(out, "<{p}PageUseCounts>{}</{p}PageUseCounts>\r\n", self.hex(&uses));
        let count = self.stated_pool_count.unwrap_or(self.pool.len() as u64);
        let mut pool = count.to_le_bytes().to_vec();
        for (address, bytes, tag) in &self.pool {
            pool.extend(address.to_le_bytes());
            pool.extend(bytes.to_le_bytes());
            pool.extend(tag);
            pool.extend([0; 4]);
        }
        let _ = write!(out, "<{p}PoolInfo>{}</{p}PoolInfo>\r\n</{p}RamMap>\r\n", self.hex(&pool));
        out
    }

    fn hex(&self, bytes: &[u8]) -> String {
        let mut out = String::with_capacity(bytes.len() * 2);
        for (at, byte) in bytes.iter().enumerate() {
            if self.line_width > 0 && at > 0 && (at * 2) % self.line_width == 0 {
                out.push_str("\r\n");
            }
            let _ = write!(out, "{byte:02X}");
        }
        out
    }
}
