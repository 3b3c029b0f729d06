//! The one file that names each kind. A new one is an arm in each match here, its inputs in what the help says, and a folder.

use super::{
    convert,
    face::Face,
    words::{NEUTRAL, Words},
};
use crate::{generate::Maker, object::Object};
use tarquet_common::{failure::Failure, spec::Kind};

pub(crate) use convert::RunFlags;

/// The face of a kind.
pub(crate) fn of(kind: Kind) -> &'static dyn Face {
    match kind {
        Kind::Convert => &convert::Convert,
    }
}

/// What each kind can make to be tried with.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Make {
    /// For `convert`.
    #[command(flatten)]
    Convert(convert::Make),
}

impl Make {
    /// Whose it is.
    pub(crate) fn maker(&self) -> &dyn Maker {
        match self {
            Self::Convert(make) => make,
        }
    }
}

/// The words of a kind by its name, as a coordinator tells it.
pub(crate) fn words_of(kind: &str) -> &'static Words {
    kind.parse().map_or(&NEUTRAL, |kind| of(kind).words())
}

/// What Tarquet does.
pub(crate) const ABOUT: &str = "Turns archives of pandas HDF5 frames into query-ready Parquet, on one machine or many, in \
                                bounded memory, and survives whatever happens to those machines.";
/// What can be looked into.
pub(crate) const INSPECT: &str = "Look into an archive or a member";
/// What an object to look into may be.
pub(crate) const INSPECT_URI: &str = "An archive or a loose .h5 file: a path or an s3:// URI";
/// How to look into one.
pub(crate) const INSPECT_EXAMPLES: &str = "Examples:\n  tarquet inspect s3://in/frames_07.tar.lz4\n  \
     tarquet inspect frames_07.tar.lz4 --member x/004112.h5\n  tarquet inspect one.h5";
/// How to plan a job, and what to know of a plan.
pub(crate) const PLAN_NOTE: &str = "Examples:\n  tarquet plan frames.toml\n  \
     tarquet plan --input 'data/*.tar.lz4' --output out --partitions 8\n\n\
     Archives without an index are judged by their beginnings; such figures are marked.";

/// Most bytes of an object's beginning that a kind is known by.
const HEAD_BYTES: usize = 4096;

/// The kind that an object would be an input of: by its name, else by its first bytes.
///
/// # Errors
/// That it is none's, and what its name would have to be; what the store said.
pub(crate) async fn reader_of(object: &Object) -> Result<&'static dyn Face, Failure> {
    let faces = Kind::ALL.map(of);
    match by_name(&faces, &object.uri) {
        Ok(face) => Ok(face),
        Err(refusal) => by_head(&faces, &object.head(HEAD_BYTES).await?).ok_or(refusal),
    }
}

/// The first that claims the name. A refusal says what every one of them would have taken.
pub(super) fn by_name<'a>(faces: &[&'a dyn Face], uri: &str) -> Result<&'a dyn Face, Failure> {
    let mut refusals = Vec::new();
    for face in faces {
        match face.claim(uri) {
            Ok(()) => return Ok(*face),
            Err(refusal) => refusals.push(refusal),
        }
    }
    let expected: Vec<String> = refusals.iter().filter_map(|refusal| refusal.expected.clone()).collect();
    let first = refusals.into_iter().next().expect("there are kinds");
    Err(Failure { expected: Some(expected.join(" ")).filter(|e| !e.is_empty()), ..first })
}

/// The first that knows the bytes.
pub(super) fn by_head<'a>(faces: &[&'a dyn Face], head: &[u8]) -> Option<&'a dyn Face> {
    faces.iter().copied().find(|face| face.knows(head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{convert::Convert, made_up::Lines, words::Noun};

    #[test]
    fn every_kind_has_words_for_its_stages() {
        for kind in Kind::ALL {
            let words = words_of(kind.as_str());
            assert_eq!(words.stages.last().map(|stage| stage.name), Some("publish"), "{kind}");
            assert!(words.stages.iter().all(|stage| words.doing(stage.name) == Some(stage.doing)));
        }
    }

    #[test]
    fn a_kind_of_a_newer_coordinator_has_neutral_words() {
        let words = words_of("weave");
        assert_eq!(words.item.counted(1), "1 item");
        assert_eq!((words.source.counted(2), words.doing("index")), ("2 objects".to_owned(), None));
        assert_eq!(Noun::default(), words.item);
    }

    #[test]
    fn an_object_is_claimed_by_its_name_and_known_by_its_bytes() {
        let faces: [&dyn Face; 2] = [&Convert, &Lines];
        let item = |face: &dyn Face| face.words().item.one;
        assert_eq!(by_name(&faces, "s3://b/x.tar.gz").map(item).ok(), Some("member"));
        assert_eq!(by_name(&faces, "s3://b/x.gz").map(item).ok(), Some("line"));
        let refusal = by_name(&faces, "s3://b/x.json").err().unwrap();
        assert!(refusal.expected.unwrap().ends_with(".h5 .hdf5 .hdf .he5 .gz"));
        assert_eq!(by_head(&faces, b"{\"a\": 1}").map(item), Some("line"));
        assert!(by_head(&faces, b"\x89PNG").is_none());
    }
}
