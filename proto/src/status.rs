//! A typed failure inside a gRPC status.
//!
//! The details of a status hold a `google.rpc.Status` whose `Any` is our message, the layout that other
//! clients expect (<https://grpc.io/docs/guides/error/>). The gRPC code is for tools that know nothing of us;
//! we read the detail.
//!
//! | what | gRPC code | detail |
//! |---|---|---|
//! | the worker is not known | `FAILED_PRECONDITION` | `UnknownWorker` |
//! | refused, class `Usage` or `Input` | `INVALID_ARGUMENT` | `Failure` |
//! | refused, no valid token | `UNAUTHENTICATED` | `Failure` |
//! | refused, class `Denied` | `PERMISSION_DENIED` | `Failure` |
//! | refused, class `Environment` or `Lost` | `UNAVAILABLE` | `Failure` |
//! | refused, class `Bug` | `INTERNAL` | `Failure` |
//! | a call of another version of the protocol | `INVALID_ARGUMENT` | `Failure` |
//! | `UNIMPLEMENTED` without a detail of ours | the transport's | none: the same, said by an older coordinator |
//! | anything else without a detail of ours | the transport's | none: unreachable, to be repeated |

use crate::{
    convert::{BadMessage, from_failure, to_failure},
    v2,
};
use prost::Message;
use tarquet_common::{
    codes::cluster,
    failure::{Class, Failure},
    leasing::LeasingError,
};
use tonic::{Code, Status};

const FAILURE_URL: &str = "type.googleapis.com/tarquet.v2.Failure";
/// Where callers of the first version look. Failures have not changed since.
const FAILURE_URL_V1: &str = "type.googleapis.com/tarquet.v1.Failure";
/// Begins the path of every call of ours, whatever the version.
const OURS: &str = "/tarquet.";
/// The version that is served.
const SERVED: &str = "tarquet.v2";
const UNKNOWN_WORKER_URL: &str = "type.googleapis.com/tarquet.v2.UnknownWorker";

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// What a status of ours says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The coordinator says no, and why.
    Refused(Box<Failure>),
    /// It does not know the worker.
    UnknownWorker,
    /// Nothing of ours: the transport or something in between spoke.
    Nothing,
}

/// A refusal as a status.
pub fn refused(failure: &Failure) -> Status {
    let code = match failure.class() {
        Class::Denied if failure.code == cluster::UNAUTHENTICATED => Code::Unauthenticated,
        Class::Usage | Class::Input => Code::InvalidArgument,
        Class::Denied => Code::PermissionDenied,
        Class::Environment | Class::Lost => Code::Unavailable,
        Class::Bug => Code::Internal,
    };
    with_detail(code, &failure.message, FAILURE_URL, &from_failure(failure))
}

/// "I do not know this worker" as a status.
pub fn unknown_worker() -> Status {
    let told = LeasingError::UnknownWorker.to_string();
    with_detail(Code::FailedPrecondition, &told, UNKNOWN_WORKER_URL, &v2::UnknownWorker {})
}

/// A message that could not be read, as a status.
pub fn malformed(bad: &BadMessage) -> Status {
    refused(&Failure::new(cluster::MALFORMED_MESSAGE, bad.to_string()).at_item(bad.field))
}

/// What is answered to a call at `path`, which is not served: who speaks another version of the protocol is told so, in
/// that version's terms. `None` if it is no call of ours at all.
pub fn of_another_version(path: &str) -> Option<Status> {
    let version = path.strip_prefix(OURS)?.split('.').next()?;
    let (theirs, ours) = (format!("tarquet.{version}"), SERVED);
    let told = format!("the caller speaks {theirs}, the coordinator {ours}");
    let failure = Failure::new(cluster::BUILD_DIFFERS, told).expected(ours, theirs);
    let detail = from_failure(&failure);
    Some(with_details(Code::InvalidArgument, &failure.message, &[FAILURE_URL, FAILURE_URL_V1], &detail))
}

/// What a status says; one that the transport made says why there is no connection, if that is known.
pub fn read(status: &Status) -> Said {
    match told(status) {
        Said::Nothing if status.code() == Code::Unimplemented => {
            let told = "the coordinator does not know the call: it is another version's";
            let mut failure = Failure::new(cluster::BUILD_DIFFERS, told);
            failure.causes.push(status.message().to_owned());
            Said::Refused(Box::new(failure))
        }
        Said::Nothing => unconnected(status).map_or(Said::Nothing, |f| Said::Refused(Box::new(f))),
        said => said,
    }
}

/// Begins what TLS says when the other side refused (rustls, `Error::AlertReceived`).
const ALERT: &str = "received fatal alert: ";

/// Why no connection came about, if that is no matter of waiting: a failure of [`client`](crate::client), or the
/// peer's alert, which comes after our half of the handshake and so as text of a broken connection.
fn unconnected(status: &Status) -> Option<Failure> {
    let mut next = std::error::Error::source(status);
    let mut alert = status.message().contains(ALERT).then(|| status.message().to_owned());
    while let Some(error) = next {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return Some(failure.clone());
        }
        alert = alert.or_else(|| Some(error.to_string()).filter(|text| text.contains(ALERT)));
        next = error.source();
    }
    let mut failure =
        Failure::new(cluster::TLS_REFUSED, "the coordinator did not accept the client's certificate");
    failure.causes.push(alert?);
    Some(failure)
}

