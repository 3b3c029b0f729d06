//! `tarquet failures`: what was set aside, and why.

use crate::{
    args::Format,
    connection::{block_on, connect, refused},
    context::Context,
    error::CliError,
    exit::Exit,
    kinds::{self, Noun},
    offline,
    quarantine::Records,
    render::counted,
    screens,
};
use std::{
    io::Write,
    path::{Path, PathBuf},
};
use tarquet_client::{Jobs, PAGE_MAX};
use tarquet_common::{
    codes::spec as codes,
    failure::Failure,
    store::{StoreError, Uri},
};
use tarquet_core::views::{ShardFilter, ShardLine};
use tarquet_encode::{FailureRecord, write_quarantine};

/// Which job, and what to do with its failures.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tarquet failures @last\n  tarquet failures @last show 1\n  \
                        tarquet failures @last export -O failures.parquet")]
pub(crate) struct Args {
    /// Job: its id, the beginning of it, or @last; or the output of a `tarquet run`
    #[arg(value_name = "JOB")]
    job: String,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with them.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show one record in full
    Show {
        /// Its number, from 1
        #[arg(value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        number: u64,
    },
    /// Write all records to a file: Parquet, or JSON lines if its name ends in .jsonl
    Export {
        /// The file; must not be there yet
        #[arg(short = 'O', long, value_name = "FILE")]
        output: PathBuf,
    },
}

/// Lists, shows or exports them.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let (records, item) = open(&args.job, cx).await?;
        match &args.action {
            None => list(&args.job, &records, cx).await?,
            Some(Action::Show { number }) => show(&records, *number, item, cx).await?,
            Some(Action::Export { output }) => export(&records, output, cx).await?,
        }
        Ok(Exit::Done)
    })
}

/// The records of a job, whoever knows it, and what they are about.
async fn open(job: &str, cx: &Context) -> Result<(Records, Noun), CliError> {
    let item = |kind: &str| kinds::words_of(kind).item;
    if let Some(kept) = offline::find(job, cx).await? {
        let records = Records::new(kept.status.job.to_string(), kept.shards, kept.store);
        return Ok((records, item(&kept.status.kind)));
    }
    let jobs = connect(cx)?;
    let status = jobs.status(job).await.map_err(|e| refused(e, cx))?;
    let id = status.job.to_string();
    let spec = jobs.spec(&id).await.map_err(|e| refused(e, cx))?;
    let (stores, settings) = super::status::output_store(spec, cx)?;
    let uri = Uri::parse_here(&status.job_uri).map_err(|e| Failure::from(StoreError::from(e)))?;
    let store = stores.open(&uri, &settings).await.map_err(Failure::from)?;
    let shards = shards(jobs.as_ref(), &id, cx).await?;
    Ok((Records::new(id, shards, store), item(&status.kind)))
}

async fn shards(jobs: &dyn Jobs, job: &str, cx: &Context) -> Result<Vec<ShardLine>, CliError> {
    let (mut all, mut from) = (Vec::new(), (0, 0));
    loop {
        let page = jobs.shards(job, ShardFilter::All, from, PAGE_MAX).await.map_err(|e| refused(e, cx))?;
        all.extend(page.shards);
        match page.next {
            Some(next) => from = next,
            None => return Ok(all),
        }
    }
}

async fn list(job: &str, records: &Records, cx: &Context) -> Result<(), CliError> {
    match cx.format() {
        Format::Json => cx.answer_json(&records.all().await?),
        Format::Jsonl => {
            let mut result = Ok(());
            records
                .each(&mut |record| {
                    if result.is_ok() {
                        result = cx.answer_json(record);
                    }
                })
                .await?;
            result
        }
        Format::Name | Format::Table => {
            let mut groups = screens::Groups::default();
            records.each(&mut |record| groups.add(record)).await?;
            let groups = groups.sorted();
            match cx.format() {
                Format::Name => {
                    cx.answer(&groups.iter().map(|g| format!("{}\n", g.code)).collect::<String>())
                }
                _ => cx.answer(&screens::failures(job, &groups, cx.look())),
            }
        }
    }
}

async fn show(records: &Records, number: u64, item: Noun, cx: &Context) -> Result<(), CliError> {
    let (mut seen, mut found) = (0, None::<FailureRecord>);
    records
        .each(&mut |record| {
            seen += 1;
            if seen == number {
                found = Some(record.clone());
            }
        })
        .await?;
    let record = found.ok_or_else(|| {
        let there = if seen == 0 { "none".to_owned() } else { format!("1 to {seen}") };
        Failure::new(codes::BAD_ARGUMENT, format!("there is no failure {number}")).expected(there, number)
    })?;
    match cx.format() {
        Format::Json | Format::Jsonl => cx.answer_json(&record),
        Format::Name => cx.answer(&record.code.to_string()),
        Format::Table => cx.answer(&screens::one_failure(&record, item, cx.look())),
    }
}

async fn export(records: &Records, output: &Path, cx: &Context) -> Result<(), CliError> {
    let all = records.all().await?;
    let bytes = if output.extension().is_some_and(|e| e == "jsonl") {
        json_lines(&all)
    } else {
        write_quarantine(&all)?
    };
    let written = std::fs::OpenOptions::new().write(true).create_new(true).open(output);
    written.and_then(|mut file| file.write_all(&bytes)).map_err(|e| {
        Failure::new(codes::CANNOT_WRITE, "the records cannot be written")
            .at_uri(output.display().to_string())
            .caused_by(&e)
            .with_hint("Name a file that is not there yet, in a folder that can be written.")
    })?;
    cx.say(&format!("{} written to {}", counted(all.len() as u64, "record"), output.display()));
    Ok(())
}

fn json_lines(records: &[FailureRecord]) -> Vec<u8> {
    let lines = records.iter().filter_map(|r| serde_json::to_string(r).ok());
    lines.flat_map(|l| (l + "\n").into_bytes()).collect()
}
