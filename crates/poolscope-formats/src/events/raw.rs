//! One event as exported, whatever the form: its head, and its fields by name or by order.

use super::tree::Tree;
use crate::time::{Time, parse_iso};

/// An event's head.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct EventHead {
    pub provider: String,
    /// The classic source name, where a manifest's provider took over an old source.
    pub source: Option<String>,
    pub id: u32,
    pub record: u64,
    pub time: Time,
    pub computer: String,
}

/// An event with its fields.
#[derive(Debug)]
pub(super) struct RawEvent {
    pub head: EventHead,
    tree: Tree,
    /// The `Data` fields in order.
    data: Vec<(Option<String>, String)>,
    /// `Binary` in hex.
    binary: String,
    /// The formatted text, where the export has it.
    pub message: Option<String>,
}

impl EventHead {
    /// Reads the `System` element of an `Event`.
    pub fn of_event(tree: &Tree) -> Result<Self, String> {
        let system = tree.child(0, "System").ok_or("the event has no System element")?;
        let provider = tree.child(system, "Provider").ok_or("the event names no provider")?;
        let name = |attribute| tree.attribute(provider, attribute).map(str::to_owned);
        let id = tree.child_text(system, "EventID").and_then(|id| id.parse::<u32>().ok());
        let created = tree.child(system, "TimeCreated").and_then(|node| tree.attribute(node, "SystemTime"));
        let (time, _) = created.and_then(parse_iso).ok_or("the event has no time that can be read")?;
        Ok(Self {
            provider: name("Name").or_else(|| name("EventSourceName")).unwrap_or_default(),
            source: name("EventSourceName"),
            // XP keeps the qualifiers in the upper half.
            id: id.ok_or("the event has no id")? & 0xffff,
            record: tree.child_text(system, "EventRecordID").and_then(|id| id.parse().ok()).unwrap_or(0),
            time,
            computer: tree.child_text(system, "Computer").unwrap_or_default().to_owned(),
        })
    }
}

impl RawEvent {
    /// An `Event` element, as `.evtx` and `wevtutil qe /f:xml` give it.
    pub fn of_event(tree: Tree, head: EventHead) -> Self {
        let section = tree.child(0, "EventData");
        let fields = |name: &str| {
            let nodes = section.into_iter().flat_map(|node| tree.children(node)).collect::<Vec<_>>();
            nodes.into_iter().filter(|node| tree.name(*node) == name).collect::<Vec<_>>()
        };
        let data = fields("Data")
            .into_iter()
            .map(|node| (tree.attribute(node, "Name").map(str::to_owned), tree.text(node).to_owned()))
            .collect();
        let binary = fields("Binary").first().map(|node| tree.text(*node).to_owned()).unwrap_or_default();
        let message = tree
            .child(0, "RenderingInfo")
            .and_then(|info| tree.child_text(info, "Message"))
            .filter(|text| !text.is_empty())
            .map(str::to_owned);
        Self { head, tree, data, binary, message }
    }

    /// An event of which only the head and the message text are there.
    pub fn of_message(head: EventHead, message: Option<String>) -> Self {
        Self { head, tree: Tree::default(), data: Vec::new(), binary: String::new(), message }
    }

    /// A field by its name in `EventData`, or in the element inside `UserData`.
    pub fn named(&self, name: &str) -> Option<&str> {
        let by_name = |(key, _): &&(Option<String>, String)| {
            key.as_deref().is_some_and(|key| key.eq_ignore_ascii_case(name))
        };
        let data = self.data.iter().find(by_name).map(|(_, value)| value.as_str());
        data.or_else(|| self.tree.child_text(self.user()?, name))
    }

    /// A field by its place in `EventData`, from 0.
    pub fn nth(&self, place: usize) -> Option<&str> {
        self.data.get(place).map(|(_, value)| value.as_str())
    }

    /// All fields of `EventData` in order.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.data.iter().map(|(_, value)| value.as_str())
    }

    /// `param1` and its like: by name, else by order (classic events have no names). From 1.
    pub fn param(&self, number: usize) -> Option<&str> {
        self.named(&format!("param{number}")).or_else(|| self.nth(number.checked_sub(1)?))
    }

    /// A field as a number, decimal or `0x` hex.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.named(name).and_then(read_number)
    }

    /// The event's own element inside `UserData`.
    fn user(&self) -> Option<usize> {
        let user = self.tree.child(0, "UserData")?;
        self.tree.children(user).next()
    }

    /// The tree and the event's own element in it.
    pub fn user_tree(&self) -> Option<(&Tree, usize)> {
        self.user().map(|node| (&self.tree, node))
    }

    /// The binary data's bytes.
    pub fn binary(&self) -> Vec<u8> {
        let digits: Vec<u8> = self
            .binary
            .chars()
            .filter_map(|digit| digit.to_digit(16))
            .filter_map(|d| u8::try_from(d).ok())
            .collect();
        digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
    }
}

/// A number, decimal or `0x` hex.
pub(super) fn read_number(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}
