use super::{sample::sample, *};
use tarquet_common::{
    archive::{ArchiveRef, Member},
    kinds::convert::{ConvertBlock, SampleBlock},
    stage_plan::decode_block,
};
use tarquet_container::{Check, Container, Entry, MemberKind, SeekPoint, seek::SeekTable};

const MIB: u64 = 1 << 20;

#[derive(Clone, Copy, PartialEq)]
enum Access {
    Direct,
    Seekable,
    Stream,
}

/// An archive of `members` members of `size` bytes, each behind a 512-byte header, with a seek point every `spacing` bytes.
fn table(uri: &str, access: Access, members: u64, size: u64, spacing: u64) -> ArchiveTable {
    let step = (size + 512).next_multiple_of(512);
    let stream = members * step;
    let point = |i| SeekPoint { compressed: i * spacing / 2, uncompressed: i * spacing, entry: Entry::Frame };
    ArchiveTable {
        archive: ArchiveRef {
            uri: uri.into(),
            etag: "e".into(),
            size: if access == Access::Direct { stream } else { stream / 2 },
            container: if access == Access::Direct { Container::Tar } else { Container::TarLz4 },
        },
        index_key: None,
        stream: access == Access::Stream,
        members: (0..members)
            .map(|i| Member {
                name: format!("m{i}.h5").into_bytes(),
                offset: i * step + 512,
                size,
                kind: MemberKind::File,
                check: Check::Crc32c(1),
                zip: None,
            })
            .collect(),
        seek: match access {
            Access::Direct => SeekTable::Anywhere,
            Access::Seekable => SeekTable::Points((0..stream.div_ceil(spacing)).map(point).collect()),
            Access::Stream => SeekTable::Points(vec![SeekPoint::START]),
        },
    }
}

fn blocks(plan: &ConvertPlan) -> Vec<ConvertBlock> {
    plan.shards.iter().map(|s| decode_block(&s.block).unwrap()).collect()
}

fn names(plan: &ConvertPlan) -> Vec<(String, Vec<u8>)> {
    let runs = blocks(plan).into_iter().flat_map(|b| b.runs);
    runs.flat_map(|r| r.members.into_iter().map(move |m| (r.archive.uri.clone(), m.name))).collect()
}

#[test]
fn every_member_is_in_one_partition_in_order() {
    let tables = [
        table("a", Access::Seekable, 50, MIB, MIB),
        table("b", Access::Stream, 7, MIB, MIB),
        table("c", Access::Stream, 90, MIB, MIB),
        table("d", Access::Direct, 20, MIB, MIB),
    ];
    for n in [1, 2, 3, 10, 50, 167, 1000] {
        let plan = plan_convert(&tables, Shape::Partitions(n), Some(128 * MIB));
        let all = names(&plan);
        assert_eq!(all.len(), 167);
        let expected: Vec<_> = tables
            .iter()
            .flat_map(|t| t.members.iter().map(|m| (t.archive.uri.clone(), m.name.clone())))
            .collect();
        assert_eq!(all, expected);
        let numbers: Vec<u32> =
            blocks(&plan).iter().flat_map(|b| b.partitions.iter().map(|p| p.number)).collect();
        assert_eq!(numbers, (0..plan.partitions).collect::<Vec<_>>(), "numbered without gaps");
        let counted: u64 = blocks(&plan).iter().flat_map(|b| b.partitions.iter().map(|p| p.members)).sum();
        assert_eq!(counted, 167);
        assert!(blocks(&plan).iter().all(|b| b.partitions.iter().all(|p| p.members > 0)));
    }
}

#[test]
fn a_stream_is_read_by_one_shard() {
    let tables = [table("a", Access::Stream, 100, MIB, MIB)];
    let plan = plan_convert(&tables, Shape::Partitions(10), Some(MIB));
    assert_eq!((plan.shards.len(), plan.partitions), (1, 10));
    assert_eq!(blocks(&plan)[0].runs.len(), 1, "in one run");
}

