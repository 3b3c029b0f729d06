//! `tarquet-s3server`: the test server by hand. Objects are gone when it ends.

use clap::Parser;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    time::Duration,
};
use tarquet_s3server::{Conditions, Config, Fault, Server};

/// An S3 server for tests. `curl URL/__stats?2` shows requests and bytes, by operation and by prefix.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Where large bodies are kept while it runs [default: the system's temporary directory].
    #[arg(long)]
    dir: Option<PathBuf>,
    /// A bucket to begin with; may be repeated.
    #[arg(long = "bucket", default_value = "test")]
    buckets: Vec<String>,
    /// Access key of the one user.
    #[arg(long, default_value = "tarquet")]
    access_key: String,
    /// Secret key of the one user.
    #[arg(long, default_value = "tarquet-secret")]
    secret_key: String,
    /// Let anybody read.
    #[arg(long)]
    public_read: bool,
    /// Ignore If-Match and If-None-Match, as some stores do.
    #[arg(long)]
    ignore_conditions: bool,
    /// Serve the files of a directory, without copying: BUCKET/PREFIX/=DIR; may be repeated.
    #[arg(long = "load", value_name = "BUCKET/PREFIX/=DIR")]
    loads: Vec<String>,
    /// Something that shall go wrong: op=GetObject,key=*,skip=2,times=1,do=status:503:SlowDown; may be repeated.
    #[arg(long = "fault", value_name = "SPEC")]
    faults: Vec<Fault>,
    /// Serve nothing: ask whether a server answers at this address, for the health check of a container without a shell.
    #[arg(long, value_name = "ADDR", exclusive = true)]
    alive: Option<SocketAddr>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let options = Options::parse();
    if let Some(address) = options.alive {
        return alive(address);
    }
    let server = Server::start(Config {
        listen: options.listen,
        dir: options.dir,
        buckets: options.buckets,
        access_key: options.access_key,
        secret_key: options.secret_key,
        public_read: options.public_read,
        conditions: if options.ignore_conditions { Conditions::Ignored } else { Conditions::Honoured },
        ..Config::default()
    })?;
    for load in &options.loads {
        let (target, dir) = load.split_once('=').ok_or("--load wants BUCKET/PREFIX/=DIR")?;
        let (bucket, prefix) = target.split_once('/').unwrap_or((target, ""));
        let count = server.load(bucket, prefix, dir.as_ref())?;
        writeln!(std::io::stderr(), "{count} files of {dir} are s3://{target}")?;
    }
    for fault in options.faults {
        server.plant(fault);
    }
    writeln!(std::io::stderr(), "S3 at {}", server.url)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(until_signal())?;
    writeln!(std::io::stdout(), "{}", server.stats().to_json(2))?;
    server.shutdown();
    Ok(())
}

/// Asks a server for its statistics.
fn alive(address: SocketAddr) -> Result<(), Box<dyn std::error::Error>> {
    let patience = Some(Duration::from_secs(3));
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(patience)?;
    stream.write_all(b"GET /__stats HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    if &head == b"HTTP/1.1 200" { Ok(()) } else { Err("it does not answer 200".into()) }
}

async fn until_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    Ok(())
}
