//! What the coordinator does of `mirror`.

mod planner;

pub use planner::Mirror;
