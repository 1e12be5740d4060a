//! Writes HTTPERR logs as http.sys does: directives at each service start, rows of the five known layouts.

use std::fmt::Write as _;

/// The layouts seen in real logs, by the Windows that writes them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// 13 columns and no directives at all.
    Server2003,
    /// 13 columns.
    Server2008,
    /// With `streamid`.
    Server2016,
    /// With `streamid_ex` and `transport`.
    Server2022,
    /// With the fault codes.
    Server2026,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Server2003, Self::Server2008, Self::Server2016, Self::Server2022, Self::Server2026];

    fn fields(self) -> &'static str {
        match self {
            Self::Server2003 | Self::Server2008 => {
                "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename"
            }
            Self::Server2016 => {
                "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename"
            }
            Self::Server2022 => {
                "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid streamid_ex sc-status s-siteid s-reason s-queuename transport"
            }
            Self::Server2026 => {
                "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid streamid_ex sc-status s-siteid s-reason s-queuename transport fault-code extended-fault-code"
            }
        }
    }
}

/// One row; what is not given is `-`.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// `2026-05-01 08:31:02`, UTC.
    pub when: &'a str,
    /// Client address.
    pub client: &'a str,
    /// URL with its query, blanks as `+`.
    pub uri: &'a str,
    /// Status, such as `503`.
    pub status: &'a str,
    /// Reason, such as `QueueFull` or `24_Connections_Refused`.
    pub reason: &'a str,
    /// Request queue.
    pub queue: &'a str,
}

impl<'a> Row<'a> {
    /// A row of a time and a reason.
    pub fn new(when: &'a str, status: &'a str, reason: &'a str) -> Self {
        Self { when, client: "10.0.0.7", uri: "/shop/item?id=7", status, reason, queue: "DefaultAppPool" }
    }

    /// A refusal row: nothing but its time and its reason.
    pub fn refused(when: &'a str, reason: &'a str) -> Self {
        Self { when, client: "-", uri: "-", status: "-", reason, queue: "-" }
    }
}

/// A log being written.
#[derive(Clone, Debug)]
pub struct HttpErrWriter {
    layout: Layout,
    text: String,
}

impl HttpErrWriter {
    /// An empty log.
    pub fn new(layout: Layout) -> Self {
        Self { layout, text: String::new() }
    }

    /// A service start: the four directives (none on Windows Server 2003).
    pub fn start(&mut self, when: &str) -> &mut Self {
        if self.layout != Layout::Server2003 {
            let fields = self.layout.fields();
            let _ = write!(
                self.text,
                "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: {when}\r\n#Fields: {fields}\r\n"
            );
        }
        self
    }

    /// The layout of the rows (and directives) from here on.
    pub fn layout(&mut self, layout: Layout) -> &mut Self {
        self.layout = layout;
        self
    }

    /// One row.
    pub fn row(&mut self, row: Row<'_>) -> &mut Self {
        let Row { when, client, uri, status, reason, queue } = row;
        let blank = client == "-";
        let (c_port, s_ip, s_port) = if blank { ("-", "-", "-") } else { ("51234", "192.168.1.10", "80") };
        let (version, method) = if uri == "-" { ("-", "-") } else { ("HTTP/1.1", "GET") };
        let site = if blank { "-" } else { "1" };
        let _ = write!(self.text, "{when} {client} {c_port} {s_ip} {s_port} {version} {method} {uri}");
        let _ = match self.layout {
            Layout::Server2003 | Layout::Server2008 => write!(self.text, " {status} {site} {reason} {queue}"),
            Layout::Server2016 => write!(self.text, " - {status} {site} {reason} {queue}"),
            Layout::Server2022 => write!(self.text, " - - {status} {site} {reason} {queue} TCP"),
            Layout::Server2026 => write!(self.text, " - - {status} {site} {reason} {queue} TCP - -"),
        };
        self.text.push_str("\r\n");
        self
    }

    /// Text as it stands, for damage.
    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// The log's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.text.clone().into_bytes()
    }
}

/// A log of at least `bytes` bytes for benches: about one row a second, idle timers between 503s, refusals in
/// the last tenth, a service start each 100,000 rows. The same bytes for the same length.
pub fn bulk(bytes: usize) -> Vec<u8> {
    let mut writer = HttpErrWriter::new(Layout::Server2016);
    let mut draw = 12_345u64;
    let mut rows = 0u64;
    while writer.text.len() < bytes {
        let (day, second) = (rows / 86_400, rows % 86_400);
        let when = format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            2020 + day / 336,
            day / 28 % 12 + 1,
            day % 28 + 1,
            second / 3_600,
            second / 60 % 60,
            second % 60
        );
        if rows.is_multiple_of(100_000) {
            writer.start(&when);
        }
        rows += 1;
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let count = draw >> 60;
        let late = writer.text.len() > bytes / 10 * 9;
        match draw >> 33 & 15 {
            0 if late => writer.row(Row::refused(&when, &format!("{}_Connections_Refused", count + 1))),
            1 | 2 => writer.row(Row::new(&when, "503", "QueueFull")),
            3 => writer.row(Row::new(&when, "503", "N/A")),
            4 => writer.row(Row {
                uri: "/api/v1/orders?customer=4711&page=12&sort=date",
                ..Row::new(&when, "400", "Verb")
            }),
            _ => writer.row(Row {
                client: "2001:db8:12:34::5:6%13",
                ..Row::new(&when, "-", "Timer_ConnectionIdle")
            }),
        };
    }
    writer.text.into_bytes()
}
