//! Calls that say who calls.

use super::secret::Token;
use crate::status::refused;
use tonic::{
    Request, Status,
    metadata::AsciiMetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

/// A channel to a coordinator whose calls carry the token.
pub type Line = InterceptedService<Channel, Bearer>;

/// Puts the token of a call into its metadata (RFC 6750, section 2.1).
#[derive(Clone, Debug)]
pub struct Bearer(pub(super) Option<Token>);

impl Interceptor for Bearer {
    fn call(&mut self, mut ask: Request<()>) -> Result<Request<()>, Status> {
        let Some(token) = &self.0 else { return Ok(ask) };
        let secret = token.read().map_err(|failure| refused(&failure))?;
        let mut value = AsciiMetadataValue::try_from(format!("Bearer {}", secret.reveal()))
            .expect("a token is of visible ASCII");
        value.set_sensitive(true);
        ask.metadata_mut().insert("authorization", value);
        Ok(ask)
    }
}