fn told(status: &Status) -> Said {
    let Ok(rpc) = RpcStatus::decode(status.details()) else { return Said::Nothing };
    for any in rpc.details {
        match any.type_url.as_str() {
            UNKNOWN_WORKER_URL => return Said::UnknownWorker,
            FAILURE_URL => {
                let failure = v2::Failure::decode(any.value.as_slice()).ok().and_then(|m| to_failure(m).ok());
                return failure.map_or(Said::Nothing, |f| Said::Refused(Box::new(f)));
            }
            _ => {}
        }
    }
    Said::Nothing
}

/// From the answer of a coordinator in this process to the wire.
pub fn from_leasing_error(error: &LeasingError) -> Status {
    match error {
        LeasingError::Unreachable(why) => Status::unavailable(why.clone()),
        LeasingError::UnknownWorker => unknown_worker(),
        LeasingError::Refused(failure) => refused(failure),
    }
}

/// From the wire to what a worker understands.
pub fn to_leasing_error(status: &Status) -> LeasingError {
    match read(status) {
        Said::Refused(failure) => LeasingError::Refused(*failure),
        Said::UnknownWorker => LeasingError::UnknownWorker,
        Said::Nothing => LeasingError::Unreachable(format!("{}: {}", status.code(), status.message())),
    }
}

fn with_detail(code: Code, message: &str, type_url: &str, detail: &impl Message) -> Status {
    with_details(code, message, &[type_url], detail)
}

fn with_details(code: Code, message: &str, type_urls: &[&str], detail: &impl Message) -> Status {
    let any = |url: &&str| Any { type_url: (*url).to_owned(), value: detail.encode_to_vec() };
    let details = type_urls.iter().map(any).collect();
    let rpc = RpcStatus { code: code.into(), message: message.to_owned(), details };
    Status::with_details(code, message, rpc.encode_to_vec().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::codes::{TABLE, ourselves};

    #[test]
    fn every_code_comes_back_typed() {
        for row in TABLE.iter().flat_map(|group| group.iter()) {
            let code = tarquet_common::codes::Code::from_number(row.number).unwrap();
            let failure = Failure::new(code, "no").expected("a", "b");
            let back = to_leasing_error(&refused(&failure));
            assert_eq!(back, LeasingError::Refused(failure));
        }
    }

    #[test]
    fn unknown_workers_and_strangers_are_told_apart() {
        assert_eq!(to_leasing_error(&unknown_worker()), LeasingError::UnknownWorker);
        let proxy = Status::unavailable("upstream connect error");
        assert!(matches!(to_leasing_error(&proxy), LeasingError::Unreachable(_)));
        let garbage = Status::with_details(Code::Internal, "x", vec![0xff; 9].into());
        assert!(matches!(to_leasing_error(&garbage), LeasingError::Unreachable(_)));
    }

    #[test]
    fn versions_tell_each_other_apart() {
        let status = of_another_version("/tarquet.v1.WorkerService/Register").unwrap();
        let Said::Refused(failure) = read(&status) else { panic!("{status:?}") };
        assert_eq!(failure.code, cluster::BUILD_DIFFERS);
        assert_eq!(
            (failure.expected.as_deref(), failure.found.as_deref()),
            (Some("tarquet.v2"), Some("tarquet.v1"))
        );
        let rpc = RpcStatus::decode(status.details()).unwrap();
        let theirs = rpc.details.iter().find(|any| any.type_url == FAILURE_URL_V1).unwrap();
        assert_eq!(v2::Failure::decode(theirs.value.as_slice()).unwrap().code, from_failure(&failure).code);
        assert!(of_another_version("/grpc.health.v1.Health/Check").is_none());
        let old = Status::unimplemented("");
        let Said::Refused(failure) = read(&old) else { panic!("{old:?}") };
        assert_eq!(failure.code, cluster::BUILD_DIFFERS);
    }

    #[test]
    fn the_grpc_code_follows_the_class() {
        let code = |c| refused(&Failure::new(c, "x")).code();
        assert_eq!(code(cluster::UNAUTHENTICATED), Code::Unauthenticated);
        assert_eq!(code(cluster::ROLE_TOO_LOW), Code::PermissionDenied);
        assert_eq!(refused(&Failure::new(ourselves::INVARIANT, "x")).code(), Code::Internal);
    }

    #[test]
    fn a_message_that_cannot_be_read_names_the_field() {
        let status = malformed(&BadMessage::missing("shard"));
        assert_eq!(status.code(), Code::InvalidArgument);
        let Said::Refused(failure) = read(&status) else { panic!("{status:?}") };
        assert_eq!(failure.code, cluster::MALFORMED_MESSAGE);
        assert_eq!(failure.place.item.as_deref(), Some("shard"));
    }
}
