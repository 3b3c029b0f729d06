//! What is asked of an archive or a member, and what is answered.

use super::{
    body::body,
    screen::{self, MemberView},
    survey::{Archive, Survey, survey},
};
use crate::{
    args::Format,
    kinds::face::{Answer, InspectFlags, Inspected},
    object::Object,
    render::{self, Look},
};
use serde_json::json;
use tarquet_common::{codes::spec as codes, failure::Failure};
use tarquet_container::{Container, Member, MemberKind};
use tarquet_decode::{Limits, describe};
use tarquet_encode::{FailureRecord, column_of, fingerprint};

/// Looks.
pub(crate) async fn look(
    object: Object,
    flags: &InspectFlags,
    (format, look): (Format, Look),
) -> Result<Inspected, Failure> {
    let archive = Archive::of(object)?;
    let survey = survey(&archive).await?;
    let of = match (&flags.member, archive.container) {
        (None, Container::Loose) => &survey.members[0],
        (None, _) if flags.offset.is_some() => at(&survey, flags.offset)?,
        (None, _) => return Ok(whole(&archive.object, &survey, flags.limit, (format, look))),
        (Some(name), _) => find(&survey, name, flags.offset)?,
    };
    Ok(member(&archive, of, (format, look)).await)
}

fn whole(object: &Object, survey: &Survey, limit: usize, (format, look): (Format, Look)) -> Inspected {
    let answer = match format {
        Format::Json | Format::Jsonl => {
            let members: Vec<_> = survey.members.iter().take(limit).map(member_json).collect();
            let mut value = serde_json::to_value(survey).unwrap_or_default();
            value["uri"] = json!(object.uri);
            value["size"] = json!(object.size);
            value["etag"] = json!(object.etag);
            value["members"] = json!(members);
            Answer::Data(value)
        }
        Format::Name => {
            let names = survey.members.iter().map(|m| format!("{}\n", render::visible(&m.display_name())));
            Answer::Text(names.collect())
        }
        Format::Table => Answer::Text(screen::archive(object, survey, limit, look)),
    };
    Inspected::Seen { answer, broken: survey.problem.is_some() }
}

fn member_json(member: &Member) -> serde_json::Value {
    json!({ "name": member.display_name(), "kind": member.kind, "offset": member.offset, "size": member.size })
}

/// The member of this name; of several, the one at `offset`.
fn find<'a>(survey: &'a Survey, name: &str, offset: Option<u64>) -> Result<&'a Member, Failure> {
    let of_name = || survey.members.iter().filter(|m| m.name == name.as_bytes() || m.display_name() == name);
    let mut found = of_name().filter(|m| offset.is_none_or(|o| o == m.offset));
    let none = || {
        let failure = Failure::new(codes::BAD_ARGUMENT, format!("the archive has no member {name:?}"));
        match (of_name().next(), &survey.problem) {
            (Some(_), _) => failure.with_hint("There are members of that name, none at that offset."),
            (None, Some(problem)) => {
                failure.with_hint(format!("The archive ends early: {} ({}).", problem.message, problem.code))
            }
            (None, None) => failure.with_hint("`tarquet inspect URI` lists the members."),
        }
    };
    let first = found.next().ok_or_else(none)?;
    let same: Vec<String> = of_name().map(|m| m.offset.to_string()).collect();
    if offset.is_none() && same.len() > 1 {
        let text = format!("the archive has {} members {name:?}", same.len());
        let hint = format!("Say which with --offset: {}.", same.join(", "));
        return Err(Failure::new(codes::BAD_ARGUMENT, text).with_hint(hint));
    }
    Ok(first)
}

fn at(survey: &Survey, offset: Option<u64>) -> Result<&Member, Failure> {
    let found = survey.members.iter().find(|m| Some(m.offset) == offset);
    found.ok_or_else(|| {
        let text = format!("the archive has no member at offset {}", offset.unwrap_or_default());
        Failure::new(codes::BAD_ARGUMENT, text).with_hint("`tarquet inspect URI -o json` lists offsets.")
    })
}

async fn member(archive: &Archive, member: &Member, (format, look): (Format, Look)) -> Inspected {
    let limits = Limits::default();
    let described = match body(archive, member, limits.member_bytes).await {
        Ok(bytes) => describe(bytes, &limits),
        Err(failure) => Err(failure),
    };
    let frames = match described {
        Ok(frames) => frames,
        Err(failure) => return Inspected::Failed(Box::new(record(archive, member, failure))),
    };
    let views: Vec<MemberView> = frames.into_iter().map(MemberView::of).collect();
    let answer = match format {
        Format::Json | Format::Jsonl => {
            Answer::Data(json!({ "uri": archive.object.uri, "member": member_json(member), "frames": views }))
        }
        Format::Name => Answer::Text(views.iter().map(|v| format!("{}\n", v.key)).collect()),
        Format::Table => Answer::Text(screen::member(&archive.object, member, &views, look)),
    };
    Inspected::Seen { answer, broken: views.iter().any(|v| v.failure.is_some()) }
}

/// Whether a name survives a terminal and a command line.
fn can_be_typed(name: &str) -> bool {
    !name.starts_with('-') && render::visible(name) == name
}

/// The failure as the quarantine would keep it.
fn record(archive: &Archive, member: &Member, failure: Failure) -> FailureRecord {
    let Archive { object, container } = archive;
    let name = member.display_name();
    let reproduce = match member.kind {
        MemberKind::File if *container == Container::Loose => {
            format!("tarquet inspect {}", render::quoted(&object.uri))
        }
        _ => {
            let quoted = render::quoted;
            let (uri, name, offset) = (quoted(&object.uri), quoted(&name), member.offset);
            match can_be_typed(&member.display_name()) {
                true => format!("tarquet inspect {uri} --member {name} --offset {offset}"),
                false => format!("tarquet inspect {uri} --offset {offset}"),
            }
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
        column: column_of(&failure),
        hint: failure.hint().to_owned(),
        expected: failure.expected,
        found: failure.found,
        message: failure.message,
        causes: failure.causes,
        attempts: Vec::new(),
        reproduce,
    }
}
