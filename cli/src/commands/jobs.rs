//! `tarquet jobs`: the list.

use crate::{
    args::Format,
    connection::{block_on, connect, refused},
    context::Context,
    error::CliError,
    exit::Exit,
    screens,
};
use tarquet_common::clock::Clock;

/// How many.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// At most so many, the newest first
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Lists jobs.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let jobs = connect(cx)?;
        let mut lines = Vec::new();
        let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
        loop {
            let before = lines.last().map(|l: &tarquet_core::views::JobLine| l.job.clone());
            let page = jobs.jobs(before, limit - lines.len()).await.map_err(|e| refused(e, cx))?;
            let more = page.more && !page.lines.is_empty();
            lines.extend(page.lines);
            if !more || lines.len() >= limit {
                break;
            }
        }
        match cx.format() {
            Format::Json => cx.answer_json(&lines)?,
            Format::Jsonl => lines.iter().try_for_each(|l| cx.answer_json(l))?,
            Format::Name => cx.answer(&lines.iter().map(|l| format!("{}\n", l.job)).collect::<String>())?,
            Format::Table => cx.answer(&screens::jobs(&lines, cx.clock.unix_ms(), cx.look()))?,
        }
        Ok(Exit::Done)
    })
}
