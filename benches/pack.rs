//! From a directory to an archive.

#![allow(missing_docs, clippy::unwrap_used, reason = "a program for developers")]

use std::fs;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nx_s3_cache::archive::pack;

const FILES: usize = 5_000;
const FILE: usize = 4 * 1024;

fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

/// 5,000 files of 4 KiB in 100 directories.
fn packing(criterion: &mut Criterion) {
    let scratch = tempfile::tempdir().unwrap();
    let content = noise(FILE);
    for file in 0..FILES {
        let directory = scratch.path().join(format!("d{}", file % 100));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(format!("{file}.js")), &content).unwrap();
    }
    let mut group = criterion.benchmark_group("pack");
    group.throughput(Throughput::Elements(FILES as u64));
    let mut archive = Vec::new();
    group.bench_function("5000 files of 4 KiB", |bencher| {
        bencher.iter(|| {
            archive.clear();
            pack(scratch.path(), "done\n", &mut archive).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, packing);
criterion_main!(benches);
