//! `convert`: archives of pandas HDF5 frames become Parquet partitions.

mod face;
mod flags;
mod generate;
mod inspect;
mod keys;

pub(crate) use face::Convert;
pub(crate) use flags::RunFlags;
pub(crate) use generate::Make;
pub(crate) use inspect::{Archive, MemberView};
