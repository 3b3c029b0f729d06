//! What a job reads: from the globs of its spec to a list of objects, frozen when the job is planned.
//!
//! An **input** is a glob, an object or a folder. Every object that one matches is shown to the kind's **judge**, which
//! takes it as something of the kind's own, passes it over, or refuses it. The **listing** is what was taken, by URI
//! bytewise, each once. It is **frozen** as the object `inputs` of the job prefix: whoever plans again sees what was there
//! the first time.

mod frozen;
mod listing;

pub(crate) use frozen::{freeze, frozen};
pub(crate) use listing::{Judge, Listing, Verdict, globs, list};
