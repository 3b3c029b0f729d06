//! Output: what an attempt makes goes up as it is made.
//!
//! An **upload** is begun under the final key, takes bytes from the thread that makes them, and sends them in pieces with a
//! bound on how many are in flight. **Parts** of the dataset are uploads that are never completed here: the receipt names
//! them, and publish completes them. **Sides** are objects beside the dataset, visible as soon as they are whole; the
//! **quarantine** file, which lists the items that failed, is one of them.

mod parts;
mod quarantine;
mod sides;
mod upload;

pub use parts::{PartNames, PartSeries, Parts, PlannedPart};
pub use quarantine::{FailedItem, Quarantine};
pub use sides::{SideWriter, Sides};
pub use upload::Upload;
