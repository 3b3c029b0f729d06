//! Asks the stores what planning needs to know.

use super::{
    head::head,
    reckon::{ArchiveFacts, Known},
};
use crate::{
    kinds::convert::inspect::{Archive, MemberView},
    object::Object,
    uploads,
};
use tarquet_common::{
    archive::ArchiveRef,
    failure::Failure,
    kinds::convert::ConvertSpec,
    store::{StoreError, Stores, Uri},
};
use tarquet_container::{Container, MemberKind};
use tarquet_coordinator::kinds::convert::{Filter, Ignored, indexes, list_inputs};

/// Archives whose heads are read, spread over all.
const HEADS: usize = 8;

/// Looks at inputs, indexes and the output.
pub(crate) async fn gather(spec: &ConvertSpec) -> Result<Known, Failure> {
    let stores = Stores::new();
    let listing = list_inputs(&stores, spec).await?;
    let filter = Filter::new(&spec.input.members)?;
    let index_uri = Uri::parse_here(&spec.output.index_uri()).map_err(StoreError::from)?;
    let index_store = stores.open(&index_uri, &spec.output.store).await?;
    let mut known = Known { unknown_objects: listing.ignored, ..Known::default() };
    let mut unread = Vec::new();
    for archive in &listing.archives {
        let index = match archive.container {
            Container::Loose => None,
            _ => indexes::load(index_store.as_ref(), archive).await?,
        };
        match index {
            Some(index) => known.archives.push(exact(archive, &index, &filter)?),
            None => unread.push(archive),
        }
    }
    look(spec, &filter, &unread, &listing.archives, &mut known).await?;
    let uri = Uri::parse_here(&spec.output.uri).map_err(StoreError::from)?;
    let output = stores.open(&uri, &spec.output.store).await?;
    known.output_taken = output.list("", None, 1).await?.objects.into_iter().next().map(|o| o.key);
    known.lifecycle = match output.lifecycle().await {
        Ok(rules) => uploads::warnings(&rules),
        // The right to read the rules is one of its own; a job does not need it.
        Err(error) => vec![format!("whether the bucket removes unfinished uploads is not known: {error}")],
    };
    Ok(known)
}

/// What an index says.
fn exact(archive: &ArchiveRef, index: &indexes::Index, filter: &Filter) -> Result<ArchiveFacts, Failure> {
    let mut facts = ArchiveFacts { compressed: archive.size, exact: true, ..ArchiveFacts::default() };
    let mut ignored = Ignored::default();
    for member in index.members.members() {
        let member = member?;
        if filter.counts(&member, &mut ignored) {
            facts.sizes.push(member.size);
        } else if member.kind != MemberKind::Dir {
            facts.ignored += 1;
        }
    }
    facts.members = facts.sizes.len() as u64;
    facts.bytes = facts.sizes.iter().sum();
    Ok(facts)
}

/// Reads some heads: for what has no index, and for a sample of frames.
async fn look(
    spec: &ConvertSpec,
    filter: &Filter,
    unread: &[&ArchiveRef],
    all: &[ArchiveRef],
    known: &mut Known,
) -> Result<(), Failure> {
    let of: Vec<&ArchiveRef> = if unread.is_empty() { all.iter().collect() } else { unread.to_vec() };
    let step = of.len().div_ceil(HEADS).max(1);
    let wanted = usize::try_from(spec.schema.sample).unwrap_or(usize::MAX).div_ceil(of.len().clamp(1, HEADS));
    for archive in of.iter().step_by(step) {
        if archive.container == Container::Zip {
            continue;
        }
        let object = Archive::of(Object::open(&archive.uri, &spec.input.store).await?)?;
        let head = head(&object, filter, wanted).await?;
        known.frames.extend(head.frames.into_iter().map(MemberView::of));
        known.problems.extend(head.problem);
        known.heads.push(ArchiveFacts {
            compressed: head.compressed,
            members: head.sizes.len() as u64,
            bytes: head.sizes.iter().sum(),
            sizes: head.sizes,
            ignored: head.ignored,
            exact: head.whole,
        });
    }
    let indexed = known.archives.len();
    known.unindexed = all.len() - indexed;
    known.unindexed_bytes = unread.iter().map(|a| a.size).sum();
    Ok(())
}
