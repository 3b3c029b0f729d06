//! The kinds of jobs: the one registry. A kind is one line of it. Then the compiler asks for an arm in the planners', the
//! workers' and the faces' `of` (`kinds/registry.rs` of `tarquet-coordinator`, `tarquet-worker` and `tarquet`).

use crate::{
    kinds::convert::ConvertSpec,
    sections::{Errors, KindSpec, Objects, Place, SpecError},
    store::StoreSettings,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;
use std::{any::Any, fmt, str::FromStr};

/// `Variant(its spec) = "its word"`, for each kind.
macro_rules! kinds {
    ($($(#[doc = $about:literal])* $kind:ident($spec:ty) = $word:literal,)*) => {
        /// What kind of work a job is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[doc = $about])* #[serde(rename = $word)] $kind,)*
        }

        /// One job, as the user asks for it.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Spec {
            $($(#[doc = $about])* $kind($spec),)*
        }

        impl Kind {
            /// All of them, in the order in which they are listed.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$kind),*];

            /// The word for it, the same everywhere.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }

            /// Reads the spec of this kind.
            pub(super) fn read<R: ReadSpec>(self, reader: R) -> Result<Spec, R::Error> {
                match self {
                    $(Self::$kind => reader.read().map(Spec::$kind),)*
                }
            }
        }

        impl Spec {
            /// What kind of work.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            fn sections(&self) -> &dyn KindSpec {
                match self {
                    $(Self::$kind(spec) => spec,)*
                }
            }

            fn sections_mut(&mut self) -> &mut dyn KindSpec {
                match self {
                    $(Self::$kind(spec) => spec,)*
                }
            }
        }
    };
}

kinds! {
    /// Archives of pandas HDF5 frames become Parquet partitions.
    Convert(ConvertSpec) = "convert",
}

/// A text or value that a kind's spec is read from.
pub(super) trait ReadSpec {
    /// Why it is not one.
    type Error;

    /// Reads it as `T`.
    fn read<T: DeserializeOwned>(self) -> Result<T, Self::Error>;
}

impl Spec {
    /// Version of the format.
    pub fn version(&self) -> u32 {
        self.sections().version()
    }

    /// The job's name for people: as given, or the output's last segment.
    pub fn display_name(&self) -> &str {
        self.sections().name().unwrap_or_else(|| self.place().last_segment())
    }

    /// Which objects are read.
    pub fn objects(&self) -> Objects<'_> {
        self.sections().objects()
    }

    /// Where the output goes.
    pub fn place(&self) -> Place<'_> {
        self.sections().place()
    }

    /// What a failing item means.
    pub fn errors(&self) -> &Errors {
        self.sections().errors()
    }

    /// Every store section of the spec: what flags may complete.
    pub fn stores_mut(&mut self) -> Vec<&mut StoreSettings> {
        self.sections_mut().stores_mut()
    }

    /// Every place that the spec names, as it was written.
    pub fn uris_mut(&mut self) -> Vec<&mut String> {
        self.sections_mut().uris_mut()
    }

    /// The spec as the type of one kind; `None` if it is another kind's.
    pub fn downcast<T: KindSpec>(&self) -> Option<&T> {
        let sections: &dyn Any = self.sections();
        sections.downcast_ref()
    }

    /// What types cannot say, as far as only the kind knows it.
    pub(super) fn check_kind(&self) -> Result<(), SpecError> {
        self.sections().check()
    }
}

impl Serialize for Spec {
    /// The kind's own sections, with `kind` where people write it: behind `version`.
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let value = self.sections().to_value().map_err(serde::ser::Error::custom)?;
        let Value::Object(mut sections) = value else {
            return Err(serde::ser::Error::custom("a spec is a table"));
        };
        sections.shift_insert(1.min(sections.len()), "kind".to_owned(), self.kind().as_str().into());
        sections.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Of(Value);
        impl ReadSpec for Of {
            type Error = serde_json::Error;
            fn read<T: DeserializeOwned>(self) -> Result<T, Self::Error> {
                serde_json::from_value(self.0)
            }
        }
        let value = Value::deserialize(d)?;
        let header: Header = Header::deserialize(&value).map_err(serde::de::Error::custom)?;
        header.kind.read(Of(value)).map_err(serde::de::Error::custom)
    }
}

/// What is read of a spec before its kind is known.
#[derive(Deserialize)]
pub(super) struct Header {
    /// Decides what the rest has to be.
    pub(super) kind: Kind,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no kind of this build.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this build knows no kind {0:?}")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or_else(|| UnknownKind(word.to_owned()))
    }
}
