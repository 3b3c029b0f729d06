//! Compression as PyTables and h5py write it, beyond what the HDF5 library decodes itself.
//!
//! Filters are known by their registered numbers; no plugin is ever loaded. Everything else is refused
//! by name. A pipeline may hold one compressor only: two in a row would let the inner one's output grow
//! beyond any limit known in advance.

mod blosc;
mod blosclz;
mod lzf;
mod pipeline;

pub(crate) use pipeline::{DECODED, check, decode};
