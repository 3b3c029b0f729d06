//! Tables of archives of which only a head is known. Pure.
//!
//! What a head shows is taken to go on to the archive's end: the same members again and again, as many bytes of the
//! object for each as in the head.

use super::{
    filter::{Filter, Ignored},
    head::Head,
    shape::ArchiveTable,
};
use tarquet_common::archive::{ArchiveRef, Check, Container, Member, SeekPoint};
use tarquet_container::seek::SeekTable;

/// Members that are made up for a job, at most: a head of tiny members may stand for any number of them.
const MEMBERS_MAX: usize = 16_000_000;
/// Seek points that are made up for an archive, at most.
const POINTS_MAX: u64 = 1_000_000;
/// Members start at multiples of this.
const BLOCK: u64 = 512;

/// Makes up tables.
pub(super) struct Estimator<'a> {
    filter: &'a Filter,
    /// Members that may still be made up.
    left: usize,
    /// Members that do not count, in all archives so far.
    pub(super) ignored: u64,
}

impl<'a> Estimator<'a> {
    /// One for a job.
    pub(super) fn new(filter: &'a Filter) -> Self {
        Self { filter, left: MEMBERS_MAX, ignored: 0 }
    }

    /// Said when there are more members than can be made up.
    pub(super) fn warning(&self) -> Option<String> {
        (self.left == 0).then(|| format!("figures are of the first {MEMBERS_MAX} members: there are more"))
    }

    /// The table of an archive whose `head` is all of it.
    pub(super) fn known(&mut self, archive: &ArchiveRef, head: &Head) -> ArchiveTable {
        let (members, ignored) = self.counted(head);
        self.ignored += ignored;
        let seek = seek_table(archive.container, || head.points.clone());
        table(archive, seek, head.uncompressed, members.into_iter().cloned().collect())
    }

    /// The table of an archive, judged by a `head` of its own or of another.
    pub(super) fn estimated(&mut self, archive: &ArchiveRef, head: &Head) -> ArchiveTable {
        let (counted, ignored) = self.counted(head);
        let length = share(head.uncompressed, archive.size, head.compressed);
        // Members are repeated as they stand; what stands behind the last whole one is the beginning of the next.
        let period = head.members.last().map_or(0, |m| end(m).div_ceil(BLOCK).saturating_mul(BLOCK));
        self.ignored += share(ignored, length, period);
        let repeated = (0..length)
            .step_by(usize::try_from(period).unwrap_or(usize::MAX).max(1))
            .flat_map(|base| counted.iter().map(move |m| again(m, base)))
            // One that would be cut counts if half of it is there, so that many archives are not all judged short.
            .take_while(|m| m.offset.saturating_add(m.stored() / 2) <= length);
        let members: Vec<Member> = match counted.is_empty() {
            true => Vec::new(),
            false => repeated.take(self.left).collect(),
        };
        self.left -= members.len();
        table(archive, seek_table(archive.container, || spread(head, archive, length)), length, members)
    }

    /// The members of a head that count, and the number of others.
    fn counted<'h>(&self, head: &'h Head) -> (Vec<&'h Member>, u64) {
        let mut ignored = Ignored::default();
        let counted = head.members.iter().filter(|m| self.filter.counts(m, &mut ignored)).collect();
        (counted, ignored.total())
    }
}

/// Where a member's bytes end.
fn end(member: &Member) -> u64 {
    member.offset.saturating_add(member.stored())
}

/// The same member again, so many bytes later. Names are of no use to a planner.
fn again(member: &Member, base: u64) -> Member {
    let Member { offset, size, kind, zip, .. } = *member;
    Member { name: Vec::new(), offset: base.saturating_add(offset), size, kind, check: Check::Unknown, zip }
}

fn table(archive: &ArchiveRef, seek: SeekTable, length: u64, members: Vec<Member>) -> ArchiveTable {
    let stream = !seek.is_seekable(archive.container, length);
    ArchiveTable { archive: archive.clone(), index_key: None, seek, stream, members }
}

