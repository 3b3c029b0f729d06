//! Zip archives: a directory at the end, members that can be fetched one by one.
//!
//! The **end record** (with its zip64 variant) says where the **directory** lies; a directory **entry** says
//! where a member's **local header** lies, in front of its body. The format is PKWARE's APPNOTE 6.3.10. The
//! directory is read here and not by a library because two members of one name are two members.

mod bodies;
mod directory;
mod end;
mod ranged;

pub(crate) use bodies::ZipBodies;
pub(crate) use directory::each_member;
pub(crate) use end::find_directory;
pub(crate) use ranged::{LOCAL_HEADER_LEN, u16_at, u32_at, u64_at};
pub use ranged::{RangedReader, member_range};
