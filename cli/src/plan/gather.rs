//! Asks the planner, the kind and the stores what there is to say.

use crate::{
    kinds::{Face, Remarks},
    uploads,
};
use tarquet_common::{
    failure::Failure,
    spec::Spec,
    store::{StoreError, Stores, Uri},
};
use tarquet_coordinator::{Outlook, kinds};

/// All that was found out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// What the job's planner says.
    pub outlook: Outlook,
    /// What the kind says of it.
    pub remarks: Remarks,
    /// The first object in the output, if it is not empty.
    pub output_taken: Option<String>,
    /// What the output's bucket removes by itself, in words.
    pub lifecycle: Vec<String>,
}

/// Looks at what the spec reads, and at the output.
pub(crate) async fn gather(face: &dyn Face, spec: &Spec) -> Result<Known, Failure> {
    let stores = Stores::new();
    let mut remarker = face.remarker(spec)?;
    let outlook = kinds::outlook(&stores, spec, &mut |body| remarker.show(body)).await?;
    let remarks = remarker.remarks(&outlook);
    let place = spec.place();
    let uri = Uri::parse_here(place.uri).map_err(StoreError::from)?;
    let output = stores.open(&uri, place.store).await?;
    let output_taken = output.list("", None, 1).await?.objects.into_iter().next().map(|o| o.key);
    let lifecycle = match output.lifecycle().await {
        Ok(rules) => uploads::warnings(&rules),
        // The right to read the rules is one of its own; a job does not need it.
        Err(error) => vec![format!("whether the bucket removes unfinished uploads is not known: {error}")],
    };
    Ok(Known { outlook, remarks, output_taken, lifecycle })
}
