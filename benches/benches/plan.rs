//! How long does the coordinator plan 1,000,000 members into 1,000 partitions?

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tarquet_common::archive::{ArchiveRef, Member};
use tarquet_container::{Check, Container, Entry, MemberKind, SeekPoint, seek::SeekTable};
use tarquet_coordinator::kinds::convert::{ArchiveTable, Shape, plan_convert};

const MEMBER_BYTES: u64 = 350_000;
const SPACING: u64 = 16 << 20;

/// An archive with a seek point every 16 MiB.
fn table(n: u32, members: u64) -> ArchiveTable {
    let step = (MEMBER_BYTES + 512).next_multiple_of(512);
    let stream = members * step;
    let point = |i| SeekPoint { compressed: i * SPACING / 2, uncompressed: i * SPACING, entry: Entry::Frame };
    ArchiveTable {
        archive: ArchiveRef {
            uri: format!("s3://bucket/frames_{n:02}.tar.lz4"),
            etag: "\"0\"".into(),
            size: stream / 2,
            container: Container::TarLz4,
        },
        index_key: Some(format!("index/{n}")),
        stream: false,
        members: (0..members)
            .map(|i| Member {
                name: format!("x/{i:06}.h5").into_bytes(),
                offset: i * step + 512,
                size: MEMBER_BYTES,
                kind: MemberKind::File,
                check: Check::Crc32c(1),
                zip: None,
            })
            .collect(),
        seek: SeekTable::Points((0..stream.div_ceil(SPACING)).map(point).collect()),
    }
}

fn million(c: &mut Criterion) {
    let tables: Vec<ArchiveTable> = (0..10).map(|n| table(n, 100_000)).collect();
    let mut group = c.benchmark_group("plan");
    group.sample_size(10);
    group.bench_function("1,000,000 members into 1,000 partitions", |b| {
        b.iter(|| {
            let plan = plan_convert(black_box(&tables), Shape::Partitions(1000), Some(128 << 20));
            assert_eq!(plan.partitions, 1000);
            plan
        });
    });
    group.finish();
}

criterion_group!(benches, million);
criterion_main!(benches);