fn seek_table(container: Container, points: impl FnOnce() -> Vec<SeekPoint>) -> SeekTable {
    match container {
        Container::Tar | Container::Zip | Container::Loose => SeekTable::Anywhere,
        Container::TarLz4 | Container::TarGz | Container::TarZst => SeekTable::Points(points()),
    }
}

/// Seek points over a whole archive, as far apart as in its head; where the head has only the first, no others.
fn spread(head: &Head, archive: &ArchiveRef, length: u64) -> Vec<SeekPoint> {
    let seen = head.points.len() as u64;
    if seen <= 1 {
        return vec![SeekPoint::START];
    }
    let step = (head.uncompressed / seen).max(length / POINTS_MAX).max(1);
    let at = (0..length).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    at.map(|uncompressed| SeekPoint {
        compressed: share(uncompressed, archive.size, length),
        uncompressed,
        ..SeekPoint::START
    })
    .collect()
}

/// `part` of `whole`, taken of `of` instead.
fn share(part: u64, of: u64, whole: u64) -> u64 {
    u64::try_from(u128::from(part) * u128::from(of) / u128::from(whole.max(1))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::{archive::MemberKind, kinds::convert::Members};

    fn archive(container: Container, size: u64) -> ArchiveRef {
        ArchiveRef { uri: "a".to_owned(), etag: "e".to_owned(), size, container }
    }

    /// Ten files of 1,000 bytes, each in three blocks, every fifth a text; compressed to a fifth.
    fn head(points: u64) -> Head {
        let member = |i: u64| Member {
            offset: i * 1536 + 512,
            ..Member::loose(if i % 5 == 4 { "a.txt" } else { "a.h5" }, 1000)
        };
        Head {
            uncompressed: 15_872,
            compressed: 3_174,
            members: (0..10).map(member).collect(),
            points: (0..points).map(|i| SeekPoint { uncompressed: i * 1000, ..SeekPoint::START }).collect(),
            ..Head::default()
        }
    }

    fn estimated(archive: &ArchiveRef, head: &Head) -> (ArchiveTable, u64) {
        let filter = Filter::new(&Members::default()).unwrap();
        let mut estimator = Estimator::new(&filter);
        let table = estimator.estimated(archive, head);
        (table, estimator.ignored)
    }

    #[test]
    fn a_head_goes_on_to_the_end() {
        let (table, ignored) = estimated(&archive(Container::TarLz4, 3_174 * 1000), &head(15));
        assert!((8_200..=8_300).contains(&table.members.len()), "{}", table.members.len());
        assert!((2_000..=2_080).contains(&ignored), "{ignored}");
        assert!(table.members.windows(2).all(|m| m[0].offset + 1000 < m[1].offset));
        assert!(table.members.iter().all(|m| m.size == 1000 && m.kind == MemberKind::File));
        let points = table.seek.points();
        assert_eq!(points.first(), Some(&SeekPoint::START));
        assert!((14_000..=16_000).contains(&points.len()) && !table.stream, "{}", points.len());
    }

    #[test]
    fn one_frame_is_a_stream_and_many_are_not() {
        for (container, points, stream) in [
            (Container::TarGz, 1, true),
            (Container::TarZst, 15, false),
            (Container::TarLz4, 1, false),
            (Container::Tar, 0, false),
        ] {
            let (table, _) = estimated(&archive(container, 1 << 20), &head(points));
            assert_eq!(table.stream, stream, "{container}");
        }
    }

    #[test]
    fn what_shows_nothing_stands_for_nothing() {
        for head in [Head::default(), Head { members: Vec::new(), ..head(1) }] {
            let (table, ignored) = estimated(&archive(Container::TarLz4, 1 << 30), &head);
            assert_eq!((table.members.len(), ignored), (0, 0));
        }
    }

    #[test]
    fn no_head_makes_up_more_than_memory_holds() {
        let filter = Filter::new(&Members::default()).unwrap();
        let mut estimator = Estimator { left: 1000, ..Estimator::new(&filter) };
        let table = estimator.estimated(&archive(Container::TarLz4, 1 << 50), &head(15));
        assert_eq!(table.members.len(), 1000);
        assert!(table.seek.points().len() as u64 <= POINTS_MAX + 1);
        assert!(estimator.warning().is_some());
    }
}
