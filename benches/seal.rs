//! Sealing objects and opening them, small and large; deriving the key from a passphrase.
#![allow(clippy::unwrap_used)] // a broken setup should fail loudly

mod support;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nx_s3_cache::seal::{MasterKey, SALT_LEN};
use nx_s3_cache::secret::Secret;

const CONTEXT: &[u8] = b"what the object is";

/// A message with `plain`, as it is sealed in place.
fn seal(key: &MasterKey, plain: &[u8]) -> Vec<u8> {
    let mut message = [&[0; SALT_LEN], plain].concat();
    key.seal(CONTEXT, &mut message, 0).unwrap();
    message
}

fn sealing(c: &mut Criterion) {
    let key = MasterKey::derive(&Secret::new("ab".repeat(32))).unwrap();
    let mut group = c.benchmark_group("seal");
    group.sample_size(20);
    for kib in [4, 64, 1024] {
        let plain = support::code(kib << 10, 1);
        let sealed = seal(&key, &plain);
        group.throughput(Throughput::Bytes(plain.len() as u64));
        group.bench_function(BenchmarkId::new("seal, KiB", kib), |b| {
            b.iter(|| seal(&key, &plain))
        });
        group.bench_function(BenchmarkId::new("open, KiB", kib), |b| {
            b.iter(|| key.open(CONTEXT, &sealed))
        });
    }
    group.finish();
    c.bench_function("derive a key from a passphrase", |b| {
        b.iter(|| MasterKey::derive(&Secret::new("correct horse battery staple".into())))
    });
}

criterion_group!(benches, sealing);
criterion_main!(benches);
