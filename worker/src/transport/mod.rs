//! The worker's way to a coordinator in another process.

mod grpc;

pub use grpc::GrpcLeasing;
