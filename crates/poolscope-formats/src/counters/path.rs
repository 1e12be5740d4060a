//! The grammar of counter paths: `\\machine\object(parent/instance#index)\counter`.

use super::CounterPath;

impl CounterPath {
    /// Reads a path. Instances hold commas, blanks, colons and even parentheses, and counters hold parentheses
    /// without an instance, so: the object ends at the first backslash or parenthesis, and an instance at the
    /// last `)\`. Hand-made paths lack the machine or the first backslash. `None` without object and counter.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (machine, rest) = match text.strip_prefix("\\\\") {
            Some(tail) => {
                let (machine, rest) = tail.split_once('\\')?;
                (Some(machine), rest)
            }
            None => (None, text.strip_prefix('\\').unwrap_or(text)),
        };
        let object_end = rest.find(['\\', '('])?;
        let (object, tail) = rest.split_at(object_end);
        let (inside, counter) = match tail.strip_prefix('(') {
            Some(tail) => {
                let close = tail.rfind(")\\")?;
                (Some(tail.get(..close)?), tail.get(close + 2..)?)
            }
            None => (None, tail.get(1..)?),
        };
        if object.is_empty() || counter.is_empty() || machine.is_some_and(str::is_empty) {
            return None;
        }
        let (parent, instance) = match inside.and_then(|inside| inside.split_once('/')) {
            Some((parent, instance)) => (Some(parent), Some(instance)),
            None => (None, inside),
        };
        let (instance, index) = match instance.map(split_index) {
            Some((name, index)) => (Some(name), index),
            None => (None, 0),
        };
        Some(Self {
            machine: machine.map(str::to_owned),
            object: object.to_owned(),
            parent: parent.map(str::to_owned),
            instance: instance.map(str::to_owned),
            index,
            counter: counter.to_owned(),
        })
    }
}

/// `svchost#12` into name and number; a name without one has 0.
fn split_index(instance: &str) -> (&str, u32) {
    match instance.rsplit_once('#') {
        Some((name, digits)) if !name.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map_or((instance, 0), |index| (name, index))
        }
        _ => (instance, 0),
    }
}

/// The path as perfmon writes it.
impl std::fmt::Display for CounterPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(machine) = &self.machine {
            write!(f, "\\\\{machine}")?;
        }
        write!(f, "\\{}", self.object)?;
        if let Some(instance) = &self.instance {
            f.write_str("(")?;
            if let Some(parent) = &self.parent {
                write!(f, "{parent}/")?;
            }
            f.write_str(instance)?;
            if self.index > 0 {
                write!(f, "#{}", self.index)?;
            }
            f.write_str(")")?;
        }
        write!(f, "\\{}", self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_field() {
        for (text, want) in [
            ("\\\\SRV\\Memory\\Pool Nonpaged Bytes", "SRV|Memory||-|0|Pool Nonpaged Bytes"),
            ("\\\\SRV\\Process(w3wp#12)\\Handle Count", "SRV|Process||w3wp|12|Handle Count"),
            ("\\\\SRV\\Thread(svchost/7#3)\\ID Thread", "SRV|Thread|svchost|7|3|ID Thread"),
            (
                "\\\\SRV\\Processor Information(3,3)\\% Processor Time",
                "SRV|Processor Information||3,3|0|% Processor Time",
            ),
            ("\\\\SRV\\LogicalDisk(0 C:)\\% Free Space", "SRV|LogicalDisk||0 C:|0|% Free Space"),
            (
                "\\\\H\\Arbeitsspeicher\\Nicht-Auslagerungsseiten (Bytes)",
                "H|Arbeitsspeicher||-|0|Nicht-Auslagerungsseiten (Bytes)",
            ),
            (
                "\\\\H\\SQLServer:Wait Statistics(Average wait time (ms))\\Lock waits",
                "H|SQLServer:Wait Statistics||Average wait time (ms)|0|Lock waits",
            ),
            (
                "\\\\H\\Network Interface(intel[r] 82574l _2)\\Bytes Total/sec",
                "H|Network Interface||intel[r] 82574l _2|0|Bytes Total/sec",
            ),
            ("Process(x)\\Working Set", "|Process||x|0|Working Set"),
            ("\\Memory\\Available MBytes", "|Memory||-|0|Available MBytes"),
            ("\\\\H\\Process(a#b)\\ID Process", "H|Process||a#b|0|ID Process"),
        ] {
            let path = CounterPath::parse(text).unwrap_or_else(|| panic!("{text}"));
            let shown = format!(
                "{}|{}|{}|{}|{}|{}",
                path.machine.as_deref().unwrap_or(""),
                path.object,
                path.parent.as_deref().unwrap_or(""),
                path.instance.as_deref().unwrap_or("-"),
                path.index,
                path.counter
            );
            assert_eq!(shown, want, "{text}");
            if text.starts_with('\\') {
                assert_eq!(path.to_string(), text);
            }
        }
        for text in ["", "\\\\", "\\\\SRV", "\\\\SRV\\Memory", "Memory", "\\\\SRV\\Process(x", "\\\\SRV\\\\x"]
        {
            assert_eq!(CounterPath::parse(text), None, "{text}");
        }
    }
}
