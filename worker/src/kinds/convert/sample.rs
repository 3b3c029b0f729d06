//! The sample stage: what a few members say of themselves.

use super::decoding::{Decoding, decode, placed, refusal};
use crate::{
    attempt::{Opener, Site, Work},
    pipeline::{Content, Extraction, Members, with_members},
};
use tarquet_common::{
    archive::Member,
    failure::{Class, Failure},
    kinds::convert::{SampleBlock, SampleFailure, SampleOutput, SampleShared},
    memory::FetchSettings,
    receipt::Counts,
};
use tarquet_encode::{JoinedSchema, SampledSchema};

/// Failures told in a receipt.
const FAILURES_KEPT: usize = 16;

/// Runs one sample shard.
pub(super) async fn run(site: Site, shared: SampleShared, block: SampleBlock) -> Result<Work, Failure> {
    let refusal = |place, m: &Member| refusal(place, m, &site.lease.skip, &shared.limits);
    let members = Members::of(block.runs, |place, m| refusal(place, m).is_none());
    let mut opener = Opener::new(&site.stores, &shared.store, &shared.index_uri, &shared.index_store);
    let runs = members.open(&mut opener).await?;
    let extraction = Extraction { runs, fetch: FetchSettings::SCATTERED, context: site.context.clone() };
    let task = move || sample(&site, &shared, &members, extraction);
    tokio::task::spawn_blocking(task).await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
}

fn sample(
    site: &Site,
    shared: &SampleShared,
    members: &Members,
    extraction: Extraction,
) -> Result<Work, Failure> {
    let memory = (site.context.slot_bytes, site.planned_bytes);
    let decoding = Decoding::new(&shared.hdf5_key, &shared.limits, members.largest(), memory);
    let progress = &site.context.progress;
    let mut joined = JoinedSchema::default();
    let mut output = SampleOutput::default();
    with_members(&site.runtime, &site.scratch, members, extraction, |place, archive, member, content| {
        let schema = match content {
            Content::Damaged(failure) => Err(*failure),
            Content::Unwanted => {
                let why = refusal(place, member, &site.lease.skip, &shared.limits);
                Err(why.expect("it was refused before"))
            }
            Content::Body(body) => {
                decode(body, place, &decoding, progress).and_then(|frame| SampledSchema::of(&frame))
            }
        };
        output.members += 1;
        progress.member_done(member.size, 0);
        match schema {
            Ok(schema) => joined.merge(JoinedSchema::from(&schema)),
            Err(failure) => fail(&mut output, placed(failure, archive, member))?,
        }
        Ok(())
    })?;
    if output.failed < output.members {
        output.joined = Some(serde_json::to_value(joined).expect("a joined schema is plain data"));
    }
    let counts =
        Counts { items: output.members, bytes_in: progress.snapshot().bytes_fetched, ..Counts::default() };
    let output = serde_json::to_value(output).expect("an output is plain data");
    Ok(Work { counts, output, ..Work::default() })
}

/// Notes a member that failed. Only failures of class `Input` are its own; any other ends the attempt.
fn fail(output: &mut SampleOutput, failure: Failure) -> Result<(), Failure> {
    if failure.class() != Class::Input {
        return Err(failure);
    }
    output.failed += 1;
    if output.failures.len() < FAILURES_KEPT {
        let place = failure.place.clone();
        output.failures.push(SampleFailure {
            uri: place.uri.unwrap_or_default(),
            member: place.member.unwrap_or_default(),
            failure,
        });
    }
    Ok(())
}
