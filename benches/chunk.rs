//! Cutting a stream into chunks, and naming them.

mod support;

use std::io::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nx_s3_cache::chunk::{ChunkId, ChunkWriter};

const STREAM: usize = 32 << 20;

fn cutting(c: &mut Criterion) {
    let stream = support::code(STREAM, 1);
    let mut group = c.benchmark_group("chunk");
    group.throughput(Throughput::Bytes(STREAM as u64)).sample_size(20);
    let mut buffer = Vec::new();
    group.bench_function("cut", |b| {
        b.iter(|| {
            let mut chunks = 0;
            let mut writer = ChunkWriter::new(&mut buffer, |_: &[u8]| {
                chunks += 1;
                Ok(())
            });
            writer
                .write_all(&stream)
                .and_then(|()| writer.finish())
                .map(|()| chunks)
        });
    });
    group.bench_function("name", |b| b.iter(|| ChunkId::of(&stream, None)));
    group.bench_function("name, with a key", |b| {
        b.iter(|| ChunkId::of(&stream, Some(&[7; 32])))
    });
    group.finish();
}

criterion_group!(benches, cutting);
criterion_main!(benches);
