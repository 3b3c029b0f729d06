//! The object store: what the rest of Tarquet may ask of S3 and of a disk.
//!
//! A **store** is opened at a **root** ([`Uri`]: a bucket, a prefix or a directory) and speaks of **objects** by their
//! **key**, the name relative to the root. An object is visible whole or not at all, has **metadata** given when it
//! was written, and an **ETag** that is another one once it was overwritten.
//!
//! An object appears by [`put`](Store::put), by [`put_if_absent`](Store::put_if_absent), or by completing an
//! **upload**: parts sent under a final key that nobody sees until [`complete_upload`](Store::complete_upload), which
//! may be called by another process, much later, or never.
//!
//! ```text
//!              Stores::open(&Uri, &StoreSettings) -> Arc<dyn Store>
//!                  │                    │
//!               S3Store             LocalStore
//!        the one door of aws_sdk_s3   a directory
//! ```
//!
//! Every implementation runs the same contract suite (`common/tests/store`); what is believed of S3 stands in
//! [`assumptions`], and [`probe`] finds out whether a store keeps its word.

mod api;
pub mod assumptions;
pub mod checksum;
mod endpoint;
mod error;
mod known;
mod local;
mod open;
mod probe;
mod s3;
mod uri;

pub use api::{
    ByteStream, CompleteOutcome, Lifecycle, Metadata, Object, ObjectMeta, Page, PutOutcome, Removal, Skipped,
    Store, StoreSettings, UploadInfo, list_all,
};
pub use endpoint::{BadEndpoint, Endpoint};
pub use error::StoreError;
pub use known::{BadStore, KnownStores, NamedStore};
pub use local::{LocalStore, aligned_buffer};
pub use open::Stores;
pub use probe::{Capabilities, probe};
pub use s3::S3Store;
pub use uri::{BadUri, Uri};
