//! Asks the planner and the stores what planning needs to know.

use crate::{kinds::convert::inspect::MemberView, uploads};
use tarquet_common::{
    failure::Failure,
    kinds::convert::ConvertSpec,
    spec::Spec,
    store::{StoreError, Stores, Uri},
};
use tarquet_coordinator::{Outlook, kinds};
use tarquet_decode::{Limits, describe};

/// All that was found out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// What the job's planner says.
    pub outlook: Outlook,
    /// Frames of the sample.
    pub frames: Vec<MemberView>,
    /// The first object in the output, if it is not empty.
    pub output_taken: Option<String>,
    /// What the output's bucket removes by itself, in words.
    pub lifecycle: Vec<String>,
}

/// Looks at inputs, indexes and the output.
pub(crate) async fn gather(spec: &ConvertSpec) -> Result<Known, Failure> {
    let stores = Stores::new();
    let mut frames = Vec::new();
    // A member that cannot be described is left for the job to tell.
    let mut sample = |body: Vec<u8>| {
        let first = describe(body, &Limits::default()).ok().and_then(|all| all.into_iter().next());
        frames.extend(first.map(MemberView::of));
    };
    let outlook = kinds::outlook(&stores, &Spec::Convert(spec.clone()), &mut sample).await?;
    let uri = Uri::parse_here(&spec.output.uri).map_err(StoreError::from)?;
    let output = stores.open(&uri, &spec.output.store).await?;
    let output_taken = output.list("", None, 1).await?.objects.into_iter().next().map(|o| o.key);
    let lifecycle = match output.lifecycle().await {
        Ok(rules) => uploads::warnings(&rules),
        // The right to read the rules is one of its own; a job does not need it.
        Err(error) => vec![format!("whether the bucket removes unfinished uploads is not known: {error}")],
    };
    Ok(Known { outlook, frames, output_taken, lifecycle })
}
