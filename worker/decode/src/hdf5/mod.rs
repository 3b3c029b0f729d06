//! The door to `hdf5-reader`: the only folder that names it.
//!
//! Headers, links and attributes are taken from the parsed messages directly, so that soft and external
//! links are seen and refused rather than resolved, and so that contiguous data is lent, not copied.
//! Only chunked data goes through the library's own reading. No resolver is ever installed: external
//! storage and external links cannot be followed even by mistake.
//!
//! **file** opens a member, with every limit the library has; **names** finds links and attributes;
//! **heaps** finds values of variable length; **values** reads datasets. **headers** finds the bytes of a datatype and
//! **described** says what they describe; **types** and **faults** put the library's types and errors in our words.

mod described;
mod door;
mod faults;
mod file;
mod headers;
mod heaps;
mod names;
mod types;
mod values;

pub(crate) use file::open;
