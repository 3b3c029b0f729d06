//! Output: artifacts go up in parts as they are made, and stay invisible.
//!
//! An **upload** is begun under the final key, takes bytes from the encoding thread, and sends parts with a bound on how many are
//! in flight. It is never completed here: the receipt names it, and publish completes it.

mod tidy;
mod upload;
mod writer;

pub(crate) use tidy::abort_or_leave;
pub use upload::Upload;
pub use writer::StoreWriter;
