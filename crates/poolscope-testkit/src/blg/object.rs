//! One whole performance object as winperf.h lays it out.

use super::*;

/// PERF_DATA_BLOCK with one PERF_OBJECT_TYPE.
pub(super) fn perf_block(when: Moment, object: &Object) -> Vec<u8> {
    let mut definitions = Vec::new();
    let mut block_bytes = 8u32;
    for (name, kind) in &object.counters {
        let size = if *kind == counter_type::RAW { 4u32 } else { 8 };
        block_bytes = block_bytes.next_multiple_of(size);
        for value in [40, *name, 0, name + 1, 0, 0, 100, *kind, size, block_bytes] {
            definitions.extend(value.to_le_bytes());
        }
        block_bytes += size;
    }
    let block_bytes = block_bytes.next_multiple_of(8);
    let block = |values: &[u64]| {
        let mut block = block_bytes.to_le_bytes().to_vec();
        block.resize(8, 0);
        for ((_, kind), value) in object.counters.iter().zip(values) {
            let size = if *kind == counter_type::RAW { 4 } else { 8 };
            block.resize(block.len().next_multiple_of(size), 0);
            block.extend(&value.to_le_bytes()[..size]);
        }
        block.resize(block_bytes as usize, 0);
        block
    };
    let mut body = Vec::new();
    for (name, values) in &object.instances {
        if !object.single {
            let text = wide(name);
            let length = (24 + text.len()).next_multiple_of(8);
            for value in [length as u32, 0, 0, u32::MAX, 24, text.len() as u32] {
                body.extend(value.to_le_bytes());
            }
            body.extend(&text);
            body.resize(body.len() + length - 24 - text.len(), 0);
        }
        body.extend(block(values));
    }
    let definition_bytes = 64 + definitions.len() as u32;
    let count = if object.single { -1 } else { object.instances.len() as i32 };
    let mut out = Vec::new();
    for value in
        [definition_bytes + body.len() as u32, definition_bytes, 64, object.name, 0, object.name + 1, 0, 100]
    {
        out.extend(value.to_le_bytes());
    }
    out.extend((object.counters.len() as u32).to_le_bytes());
    out.extend(0i32.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(0u32.to_le_bytes());
    // The object's own clock counts 100 ns.
    out.extend(when.utc.to_le_bytes());
    out.extend(10_000_000i64.to_le_bytes());
    out.extend(definitions);
    out.extend(body);
    let mut block = wide("PERF")[..8].to_vec();
    for value in [1u32, 1, 1, 0x58 + out.len() as u32, 0x58, 1, 0] {
        block.extend(value.to_le_bytes());
    }
    block.resize(0x38, 0);
    block.extend((when.utc / (10_000_000 / PERF_FREQUENCY)).to_le_bytes());
    block.extend(PERF_FREQUENCY.to_le_bytes());
    block.extend(when.utc.to_le_bytes());
    block.resize(0x58, 0);
    block.extend(out);
    block
}

/// The counters of the Process object as Windows 7 lists them: perflib index and type.
pub const PROCESS_COUNTERS: [(u32, u32); 27] = {
    use counter_type::{BULK, ELAPSED, LARGE_RAW, RAW};
    [
        (6, 0x2051_0500),
        (142, 0x2051_0500),
        (144, 0x2051_0500),
        (172, LARGE_RAW),
        (174, LARGE_RAW),
        (28, 0x1041_0400),
        (178, LARGE_RAW),
        (180, LARGE_RAW),
        (182, LARGE_RAW),
        (184, LARGE_RAW),
        (186, LARGE_RAW),
        (680, RAW),
        (682, RAW),
        (684, ELAPSED),
        (784, RAW),
        (1_410, RAW),
        (56, RAW),
        (58, RAW),
        (952, RAW),
        (1_412, BULK),
        (1_414, BULK),
        (1_416, BULK),
        (1_418, BULK),
        (1_420, BULK),
        (1_422, BULK),
        (1_424, BULK),
        (1_478, LARGE_RAW),
    ]
};
