//! Archives of every kind, written here or by the programs that people use, whole, cut and damaged.

mod detect;
mod index;
mod lz4;
mod samples;
mod streams;
mod support;
mod tar;
mod zip;
mod zstandard;
