//! Pandas HDF5 frames to Arrow, without Python.
//!
//! [`decode()`] takes a member's bytes and gives a [`frame::Frame`]. Underneath, a **door** is an HDF5
//! library reduced to groups, attributes and raw bytes; **fixed**, **table** and **plain** are the three
//! ways a frame stands in a file; **pickle** reads Python objects as data; **build** makes Arrow arrays.
//! Each rule of fidelity has a test. Nothing here executes anything
//! that a file says, follows a link out of a file, or allocates beyond [`options::Limits`].

mod attrs;
mod budget;
mod build;
mod decode;
mod door;
mod fail;
mod filters;
mod fixed;
pub mod frame;
mod hdf5;
mod keys;
mod labels;
#[cfg(feature = "libhdf5")]
mod libhdf5;
mod links;
mod node;
pub mod options;
mod pace;
mod period;
mod pickle;
mod plain;
mod series;
mod table;
mod unit;

#[cfg(feature = "libhdf5")]
pub use decode::decode_with_libhdf5;
pub use decode::{Described, decode, describe, peek};
pub use options::{KeyChoice, Limits, Options};
