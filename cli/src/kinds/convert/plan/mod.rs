//! What a job would do, found out without writing anything.
//!
//! An archive with an **index** is known exactly. Of one without, only the **head** is read, a few mebibytes, and the
//! rest is judged by it; so are schemas, by decoding the headers of members in the heads. What comes of both is the
//! **view** that the screen draws.

mod gather;
mod head;
mod reckon;
mod view;

pub(crate) use gather::gather;
pub(crate) use reckon::reckon;
