//! One connection: TCP, and TLS where the URL says so.

use crate::tls::{ALPN_H2, ClientFiles, client_config, name_of, refusal};
use hyper_util::rt::TokioIo;
use std::{
    error::Error,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tonic::codegen::{Service, http::Uri};

/// How long the server's settings are waited for, which an HTTP/2 server may send at once.
const FIRST_WORD: Duration = Duration::from_millis(500);

type TlsStream = tokio_rustls::client::TlsStream<TcpStream>;
type BoxError = Box<dyn Error + Send + Sync>;

/// A stream of either kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Makes connections.
#[derive(Clone, Debug)]
pub(super) struct Connect {
    /// With TLS, made of these files as they are at that moment.
    pub(super) tls: Option<ClientFiles>,
    /// Whom the certificate must name.
    pub(super) host: String,
    /// As the user wrote it, to be told.
    pub(super) url: String,
}

impl Connect {
    async fn connect(self, uri: Uri) -> Result<TokioIo<Box<dyn Stream>>, BoxError> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().ok_or_else(|| io::Error::other("the address has no port"))?;
        let tcp = TcpStream::connect((host, port)).await?;
        tcp.set_nodelay(true)?;
        let Some(files) = &self.tls else { return Ok(TokioIo::new(Box::new(tcp))) };
        let connector = TlsConnector::from(client_config(files, ALPN_H2)?);
        match accepted(connector.connect(name_of(&self.host)?, tcp)).await {
            Ok(stream) => Ok(TokioIo::new(Box::new(stream))),
            Err(error) => Err(match refusal(&error, &self.url) {
                Some(failure) => failure.into(),
                None => error.into(),
            }),
        }
    }
}

/// A connection on which the server has spoken. In TLS 1.3 a client is done before the server has judged its
/// certificate, and learns of it by the first thing that it reads.
async fn accepted(shaking: impl Future<Output = io::Result<TlsStream>>) -> io::Result<TlsStream> {
    let mut stream = shaking.await?;
    // A server that waits for us first (a proxy may) is not one that refuses.
    if let Ok(first) = timeout(FIRST_WORD, stream.fill_buf()).await {
        first?;
    }
    Ok(stream)
}

impl Service<Uri> for Connect {
    type Response = TokioIo<Box<dyn Stream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}
