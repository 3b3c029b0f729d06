//! `tarquet healthcheck`: asks a coordinator's HTTP port, for container runtimes that can only run a command.

use crate::{context::Context, error::CliError, exit::Exit};
use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};
use tarquet_common::{codes::cluster, failure::Failure};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whom to ask.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The coordinator's HTTP address
    #[arg(
        long,
        value_name = "ADDR",
        env = "TARQUET_HTTP",
        hide_env_values = true,
        default_value = "127.0.0.1:7480"
    )]
    http: String,
    /// Ask whether it can take work (/readyz), not only whether it lives (/healthz)
    #[arg(long)]
    ready: bool,
}

/// Asks.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let path = if args.ready { "/readyz" } else { "/healthz" };
    let unwell = |why: String| {
        let mut failure = Failure::new(cluster::COORDINATOR_UNREACHABLE, "the coordinator is not well");
        failure.causes.push(why);
        CliError::from(failure.at_uri(format!("http://{}{path}", args.http)))
    };
    let status = status_line(&reachable(&args.http), path).map_err(|e| unwell(e.to_string()))?;
    if status.split_whitespace().nth(1) != Some("200") {
        return Err(unwell(status));
    }
    cx.say("well");
    Ok(Exit::Done)
}

/// An address that a coordinator listens on, as one that can be asked: "any address" means this machine.
fn reachable(http: &str) -> String {
    http.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:")
}

/// The first line of the answer to a GET (RFC 9112, section 4).
fn status_line(address: &str, path: &str) -> io::Result<String> {
    let none = || io::Error::new(io::ErrorKind::NotFound, "the address names no host");
    let address = address.to_socket_addrs()?.next().ok_or_else(none)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let ask = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes())?;
    let mut head = Vec::new();
    stream.take(512).read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn answering(text: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut ask = Vec::new();
            while !ask.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                ask.extend(byte);
            }
            assert!(ask.starts_with(b"GET /healthz HTTP/1.1\r\n"));
            stream.write_all(text.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn the_status_line_is_read() {
        let line = |text| status_line(&answering(text), "/healthz").unwrap();
        assert_eq!(line("HTTP/1.1 200 OK\r\n\r\n"), "HTTP/1.1 200 OK");
        assert_eq!(line("HTTP/1.1 503 Service Unavailable\r\n\r\n").split(' ').nth(1), Some("503"));
        assert_eq!(reachable("0.0.0.0:7480"), "127.0.0.1:7480");
    }
}
