//! `tarquet healthcheck`: asks a coordinator's HTTP port, for container runtimes that can only run a command.

use crate::{context::Context, error::CliError, exit::Exit};
use std::time::Duration;
use tarquet_common::{codes::cluster, failure::Failure};
use tarquet_proto::client::{Access, get};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whom to ask.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The coordinator's HTTP address; with TLS if files for TLS are named, or as https://ADDR
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
    let url = reachable(&args.http);
    let access = Access { tls: cx.globals.security.client_files(), ..Access::to(url.as_str()) };
    let status = get(&access, path, PATIENCE)?;
    if status.split_whitespace().nth(1) != Some("200") {
        let mut failure = Failure::new(cluster::COORDINATOR_UNREACHABLE, "the coordinator is not well");
        failure.causes.push(status);
        return Err(failure.at_uri(format!("{url}{path}")).into());
    }
    cx.say("well");
    Ok(Exit::Done)
}

/// An address that a coordinator listens on, as one that can be asked: "any address" means this machine.
fn reachable(http: &str) -> String {
    http.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::TcpListener,
    };

    fn answering(text: &'static str) -> Access {
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
        Access::to(address)
    }

    #[test]
    fn the_status_line_is_read() {
        let line = |text| get(&answering(text), "/healthz", PATIENCE).unwrap();
        assert_eq!(line("HTTP/1.1 200 OK\r\n\r\n"), "HTTP/1.1 200 OK");
        assert_eq!(line("HTTP/1.1 503 Service Unavailable\r\n\r\n").split(' ').nth(1), Some("503"));
        assert_eq!(reachable("0.0.0.0:7480"), "127.0.0.1:7480");
        let nobody = get(&Access::to("127.0.0.1:1"), "/healthz", PATIENCE).unwrap_err();
        assert_eq!(nobody.code, cluster::COORDINATOR_UNREACHABLE);
    }
}
