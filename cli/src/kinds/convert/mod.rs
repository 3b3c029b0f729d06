//! `convert`: archives of pandas HDF5 frames become Parquet partitions.

mod face;
mod generate;
mod inspect;
mod keys;
mod plan;

pub(crate) use face::Convert;
pub(crate) use generate::Make;
pub(crate) use keys::RunFlags;
