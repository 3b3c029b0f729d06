//! Coordinator and workers together, on a kind of job that is only made of its promises.
//!
//! `fake` is the kind and the work; `world` a directory with a coordinator in it, on the network or in this process.

mod fake;
mod leasing;
mod life;
mod publish;
mod restart;
mod services;
mod world;
