//! Making clients: credentials, endpoint, limits on waiting.

use super::guard::{Literals, Resolver};
use crate::{
    chance,
    chance::backoff_ms,
    store::{
        StoreError,
        known::{Access, Base},
    },
};
use aws_config::{
    BehaviorVersion, SdkConfig,
    environment::EnvironmentVariableRegionProvider,
    meta::region::RegionProviderChain,
    profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider},
    provider_config::ProviderConfig,
};
use aws_sdk_s3::{
    Client,
    config::{
        Builder as ConfigBuilder, Credentials, Region, RequestChecksumCalculation,
        ResponseChecksumValidation, StalledStreamProtectionConfig,
        retry::{RetryConfig, RetryPartition, TokenBucket},
        timeout::TimeoutConfig,
    },
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
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
    /// Reads environment, profile and instance as every AWS tool does; what the access says goes before them. A profile that
    /// it names gives the credentials, and nothing else does.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] if no region is set anywhere.
    pub(crate) async fn new(access: &Access, keys: Option<&Keys>) -> Result<Self, StoreError> {
        let named_endpoint = match access.base {
            Base::Environment => endpoint_in_environment(),
            Base::Aws => false,
            Base::At(_) => true,
        };
        let shared = load(access, keys, region(access, named_endpoint)).await;
        if shared.region().is_none() {
            let uri = match &access.base {
                Base::At(endpoint) => endpoint.to_string(),
                Base::Environment | Base::Aws => "S3".to_owned(),
            };
            let detail = "no region is set: set `region`, AWS_REGION or a profile that has one".to_owned();
            return Err(StoreError::Unsupported { operation: "open", uri, detail });
        }
        // A store that is not AWS's has no names for buckets in DNS.
        let path_style = named_endpoint || access.base != Base::Aws && shared.endpoint_url().is_some();
        let guarded = Builder::new().tls_provider(TLS).build_with_resolver(Resolver);
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
            let mut config = ConfigBuilder::from(&shared);
            if access.base == Base::Aws {
                config.set_endpoint_url(None);
            }
            config
                .http_client(guarded.clone())
                .interceptor(Literals)
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

const TLS: Provider = Provider::Rustls(CryptoMode::Ring);

/// What environment, profile and instance say, and the access before them.
async fn load(access: &Access, keys: Option<&Keys>, region: Option<RegionProviderChain>) -> SdkConfig {
    // Credentials may come from a link-local address; only the store's own requests are kept from there.
    let http = Builder::new().tls_provider(TLS).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
    if let Base::At(endpoint) = &access.base {
        loader = loader.endpoint_url(endpoint.as_str());
    }
    if let Some(profile) = &access.profile {
        loader = loader.profile_name(profile);
    }
    if access.anonymous {
        loader = loader.no_credentials();
    } else if let Some(Keys { access, secret }) = keys {
        loader = loader.credentials_provider(Credentials::new(access, secret, None, None, "given"));
    } else if let Some(profile) = &access.profile {
        // The SDK's own chain would take keys of the environment before those of the profile.
        let own = ProviderConfig::default().with_http_client(http);
        let own = match &region {
            Some(region) => own.with_region(region.region().await),
            None => own,
        };
        let of_profile = ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&own);
        loader = loader.credentials_provider(of_profile.build());
    }
    if let Some(region) = region {
        loader = loader.region(region);
    }
    loader.load().await
}

fn endpoint_in_environment() -> bool {
    ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"].iter().any(|name| std::env::var_os(name).is_some())
}

/// The region, where it is not left to the SDK, which also asks the instance. For a store that is not AWS's that
/// would cost seconds, and any region will do.
fn region(access: &Access, named_endpoint: bool) -> Option<RegionProviderChain> {
    if let Some(region) = access.region.clone() {
        return Some(RegionProviderChain::first_try(Region::new(region)));
    }
    let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new());
    let chain = match &access.profile {
        Some(name) => chain.or_else(ProfileFileRegionProvider::builder().profile_name(name).build()),
        None => chain.or_else(ProfileFileRegionProvider::new()),
    };
    named_endpoint.then(|| chain.or_else(Region::from_static("us-east-1")))
}
