//! The sample stage: what a few members say of themselves.

use super::{
    decoding::{Decoding, decode, placed, refusal},
    extract::Picked,
    members::{Content, Members, Places, with_members},
};
use crate::work::{Done, Site, on_a_thread};
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
pub(super) async fn run(site: Site, shared: SampleShared, block: SampleBlock) -> Result<Done, Failure> {
    let refusal = |place, m: &Member| refusal(place, m, &site.skip, &shared.limits);
    let members = Members::of(block.runs, |place, m| refusal(place, m).is_none());
    let SampleShared { store, index_uri, index_store, .. } = &shared;
    let runs = members.open(&site.inputs, Places { store, index_uri, index_store }).await?;
    on_a_thread(move || sample(&site, &shared, &members, &runs)).await
}

fn sample(site: &Site, shared: &SampleShared, members: &Members, runs: &[Picked]) -> Result<Done, Failure> {
    let decoding = Decoding::new(&shared.hdf5_key, &shared.limits, members.largest(), site.memory);
    let progress = &site.progress;
    let mut joined = JoinedSchema::default();
    let mut output = SampleOutput::default();
    with_members(site, members, runs, FetchSettings::SCATTERED, |place, archive, member, content| {
        let schema = match content {
            Content::Damaged(failure) => Err(*failure),
            Content::Unwanted => {
                let why = refusal(place, member, &site.skip, &shared.limits);
                Err(why.expect("it was refused before"))
            }
            Content::Body(body) => {
                decode(body, place, &decoding, progress).and_then(|frame| SampledSchema::of(&frame))
            }
        };
        output.members += 1;
        progress.item_done(member.size, 0);
        match schema {
            Ok(schema) => joined.merge(JoinedSchema::from(&schema)),
            Err(failure) => fail(&mut output, placed(failure, archive, member))?,
        }
        Ok(())
    })?;
    if output.failed < output.members {
        output.joined = Some(serde_json::to_value(joined).expect("a joined schema is plain data"));
    }
    let counts = Counts { items: output.members, ..Counts::default() };
    let output = serde_json::to_value(output).expect("an output is plain data");
    Ok(Done { counts, output, ..Done::default() })
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
