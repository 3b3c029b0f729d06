//! Sample data: archives of frames as pandas writes them, without Python, and the truth about them.
//!
//! A **frame** is the rows of one member; **fixed layout** is how pandas stores it in HDF5; an **archive** is
//! a tar of members in one LZ4 frame; the **truth** is what any correct conversion must add up to. All of it is
//! a function of the parameters: the same seed gives the same bytes on any machine.

mod archive;
mod colsum;
mod frame;
mod hdf5;
mod make;
mod pandas;
mod sample;
mod set;

pub(crate) use make::Make;
