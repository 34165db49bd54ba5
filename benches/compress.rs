//! Compressing a chunk at the levels that can be configured, and back.
#![allow(clippy::unwrap_used)] // a broken setup should fail loudly

mod support;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nx_s3_cache::compress::{Compressor, decompress};
use nx_s3_cache::config::Compression;

/// A usual piece of a large file.
const PLAIN: usize = 1 << 20;

fn frames(c: &mut Criterion) {
    let plain = support::code(PLAIN, 1);
    let mut group = c.benchmark_group("compress");
    group
        .throughput(Throughput::Bytes(plain.len() as u64))
        .sample_size(20);
    let mut frame = Vec::new();
    for level in [1, 3, 6, 9] {
        let mut compressor = Compressor::new(Compression::Zstd(level)).unwrap();
        group.bench_function(BenchmarkId::new("zstd", level), |b| {
            b.iter(|| {
                frame.clear();
                compressor.frame(&plain, &mut frame)
            })
        });
    }
    frame.clear();
    Compressor::new(Compression::Zstd(3))
        .unwrap()
        .frame(&plain, &mut frame)
        .unwrap();
    group.bench_function("decompress", |b| b.iter(|| decompress(&frame, plain.len())));
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
