//! The secret of a worker in the metadata of its calls.
//!
//! It stands beside the messages, as the bearer token does, so that nothing that keeps or prints a message has it.

use crate::status;
use tarquet_common::{codes::cluster, failure::Failure, seal::WorkerSecret};
use tonic::{
    Request, Status,
    metadata::{BinaryMetadataValue, MetadataMap},
};

/// The name in the metadata. What ends in `-bin` is bytes (gRPC over HTTP2, "Custom-Metadata").
const NAME: &str = "tarquet-worker-secret-bin";

/// A call that shows the secret.
pub fn with<T>(message: T, secret: &WorkerSecret) -> Request<T> {
    let mut ask = Request::new(message);
    let mut value = BinaryMetadataValue::from_bytes(secret.reveal());
    value.set_sensitive(true);
    ask.metadata_mut().insert_bin(NAME, value);
    ask
}

/// The secret that a call shows.
///
/// # Errors
/// `BUILD_DIFFERS` where it shows none, as workers of earlier builds; `MALFORMED_MESSAGE` where that is no secret.
pub fn shown(metadata: &MetadataMap) -> Result<WorkerSecret, Status> {
    let Some(value) = metadata.get_bin(NAME) else {
        let failure = Failure::new(cluster::BUILD_DIFFERS, "the worker is of a build that shows no secret");
        return Err(status::refused(&failure.expected("a worker's secret in the metadata", "none")));
    };
    let bytes = value.to_bytes().ok();
    bytes.and_then(|bytes| WorkerSecret::read(&bytes)).ok_or_else(|| {
        let failure = Failure::new(cluster::MALFORMED_MESSAGE, "the worker's secret is not one");
        status::refused(&failure.at_item(NAME))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{Said, read};
    use tarquet_common::codes::Code;

    fn refusal(metadata: &MetadataMap) -> Code {
        match read(&shown(metadata).unwrap_err()) {
            Said::Refused(failure) => failure.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_call_shows_is_read_and_not_told() {
        let secret = WorkerSecret::read(b"0123456789abcdef0123456789abcdef").unwrap();
        let ask = with((), &secret);
        assert_eq!(shown(ask.metadata()).unwrap().seal(), secret.seal());
        let told = format!("{ask:?}");
        assert!(!told.contains("0123") && !told.contains("MDEyMz"), "{told}");
    }

    #[test]
    fn an_earlier_build_is_told_so_and_nonsense_is_refused() {
        assert_eq!(refusal(&MetadataMap::new()), cluster::BUILD_DIFFERS);
        for bad in [b"".as_slice(), b"short", &[7; 33]] {
            let mut metadata = MetadataMap::new();
            metadata.insert_bin(NAME, BinaryMetadataValue::from_bytes(bad));
            assert_eq!(refusal(&metadata), cluster::MALFORMED_MESSAGE);
        }
    }
}
