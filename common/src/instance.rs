//! What an EC2 instance says of itself: the instance metadata service, version 2.
//!
//! The SDK's client fetches the token and finds the service (`AWS_EC2_METADATA_SERVICE_ENDPOINT`, or the link-local
//! address), as it does for credentials.

use aws_config::{imds::Client, imds::client::error::ImdsError, provider_config::ProviderConfig};
use std::{env, time::Duration};

/// For a connection, and for an answer: the service is on the same host.
const PATIENCE: Duration = Duration::from_secs(1);
/// The status of what there is nothing to say of.
const NOT_FOUND: u16 = 404;

/// The metadata service did not answer, or refused to.
#[derive(Debug, thiserror::Error)]
#[error("the instance metadata service does not answer for {path}")]
pub struct NoMetadata {
    /// What was asked for.
    pub path: String,
    #[source]
    source: ImdsError,
}

/// The metadata service.
#[derive(Clone, Debug)]
pub struct InstanceMetadata(Client);

impl InstanceMetadata {
    /// The service of the environment; `None` where `AWS_EC2_METADATA_DISABLED` is `true`.
    pub fn of_environment() -> Option<Self> {
        let disabled = env::var("AWS_EC2_METADATA_DISABLED").is_ok_and(|v| v.eq_ignore_ascii_case("true"));
        if disabled {
            return None;
        }
        // Plain HTTP to the host itself.
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = ProviderConfig::default().with_http_client(http);
        let client = Client::builder()
            .configure(&config)
            .max_attempts(1)
            .connect_timeout(PATIENCE)
            .read_timeout(PATIENCE);
        Some(Self(client.build()))
    }

    /// The text at a path, such as `/latest/meta-data/instance-id`; `None` where there is nothing.
    ///
    /// # Errors
    /// [`NoMetadata`]: this is no instance, or the service is not reachable now.
    pub async fn get(&self, path: &str) -> Result<Option<String>, NoMetadata> {
        match self.0.get(path).await {
            Ok(text) => Ok(Some(text.into())),
            Err(ImdsError::ErrorResponse(answer)) if answer.response().status().as_u16() == NOT_FOUND => {
                Ok(None)
            }
            Err(source) => Err(NoMetadata { path: path.to_owned(), source }),
        }
    }
}
