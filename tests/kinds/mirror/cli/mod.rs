//! `mirror` on the command line.

mod face;

pub(crate) use face::Mirror;
