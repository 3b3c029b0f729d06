//! What a user may set about a store.

use serde::{Deserialize, Serialize};

/// The keys of `[input.store]` and `[output.store]`. What is not set comes from the environment, the profile or the
/// instance, as for every AWS tool (`AWS_ENDPOINT_URL`, `AWS_REGION`, …). Paths ignore all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// Base URL of a store that is not AWS's: `http://127.0.0.1:9000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Region: `eu-central-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Profile of the AWS configuration files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Send requests unsigned, for public buckets.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// Agree to pay for requests to a bucket whose owner wants that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub requester_pays: bool,
    /// Encrypt what is written with this KMS key (id or ARN).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sse_kms_key: Option<String>,
    /// Storage class of what is written: `STANDARD_IA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
}
