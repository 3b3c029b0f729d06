//! pandas' `fixed` layout: one array per axis and per block of columns of one type.
//!
//! A frame is `axis0` (its columns), `axis1` (its index) and `block{i}_items`, `block{i}_values` for
//! each block; a series is `index` and `values`. An axis is `regular` (one array) or `multi` (levels and
//! labels). What is empty is a dummy array with the true shape in an attribute.
//! (Source: pandas `io/pytables.py`, `GenericFixed`, `SeriesFixed`, `BlockManagerFixed`.)

mod frame;
mod index;
mod values;

pub(crate) use frame::read;
