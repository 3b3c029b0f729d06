//! The same contract on a directory.
//!
//! The **root** holds only objects. Everything else lies in the **area**, a directory beside it on the same device
//! (`<root>.tarquet/`, or the `….tarquet` directory that the root lies in): `uploads/` has what is being written,
//! `meta/` the metadata of finished objects.
//!
//! ```text
//! out/part-00000.parquet                the object
//! out.tarquet/meta/INODE-MTIME-SIZE     its metadata; a file that was overwritten has none
//! out.tarquet/uploads/tmp-RANDOM        an object being put
//! out.tarquet/uploads/ID/               an upload, see `uploads`
//! ```
//!
//! What is promised: an object appears by one rename (without replacing, where that was asked for) after its bytes
//! and metadata are on the disk, and the directory is synced before the call returns. What is not: on file systems
//! that know neither `RENAME_NOREPLACE` nor hard links, nothing is written at all.

mod area;
mod direct;
mod files;
mod imp;
mod sidecar;
mod uploads;
mod walk;

pub use direct::aligned_buffer;
pub use imp::LocalStore;
