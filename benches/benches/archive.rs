//! What does an archive cost: to index it, and to get members out of its middle? And one member, step by step: to decode, to
//! fit into the schema, to encode in each profile?

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tarquet_benches::{BLOCKS, archive, bodies, index};
use tarquet_common::spec::Profile;
use tarquet_decode::{Options, decode};
use tarquet_encode::{
    JoinedSchema, OutputSettings, ParquetEncoder, PartWriter, SampledSchema, SchemaRules, conform,
};

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

fn steps(c: &mut Criterion) {
    let bytes = archive(8, "linked");
    let indexed = index(&bytes).unwrap();
    let member = bodies(&bytes, &indexed, &indexed.members).unwrap().swap_remove(0);
    let options = Options::default();
    let frame = decode(member.clone(), &options).unwrap();
    let joined = JoinedSchema::from(&SampledSchema::of(&frame).unwrap());
    let schema = joined.freeze(&SchemaRules::default(), 1).unwrap();
    let layout = schema.layout();
    let (batch, _) = conform(&schema, &frame, None).unwrap();

    let mut group = c.benchmark_group("member");
    group.throughput(Throughput::Bytes(member.len() as u64));
    group.bench_function("decode", |b| {
        b.iter_batched(|| member.clone(), |m| decode(m, &options).unwrap(), BatchSize::SmallInput);
    });
    group.bench_function("conform", |b| b.iter(|| conform(&schema, black_box(&frame), None).unwrap()));
    for profile in [Profile::Portable, Profile::Fast, Profile::Compact] {
        let settings = OutputSettings { profile, ..OutputSettings::default() };
        // as many rows as a row group has, so that the footer does not weigh
        group.throughput(Throughput::Bytes(100 * batch.get_array_memory_size() as u64));
        group.sample_size(10);
        group.bench_function(format!("encode 100, {profile:?}"), |b| {
            b.iter(|| {
                let mut encoder = ParquetEncoder::new(&layout, &settings).unwrap();
                for _ in 0..100 {
                    encoder.push(black_box(&batch)).unwrap();
                    drop(encoder.take_ready().unwrap());
                }
                encoder.finish().unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, archives, steps);
criterion_main!(benches);
