//! Which members count.

use crate::inputs::{Case, globs};
use globset::GlobSet;
use std::collections::BTreeMap;
use tarquet_common::{
    failure::Failure,
    kinds::convert::{DEFAULT_MEMBERS, Members, SKIPPED_MEMBERS},
};
use tarquet_container::{Member, MemberKind};

/// The spec's member filter, ready to use.
#[derive(Debug)]
pub struct Filter {
    include: GlobSet,
    exclude: GlobSet,
}

/// What was left out, by reason; for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Plain files that do not match.
    pub unmatched: u64,
    /// What matches but is a link, a device or a folder: by kind.
    pub not_files: BTreeMap<MemberKind, u64>,
}

impl Ignored {
    /// Counts what was left out elsewhere, too.
    pub(super) fn add(&mut self, others: Self) {
        self.unmatched += others.unmatched;
        for (kind, n) in others.not_files {
            *self.not_files.entry(kind).or_default() += n;
        }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.unmatched + self.not_files.values().sum::<u64>()
    }
}

impl Filter {
    /// Reads the spec's globs.
    ///
    /// # Errors
    /// `BAD_GLOB`.
    pub fn new(members: &Members) -> Result<Self, Failure> {
        let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let plain = members.include.is_empty();
        let include = if plain { owned(&DEFAULT_MEMBERS) } else { members.include.clone() };
        let mut exclude = members.exclude.clone();
        if plain {
            exclude.extend(owned(&SKIPPED_MEMBERS));
        }
        let case = if plain { Case::Any } else { Case::AsWritten };
        Ok(Self { include: globs(&include, case)?, exclude: globs(&exclude, Case::AsWritten)? })
    }

    /// Whether a member counts; if not, why is counted in `ignored`. Links and devices are reported, never followed; what
    /// has content that cannot be had (sparse, encrypted) counts, and fails by name when its turn comes.
    pub fn counts(&self, member: &Member, ignored: &mut Ignored) -> bool {
        let name = String::from_utf8_lossy(&member.name);
        let name = name.trim_start_matches("./").trim_start_matches('/');
        if member.kind == MemberKind::Dir {
            return false;
        }
        if !self.include.is_match(name) || self.exclude.is_match(name) {
            ignored.unmatched += 1;
            return false;
        }
        match member.kind {
            MemberKind::File | MemberKind::Sparse | MemberKind::Encrypted | MemberKind::Method => true,
            MemberKind::Dir
            | MemberKind::Symlink
            | MemberKind::Hardlink
            | MemberKind::Device
            | MemberKind::Other => {
                *ignored.not_files.entry(member.kind).or_default() += 1;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &[u8], kind: MemberKind) -> Member {
        Member { kind, ..Member::loose(name, 1) }
    }

    #[test]
    fn suffixes_count_in_any_case_and_globs_of_the_spec_as_they_are_written() {
        let counts = |filter: &Filter, name: &str| {
            filter.counts(&member(name.as_bytes(), MemberKind::File), &mut Ignored::default())
        };
        let plain = Filter::new(&Members::default()).unwrap();
        assert!(["a.H5", "x/B.HDF5", "c.hdf", "d.He5"].iter().all(|name| counts(&plain, name)));
        let ours =
            Filter::new(&Members { include: vec!["**/*.h5".to_owned()], exclude: Vec::new() }).unwrap();
        assert!(counts(&ours, "x/a.h5") && !counts(&ours, "x/a.H5"));
    }

    #[test]
    fn hdf5_counts_by_default_and_apple_doubles_do_not() {
        let filter = Filter::new(&Members::default()).unwrap();
        let mut ignored = Ignored::default();
        let mut counts = |name: &[u8]| filter.counts(&member(name, MemberKind::File), &mut ignored);
        assert!(
            counts(b"a.h5")
                && counts(b"x/y/b.hdf5")
                && counts(b"./c.h5")
                && counts(b"/abs/d.h5")
                && counts(b"../e.h5")
        );
        assert!(counts(b"caf\xe9.h5"), "names need not be UTF-8");
        assert!(!counts(b"._a.h5") && !counts(b"x/._a.h5") && !counts(b"readme.txt"));
        assert_eq!(ignored.unmatched, 3);
    }

    #[test]
    fn links_are_counted_and_not_followed() {
        let filter = Filter::new(&Members::default()).unwrap();
        let mut ignored = Ignored::default();
        for kind in [MemberKind::Symlink, MemberKind::Hardlink, MemberKind::Device] {
            assert!(!filter.counts(&member(b"a.h5", kind), &mut ignored));
        }
        assert!(filter.counts(&member(b"a.h5", MemberKind::Sparse), &mut ignored));
        assert_eq!(ignored.not_files.values().sum::<u64>(), 3);
    }

    #[test]
    fn a_filter_of_ones_own_replaces_the_default() {
        let members = Members { include: vec!["keep/*.bin".into()], exclude: vec!["**/no*".into()] };
        let filter = Filter::new(&members).unwrap();
        let mut ignored = Ignored::default();
        assert!(filter.counts(&member(b"keep/a.bin", MemberKind::File), &mut ignored));
        assert!(!filter.counts(&member(b"keep/no.bin", MemberKind::File), &mut ignored));
        assert!(
            !filter.counts(&member(b"keep/x/a.bin", MemberKind::File), &mut ignored),
            "* stops at slashes"
        );
        assert!(!filter.counts(&member(b"a.h5", MemberKind::File), &mut ignored));
    }
}
