//! Builds Windows events and writes them as the XML that `wevtutil qe /f:xml` and `ConvertTo-Xml` give.

use std::fmt::Write as _;

/// An XML element: its own text or its children.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Element {
    /// Name.
    pub name: String,
    /// Attributes in order.
    pub attributes: Vec<(String, String)>,
    /// Text, if it has no children.
    pub text: String,
    /// Children in order.
    pub children: Vec<Element>,
}

impl Element {
    /// An empty element.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// An element with text.
    pub fn text(name: &str, text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::new(name) }
    }

    /// An element with children.
    pub fn with(name: &str, children: Vec<Element>) -> Self {
        Self { children, ..Self::new(name) }
    }

    /// The same with one more attribute.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "<{}", self.name);
        for (name, value) in &self.attributes {
            let _ = write!(out, " {name}='{}'", escape(value));
        }
        if self.text.is_empty() && self.children.is_empty() {
            out.push_str("/>");
            return;
        }
        let _ = write!(out, ">{}", escape(&self.text));
        for child in &self.children {
            child.write(out);
        }
        let _ = write!(out, "</{}>", self.name);
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&apos;")
}

/// An event.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    provider: Element,
    id: u32,
    record: u64,
    time: String,
    computer: String,
    data: Vec<Element>,
    user: Option<Element>,
    message: String,
}

impl Event {
    /// An event of a provider, at `2026-05-01T08:31:02.0000000Z` or the like.
    pub fn new(provider: &str, id: u32, time: &str) -> Self {
        Self {
            provider: Element::new("Provider").attribute("Name", provider),
            id,
            record: 1,
            time: time.to_owned(),
            computer: "WEB01.example.test".to_owned(),
            data: Vec::new(),
            user: None,
            message: String::new(),
        }
    }

    /// With the classic source name that a manifest's provider took over.
    #[must_use]
    pub fn source(mut self, source: &str) -> Self {
        self.provider = self.provider.attribute("EventSourceName", source);
        self
    }

    /// With a record number.
    #[must_use]
    pub fn record(mut self, record: u64) -> Self {
        self.record = record;
        self
    }

    /// Of another computer.
    #[must_use]
    pub fn computer(mut self, computer: &str) -> Self {
        computer.clone_into(&mut self.computer);
        self
    }

    /// With named fields.
    #[must_use]
    pub fn named(mut self, fields: &[(&str, &str)]) -> Self {
        self.data
            .extend(fields.iter().map(|(name, value)| Element::text("Data", value).attribute("Name", name)));
        self
    }

    /// With fields that have no names, as classic events have them.
    #[must_use]
    pub fn strings(mut self, fields: &[&str]) -> Self {
        self.data.extend(fields.iter().map(|value| Element::text("Data", value)));
        self
    }

    /// With binary data, in hex.
    #[must_use]
    pub fn binary(mut self, hex: &str) -> Self {
        self.data.push(Element::text("Binary", hex));
        self
    }

    /// With its own element in `UserData`.
    #[must_use]
    pub fn user(mut self, own: Element) -> Self {
        self.user = Some(own);
        self
    }