#[test]
fn a_small_stream_is_cut_only_at_its_ends() {
    let tables = [table("a", Access::Stream, 3, MIB, MIB), table("b", Access::Stream, 3, MIB, MIB)];
    let plan = plan_convert(&tables, Shape::Partitions(2), Some(MIB));
    assert_eq!(plan.partitions, 2);
    let plan = plan_convert(&tables, Shape::Partitions(1), Some(MIB));
    assert_eq!(blocks(&plan)[0].runs.len(), 2);
}

#[test]
fn a_run_fetches_from_the_seek_point_before_to_the_one_after() {
    let tables = [table("a", Access::Seekable, 100, MIB, 4 * MIB)];
    let plan = plan_convert(&tables, Shape::Partitions(10), Some(MIB));
    let block = &blocks(&plan)[5];
    let run = &block.runs[0];
    let start = run.start.uncompressed;
    assert!(start <= run.members[0].offset && run.members[0].offset < start + 4 * MIB);
    let fetched: u64 =
        blocks(&plan).iter().flat_map(|b| &b.runs).map(|r| r.fetch_to - r.start.compressed).sum();
    assert!(fetched <= tables[0].archive.size + 10 * 2 * 4 * MIB, "one spacing a boundary at most");
}

#[test]
fn a_loose_object_is_a_run_of_its_own() {
    let mut t = table("a", Access::Direct, 4, MIB, MIB);
    t.archive.container = Container::Loose;
    let plan = plan_convert(&[t], Shape::PartitionBytes(2 * MIB), Some(MIB));
    assert_eq!(plan.partitions, 2);
    assert_eq!(blocks(&plan)[0].runs.len(), 2);
}

#[test]
fn nothing_to_convert_is_no_partition() {
    let plan = plan_convert(&[table("a", Access::Seekable, 0, 1, MIB)], Shape::Partitions(5), Some(MIB));
    assert_eq!((plan.partitions, plan.shards.len(), plan.members), (0, 0, 0));
}

#[test]
fn the_sample_has_member_0_and_every_archive_and_is_cheap() {
    let tables: Vec<_> =
        (0..10).map(|i| table(&format!("a{i}"), Access::Seekable, 200, 360_000, 2 * MIB)).collect();
    let plan = sample(&tables, Some(64));
    // A twentieth of the input is what the sample may cost, and a member with what is fetched beyond it is large here.
    assert!((45..=64).contains(&plan.sampled) && plan.of == 2000, "{} of {}", plan.sampled, plan.of);
    let blocks: Vec<SampleBlock> = plan.shards.iter().map(|s| decode_block(&s.block).unwrap()).collect();
    let runs: Vec<_> = blocks.iter().flat_map(|b| &b.runs).collect();
    assert_eq!(runs[0].members[0].name, b"m0.h5");
    for t in &tables {
        assert!(runs.iter().any(|r| r.archive.uri == t.archive.uri));
    }
    let decoded: u64 =
        runs.iter().map(|r| r.members[0].offset + r.members[0].size - r.start.uncompressed).sum();
    assert!(decoded * 20 <= tables.iter().map(ArchiveTable::member_bytes).sum::<u64>(), "{decoded}");
    assert_eq!(plan, sample(&tables, Some(64)));
}

#[test]
fn a_scan_takes_every_member_once() {
    let tables = [table("a", Access::Seekable, 300, MIB, MIB), table("b", Access::Stream, 300, MIB, MIB)];
    let plan = sample(&tables, None);
    assert_eq!(plan.sampled, 600);
    let shards: Vec<SampleBlock> = plan.shards.iter().map(|s| decode_block(&s.block).unwrap()).collect();
    assert_eq!(shards.iter().flat_map(|b| &b.runs).map(|r| r.members.len()).sum::<usize>(), 600);
    assert!(shards.iter().flat_map(|b| &b.runs).filter(|r| r.archive.uri == "b").count() == 1);
}

#[test]
fn few_small_members_are_all_sampled() {
    for access in [Access::Seekable, Access::Direct, Access::Stream] {
        let plan = sample(&[table("a", access, 9, 10_000, MIB)], Some(64));
        assert_eq!((plan.sampled, plan.of, plan.shards.len()), (9, 9, 1));
    }
}
