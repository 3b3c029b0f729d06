//! The least role of every method: the one table.

use super::Role;

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// Anybody who reaches the port: it says that the service serves, and nothing else.
    Open,
    /// Who has a token of this role, or of one that reaches as far.
    Role(Role),
}

const OPEN: Least = Least::Open;
const VIEWER: Least = Least::Role(Role::Viewer);
const OPERATOR: Least = Least::Role(Role::Operator);
const WORKER: Least = Least::Role(Role::Worker);

/// Every method of every service on the gRPC port. Health is open as `/healthz` is, for probes that have no token.
/// Reflection tells only what the published protocol says, but keeps a stream open, so it is for who has a token.
pub const METHODS: [(&str, Least); 27] = [
    ("/grpc.health.v1.Health/Check", OPEN),
    ("/grpc.health.v1.Health/Watch", OPEN),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", VIEWER),
    ("/tarquet.v2.JobService/Accept", OPERATOR),
    ("/tarquet.v2.JobService/Adopt", OPERATOR),
    ("/tarquet.v2.JobService/Cancel", OPERATOR),
    ("/tarquet.v2.JobService/DrainWorker", OPERATOR),
    ("/tarquet.v2.JobService/Forget", OPERATOR),
    ("/tarquet.v2.JobService/GetJob", VIEWER),
    ("/tarquet.v2.JobService/GetSpec", VIEWER),
    ("/tarquet.v2.JobService/ListEvents", VIEWER),
    ("/tarquet.v2.JobService/ListFailures", VIEWER),
    ("/tarquet.v2.JobService/ListJobs", VIEWER),
    ("/tarquet.v2.JobService/ListShards", VIEWER),
    ("/tarquet.v2.JobService/ListWorkers", VIEWER),
    ("/tarquet.v2.JobService/Pause", OPERATOR),
    ("/tarquet.v2.JobService/Resume", OPERATOR),
    ("/tarquet.v2.JobService/Retry", OPERATOR),
    ("/tarquet.v2.JobService/SetPriority", OPERATOR),
    ("/tarquet.v2.JobService/Submit", OPERATOR),
    ("/tarquet.v2.JobService/WatchJob", VIEWER),
    ("/tarquet.v2.WorkerService/Acquire", WORKER),
    ("/tarquet.v2.WorkerService/Complete", WORKER),
    ("/tarquet.v2.WorkerService/Fail", WORKER),
    ("/tarquet.v2.WorkerService/Goodbye", WORKER),
    ("/tarquet.v2.WorkerService/Register", WORKER),
    ("/tarquet.v2.WorkerService/Renew", WORKER),
];

/// Who may call the method at a path; `None` if there is no such method.
pub fn least(path: &str) -> Option<(&'static str, Least)> {
    METHODS.binary_search_by(|(method, _)| (*method).cmp(path)).ok().map(|i| METHODS[i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_method_has_a_role_and_every_role_a_method() {
        let descriptors = [
            tarquet_proto::DESCRIPTORS,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        ];
        let served = descriptors.iter().flat_map(|d| tarquet_proto::methods(d).expect("descriptors"));
        let served: BTreeSet<String> = served.collect();
        let listed: BTreeSet<String> = METHODS.iter().map(|(m, _)| (*m).to_owned()).collect();
        assert_eq!(listed, served);
        assert!(METHODS.is_sorted_by(|a, b| a.0 < b.0), "the table is searched");
    }

    #[test]
    fn what_changes_something_is_not_for_viewers() {
        let looks = ["Get", "List", "Watch"];
        for (path, allowed) in METHODS.iter().filter(|(m, _)| m.starts_with("/tarquet.v2.JobService/")) {
            let method = path.rsplit('/').next().unwrap();
            let harmless = looks.iter().any(|l| method.starts_with(l));
            assert_eq!(*allowed == VIEWER, harmless, "{path}");
        }
        assert_eq!(least("/tarquet.v2.JobService/Submit").unwrap().1, OPERATOR);
        assert_eq!(least("/tarquet.v2.JobService/Nothing"), None);
    }
}
