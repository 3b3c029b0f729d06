//! What an archive is, in the words that planner, workers and decoders share. Plain data: reading one is the work of
//! `tarquet-container`.
//!
//! An **archive** is an object in some [`Container`]; it holds **[members](Member)**. A loose object is its own single
//! member. A **[seek point](SeekPoint)** is where decompression can start. A **[run](Run)** is a stretch of members of one
//! archive that a worker reads in one go, from one seek point.

mod container;
mod keys;
mod member;
mod seek;

pub use container::Container;
pub use keys::{ArchiveIdentity, INDEX_VERSION, index_key, members_key, windows_key};
pub use member::{ArchiveRef, Check, Member, MemberKind, Run, ZipStorage};
pub use seek::{Entry, SeekPoint, WINDOW_LEN, Window};