    /// With its formatted text (written by `ConvertTo-Xml` and in `RenderingInfo` only).
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.message);
        self
    }

    /// The `Event` element.
    pub fn element(&self) -> Element {
        let system = Element::with(
            "System",
            vec![
                self.provider.clone(),
                Element::text("EventID", &self.id.to_string()).attribute("Qualifiers", "49152"),
                Element::text("Level", "2"),
                Element::new("TimeCreated").attribute("SystemTime", &self.time),
                Element::text("EventRecordID", &self.record.to_string()),
                Element::text("Channel", "System"),
                Element::text("Computer", &self.computer),
                Element::new("Security"),
            ],
        );
        let body = match &self.user {
            Some(own) => Element::with("UserData", vec![own.clone()]),
            None => Element::with("EventData", self.data.clone()),
        };
        Element::with("Event", vec![system, body])
            .attribute("xmlns", "http://schemas.microsoft.com/win/2004/08/events/event")
    }

    /// One line of `wevtutil qe /f:xml`.
    pub fn xml(&self) -> String {
        let mut out = String::new();
        self.element().write(&mut out);
        out
    }

    /// The `Object` of `Get-WinEvent | ConvertTo-Xml -As String`, with the time as PowerShell prints it.
    pub fn object(&self, local_time: &str) -> String {
        let name = self.provider.attributes.first().map_or("", |(_, value)| value);
        let property = |name: &str, kind: &str, value: &str| {
            Element::text("Property", value).attribute("Name", name).attribute("Type", kind)
        };
        let list = Element::with(
            "Property",
            vec![Element::text("Property", "System.Diagnostics.Eventing.Reader.EventProperty")],
        )
        .attribute("Name", "Properties");
        let object = Element::with(
            "Object",
            vec![
                property("Message", "System.String", &self.message),
                property("Id", "System.Int32", &self.id.to_string()),
                property("ProviderName", "System.String", name),
                property("RecordId", "System.Int64", &self.record.to_string()),
                property("MachineName", "System.String", &self.computer),
                property("TimeCreated", "System.DateTime", local_time),
                list,
            ],
        )
        .attribute("Type", "System.Diagnostics.Eventing.Reader.EventLogRecord");
        let mut out = String::new();
        object.write(&mut out);
        out
    }
}

/// Event 2004 of the Resource-Exhaustion-Detector with its blocks in this order.
pub fn exhaustion(time: &str, blocks: Vec<Element>) -> Event {
    Event::new("Microsoft-Windows-Resource-Exhaustion-Detector", 2004, time).user(
        Element::with("MemoryExhaustionInfo", blocks)
            .attribute("xmlns:auto-ns2", "http://schemas.microsoft.com/win/2004/08/events"),
    )
}

/// The `SystemInfo` block of event 2004, values in bytes.
pub fn system_info(commit_limit: u64, commit: u64, nonpaged: u64, paged: u64) -> Element {
    let number = |name: &str, value: u64| Element::text(name, &value.to_string());
    Element::with(
        "SystemInfo",
        vec![
            number("SystemCommitLimit", commit_limit),
            number("SystemCommitCharge", commit),
            number("ProcessCommitCharge", commit / 2),
            number("PagedPoolUsage", paged),
            number("PhysicalMemorySize", commit_limit / 2),
            number("PhysicalMemoryUsage", commit_limit / 3),
            number("NonPagedPoolUsage", nonpaged),
            number("Processes", 77),
        ],
    )
}

/// `NonPagedPoolInfo` or `PagedPoolInfo` of event 2004.
pub fn pool_info(block: &str, tags: &[(&str, u64)]) -> Element {
    let slot = |(nth, (tag, bytes)): (usize, &(&str, u64))| {
        let parts = vec![Element::text("Name", tag), Element::text("PoolUsed", &bytes.to_string())];
        Element::with(&format!("Tag_{}", nth + 1), parts)
    };
    Element::with(block, tags.iter().enumerate().map(slot).collect())
}

/// `ProcessInfo` of event 2004: name, id, commit and handles; slots beyond the list are empty, as Windows
/// writes them.
pub fn process_info(processes: &[(&str, u64, u64, u64)]) -> Element {
    let slots = (0..6).map(|nth| {
        let (name, pid, commit, handles) = processes.get(nth).copied().unwrap_or(("", 0, 0, 0));
        let created = if pid == 0 { "1601-01-01T00:00:00.000Z" } else { "2026-04-30T06:00:00.123Z" };
        let version = if pid == 0 { "0.0.0.0" } else { "6.1.7601.1" };
        let parts = vec![
            Element::text("Name", name),
            Element::text("ID", &pid.to_string()),
            Element::text("CreationTime", created),
            Element::text("CommitCharge", &commit.to_string()),
            Element::text("HandleCount", &handles.to_string()),
            Element::text("Version", version),
            Element::text("TypeInfo", "0"),
        ];
        Element::with(&format!("Process_{}", nth + 1), parts)
    });
    Element::with("ProcessInfo", slots.collect())
}
