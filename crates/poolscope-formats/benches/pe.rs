//! Throughput of the image reader: a compiled driver per machine, and a hand-made image that needs no compiler.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)] // criterion's macros make undocumented items; a bench may stop and say what it skips

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use poolscope_formats::pe::read_image;
use poolscope_testkit::drivers;
use poolscope_testkit::pe::{CODE, ImageWriter, Machine};

/// An x64 image of some hundred functions that each allocate with a tag of their own.
fn hand_made() -> Vec<u8> {
    let mut image = ImageWriter::new(Machine::X64, Vec::new(), &["ExAllocatePoolWithTag"]);
    let slot = image.slot(0);
    for at in 0..80_u8 {
        // sub rsp, 28h; mov r8d, tag; mov edx, 10h; xor ecx, ecx; call [rip + slot]; add rsp, 28h; ret
        image.code.extend_from_slice(&[
            0x48,
            0x83,
            0xec,
            0x28,
            0x41,
            0xb8,
            b'H',
            b'm',
            b'0' + at / 10,
            b'0' + at % 10,
        ]);
        image.code.extend_from_slice(&[0xba, 0x10, 0, 0, 0, 0x31, 0xc9, 0xff, 0x15]);
        let next = CODE + image.code.len() as u32 + 4;
        image.code.extend_from_slice(&slot.wrapping_sub(next).to_le_bytes());
        image.code.extend_from_slice(&[0x48, 0x83, 0xc4, 0x28, 0xc3]);
        image.code.resize(image.code.len().next_multiple_of(16), 0xcc);
    }
    image.write()
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pe");
    let mut measure = |name: &str, data: &[u8]| {
        group.throughput(Throughput::Bytes(data.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| read_image(data, "bench.sys").unwrap()));
    };
    let image = hand_made();
    assert_eq!(read_image(&image, "bench.sys").unwrap().value.tags.len(), 80);
    measure("hand-made x64", &image);
    let folder = tempfile::tempdir().unwrap();
    let source = drivers::source_folder().join("branches.c");
    let (compiled, absent) = drivers::compile_file(&source, &["-O2"], folder.path()).unwrap();
    for compiler in absent {
        println!("skipped: a driver compiled by {compiler}: not installed");
    }
    for driver in compiled {
        measure(&driver.name, &std::fs::read(&driver.path).unwrap());
    }
}

criterion_group!(pe, benches);
criterion_main!(pe);
