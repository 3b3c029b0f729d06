//! `tarquet inspect`: what is in an archive, or in one of its members.

use crate::{
    args::Format,
    connection::block_on,
    context::Context,
    error::CliError,
    exit::Exit,
    inspect::{Object, Survey, body, survey},
    render,
    screens::{self, MemberView},
};
use serde_json::json;
use tarquet_common::{codes::spec as codes, failure::Failure};
use tarquet_container::{Container, Member, MemberKind};
use tarquet_decode::{Limits, describe};
use tarquet_encode::{FailureRecord, fingerprint};

/// What to look at.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tarquet inspect s3://in/frames_07.tar.lz4\n  \
                        tarquet inspect frames_07.tar.lz4 --member x/004112.h5\n  tarquet inspect one.h5")]
pub(crate) struct Args {
    /// An archive or a loose .h5 file: a path or an s3:// URI
    #[arg(value_name = "URI")]
    uri: String,
    /// Look into this member: its name as it is listed
    #[arg(long, value_name = "NAME")]
    member: Option<String>,
    /// Of members of one name, the one at this offset
    #[arg(long, value_name = "BYTES", requires = "member")]
    offset: Option<u64>,
    /// List at most so many members
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

/// Looks.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let settings = cx.globals.store.settings();
        let object = Object::open(&args.uri, &settings).await?;
        let survey = survey(&object).await?;
        match (&args.member, object.container) {
            (None, Container::Loose) => member(&object, &survey.members[0], cx).await,
            (None, _) => archive(&object, &survey, args.limit, cx),
            (Some(name), _) => member(&object, find(&survey, name, args.offset)?, cx).await,
        }
    })
}

fn archive(object: &Object, survey: &Survey, limit: usize, cx: &Context) -> Result<Exit, CliError> {
    match cx.format() {
        Format::Json | Format::Jsonl => {
            let members: Vec<_> = survey.members.iter().take(limit).map(member_json).collect();
            let mut value = serde_json::to_value(survey).unwrap_or_default();
            value["uri"] = json!(object.uri);
            value["size"] = json!(object.size);
            value["etag"] = json!(object.etag);
            value["members"] = json!(members);
            cx.answer_json(&value)?;
        }
        Format::Name => {
            let names = survey.members.iter().map(|m| format!("{}\n", render::visible(&m.display_name())));
            cx.answer(&names.collect::<String>())?;
        }
        Format::Table => cx.answer(&screens::archive(object, survey, limit, cx.look()))?,
    }
    Ok(if survey.problem.is_some() { Exit::Failed } else { Exit::Done })
}

fn member_json(member: &Member) -> serde_json::Value {
    json!({ "name": member.display_name(), "kind": member.kind, "offset": member.offset, "size": member.size })
}

/// The member of this name; of several, the one at `offset`.
fn find<'a>(survey: &'a Survey, name: &str, offset: Option<u64>) -> Result<&'a Member, CliError> {
    let of_name = || survey.members.iter().filter(|m| m.name == name.as_bytes() || m.display_name() == name);
    let mut found = of_name().filter(|m| offset.is_none_or(|o| o == m.offset));
    let none = || {
        let failure = Failure::new(codes::BAD_ARGUMENT, format!("the archive has no member {name:?}"));
        CliError::from(match (of_name().next(), &survey.problem) {
            (Some(_), _) => failure.with_hint("There are members of that name, none at that offset."),
            (None, Some(problem)) => {
                failure.with_hint(format!("The archive ends early: {} ({}).", problem.message, problem.code))
            }
            (None, None) => failure.with_hint("`tarquet inspect URI` lists the members."),
        })
    };
    let first = found.next().ok_or_else(none)?;
    let same: Vec<String> = of_name().map(|m| m.offset.to_string()).collect();
    if offset.is_none() && same.len() > 1 {
        let text = format!("the archive has {} members {name:?}", same.len());
        let hint = format!("Say which with --offset: {}.", same.join(", "));
        return Err(Failure::new(codes::BAD_ARGUMENT, text).with_hint(hint).into());
    }
    Ok(first)
}

async fn member(object: &Object, member: &Member, cx: &Context) -> Result<Exit, CliError> {
    let limits = Limits::default();
    let described = match body(object, member, limits.member_bytes).await {
        Ok(bytes) => describe(bytes, &limits),
        Err(failure) => Err(failure),
    };
    let frames = match described {
        Ok(frames) => frames,
        Err(failure) => {
            let record = record(object, member, failure);
            match cx.format() {
                Format::Json | Format::Jsonl => cx.answer_json(&record)?,
                Format::Name => cx.answer(&record.code.to_string())?,
                Format::Table => cx.answer(&screens::one_failure(&record, cx.look()))?,
            }
            return Ok(Exit::Failed);
        }
    };
    let views: Vec<MemberView> = frames.into_iter().map(MemberView::of).collect();
    match cx.format() {
        Format::Json | Format::Jsonl => {
            cx.answer_json(&json!({ "uri": object.uri, "member": member_json(member), "frames": views }))?;
        }
        Format::Name => cx.answer(&views.iter().map(|v| format!("{}\n", v.key)).collect::<String>())?,
        Format::Table => cx.answer(&screens::member(object, member, &views, cx.look()))?,
    }
    Ok(if views.iter().any(|v| v.failure.is_some()) { Exit::Failed } else { Exit::Done })
}

/// The failure as the quarantine would keep it.
fn record(object: &Object, member: &Member, failure: Failure) -> FailureRecord {
    let name = member.display_name();
    let reproduce = match member.kind {
        MemberKind::File if object.container == Container::Loose => {
            format!("tarquet inspect {}", render::quoted(&object.uri))
        }
        _ => {
            let quoted = render::quoted;
            let (uri, name, offset) = (quoted(&object.uri), quoted(&name), member.offset);
            format!("tarquet inspect {uri} --member {name} --offset {offset}")
        }
    };
    FailureRecord {
        job: String::new(),
        seq: 0,
        fingerprint: fingerprint(&failure),
        code: failure.code,
        class: failure.class(),
        retryable: false,
        uri: object.uri.clone(),
        etag: Some(object.etag.clone()),
        item: Some(name),
        item_offset: Some(member.offset),
        item_size: Some(member.size),
        hint: failure.hint().to_owned(),
        expected: failure.expected,
        found: failure.found,
        message: failure.message,
        causes: failure.causes,
        attempts: Vec::new(),
        reproduce,
    }
}
