//! Registry exports: the values that bear on the pool are kept, the rest is only shown by `inspect`.

use poolscope_formats::registry::{RegistryData, RegistryExport, RegistryValue};

use crate::model::{Bits, CaseBuilder, EvidenceId, HostFacts, RegistrySetting, Source};
use crate::table::Table;

/// Keys below a control set whose values are kept.
const KEYS: [&str; 5] = [
    "control\\session manager\\memory management",
    "control\\session manager",
    "control\\session manager\\power",
    "control\\crashcontrol",
    "services\\http\\parameters",
];

pub(super) fn ingest(case: &mut CaseBuilder, evidence: EvidenceId, export: RegistryExport) {
    for value in export.values {
        let source = Source { evidence, place: value.place };
        if value.name.eq_ignore_ascii_case("PROCESSOR_ARCHITECTURE")
            && let RegistryData::Text(text) = &value.data
        {
            let bits = if text.eq_ignore_ascii_case("x86") { Bits::X86 } else { Bits::X64 };
            HostFacts::state(&mut case.host.bits, bits, source);
        }
        if let Some(key) = KEYS.into_iter().find(|key| value.is_under(key)) {
            case.state.registry.push(RegistrySetting {
                name: value.name,
                key: key.to_owned(),
                data: value.data,
                source,
            });
        }
    }
}

pub(super) fn tables(export: &RegistryExport) -> Vec<Table> {
    let rows = export
        .values
        .iter()
        .map(|value| vec![value.key.to_string(), value.name.clone(), shown(value), value.place.to_string()]);
    let columns = [("Key", false), ("Name", false), ("Data", false), ("Place", false)];
    vec![Table::new("values", &columns, rows)]
}

fn shown(value: &RegistryValue) -> String {
    match &value.data {
        RegistryData::Text(text) => text.clone(),
        RegistryData::Dword(number) => format!("{number} ({number:#x})"),
        RegistryData::Qword(number) => format!("{number} ({number:#x})"),
        RegistryData::Texts(texts) => texts.join("; "),
        RegistryData::Bytes { kind, bytes } => format!("type {kind}, {} bytes", bytes.len()),
        RegistryData::Delete => "(deleted by this file)".to_owned(),
    }
}
