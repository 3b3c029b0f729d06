//! Making clients: credentials, endpoint, limits on waiting.

use crate::{
    chance,
    chance::backoff_ms,
    store::{StoreError, StoreSettings},
};
use aws_config::{
    BehaviorVersion, environment::EnvironmentVariableRegionProvider, meta::region::RegionProviderChain,
    profile::ProfileFileRegionProvider,
};
use aws_sdk_s3::{
    Client,
    config::{
        Builder, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        StalledStreamProtectionConfig,
        retry::{RetryConfig, RetryPartition, TokenBucket},
        timeout::TimeoutConfig,
    },
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use std::time::Duration;

/// To make a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// For an answer to a request without a body.
const ANSWER: Duration = Duration::from_secs(30);
/// For sending a part and the answer to it: 16 MiB at 100 kB/s.
const SEND: Duration = Duration::from_secs(180);
/// Between two chunks of a body.
pub(super) const CHUNK: Duration = Duration::from_secs(30);
/// How often a request is sent before its failure is told.
pub(super) const ATTEMPTS: u32 = 5;
/// The first pause between two of them, and the longest.
const PAUSE_MS: (u64, u64) = (100, 5_000);

/// Waits before try number `attempt + 1`.
pub(super) async fn pause(attempt: u32) {
    let (first_ms, most_ms) = PAUSE_MS;
    tokio::time::sleep(Duration::from_millis(backoff_ms(attempt, chance::word(), first_ms, most_ms))).await;
}

/// A pair of keys that was handed in, instead of those of the environment.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) access: String,
    pub(crate) secret: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("access", &self.access).finish_non_exhaustive()
    }
}

/// The clients of one set of settings; they share connections.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    /// For requests with little or no body.
    pub(super) quick: Client,
    /// For requests that send much.
    pub(super) bulk: Client,
}

impl Clients {
    /// Reads environment, profile and instance as every AWS tool does; settings go before them.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] if no region is set anywhere.
    pub(crate) async fn new(settings: &StoreSettings, keys: Option<&Keys>) -> Result<Self, StoreError> {
        let tls = Provider::Rustls(CryptoMode::Ring);
        let http = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
        if let Some(endpoint) = &settings.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some(profile) = &settings.profile {
            loader = loader.profile_name(profile);
        }
        if settings.anonymous {
            loader = loader.no_credentials();
        } else if let Some(Keys { access, secret }) = keys {
            loader = loader.credentials_provider(Credentials::new(access, secret, None, None, "given"));
        }
        let named_endpoint = settings.endpoint.is_some() || endpoint_in_environment();
        if let Some(region) = region(settings, named_endpoint) {
            loader = loader.region(region);
        }
        let shared = loader.load().await;
        if shared.region().is_none() {
            return Err(StoreError::Unsupported {
                operation: "open",
                uri: settings.endpoint.clone().unwrap_or_else(|| "S3".to_owned()),
                detail: "no region is set: set `region`, AWS_REGION or a profile that has one".to_owned(),
            });
        }
        // A store that is not AWS's has no names for buckets in DNS.
        let path_style = named_endpoint || shared.endpoint_url().is_some();
        // The SDK's shared bucket holds some 35 retries for the life of a process that never earns them back; here
        // attempts and pauses are the limit.
        let unlimited = RetryPartition::custom("tarquet").token_bucket(TokenBucket::unlimited()).build();
        let config = |limit: Duration| {
            let timeouts = TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .read_timeout(limit)
                .operation_attempt_timeout(limit);
            let retries = RetryConfig::standard()
                .with_max_attempts(ATTEMPTS)
                .with_initial_backoff(Duration::from_millis(200))
                .with_max_backoff(Duration::from_secs(10));
            Builder::from(&shared)
                .force_path_style(path_style)
                .timeout_config(timeouts.build())
                .retry_config(retries)
                .retry_partition(unlimited.clone())
                .stalled_stream_protection(
                    StalledStreamProtectionConfig::enabled().grace_period(CHUNK).build(),
                )
                // Bodies that matter carry a CRC-64 of ours; others need none.
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenSupported)
                .build()
        };
        Ok(Self { quick: Client::from_conf(config(ANSWER)), bulk: Client::from_conf(config(SEND)) })
    }
}

fn endpoint_in_environment() -> bool {
    ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"].iter().any(|name| std::env::var_os(name).is_some())
}

/// The region, where it is not left to the SDK, which also asks the instance. For a store that is not AWS's that
/// would cost seconds, and any region will do.
fn region(settings: &StoreSettings, named_endpoint: bool) -> Option<RegionProviderChain> {
    if let Some(region) = settings.region.clone() {
        return Some(RegionProviderChain::first_try(Region::new(region)));
    }
    let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new());
    let chain = match &settings.profile {
        Some(name) => chain.or_else(ProfileFileRegionProvider::builder().profile_name(name).build()),
        None => chain.or_else(ProfileFileRegionProvider::new()),
    };
    named_endpoint.then(|| chain.or_else(Region::from_static("us-east-1")))
}
