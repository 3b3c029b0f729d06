//! What does an archive cost: to index it, and to get members out of its middle?

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tarquet_benches::{BLOCKS, archive, bodies, index};

const MEMBERS: u32 = 200;

fn archives(c: &mut Criterion) {
    for blocks in BLOCKS {
        let bytes = archive(MEMBERS, blocks);
        let indexed = index(&bytes).unwrap();
        let mut group = c.benchmark_group(format!("archive/{blocks}"));
        group.sample_size(20);
        group.throughput(Throughput::Bytes(indexed.summary.index.uncompressed_len));
        group.bench_function("index", |b| b.iter(|| index(black_box(&bytes)).unwrap()));
        let half = &indexed.members[indexed.members.len() / 2..];
        group.throughput(Throughput::Bytes(half.iter().map(|m| m.size).sum()));
        group
            .bench_function("second half", |b| b.iter(|| bodies(&bytes, &indexed, black_box(half)).unwrap()));
        group.finish();
    }
}

criterion_group!(benches, archives);
criterion_main!(benches);
