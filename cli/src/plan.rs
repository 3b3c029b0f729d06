//! What a job would do, found out without writing anything.
//!
//! The job's planner says what it would plan, and shows a few items on the way; the kind's **remarks** say what only it knows
//! of them. What comes of both, and of a look at the output, is the **view** that the screen draws.

use crate::{
    kinds::{Face, PlanLine, Remarks},
    uploads,
};
use serde::Serialize;
use serde_json::{Map, Value};
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
pub(crate) async fn gather(stores: &Stores, face: &dyn Face, spec: &Spec) -> Result<Known, Failure> {
    let mut remarker = face.remarker(spec)?;
    let outlook = kinds::outlook(stores, spec, &mut |body| remarker.show(body)).await?;
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

/// Bytes of one GET and of one part.
const TRANSFER: u64 = 8 << 20;

/// What a plan says. For programs, what only the kind knows stands under the kind's own names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct PlanView {
    /// The job's name.
    pub name: String,
    /// The input globs.
    pub inputs: Vec<String>,
    /// Objects that they match.
    #[serde(skip)]
    pub sources: u64,
    /// Their bytes.
    #[serde(skip)]
    pub input_bytes: u64,
    /// Whether figures come from parts of what there is.
    #[serde(skip)]
    pub estimated: bool,
    /// The kind's items and what becomes of them.
    #[serde(skip)]
    pub lines: Vec<PlanLine>,
    /// The same for programs.
    #[serde(flatten)]
    pub data: Map<String, Value>,
    /// Output partitions.
    pub partitions: u64,
    /// Bytes of one, about.
    pub partition_bytes: u64,
    /// Where they go.
    pub output: String,
    /// How they are encoded.
    pub encoding: String,
    /// Shards of the stage that makes them.
    pub shards: u64,
    /// Memory of a slot.
    pub slot_bytes: u64,
    /// Requests, about: GET, PUT.
    pub requests: (u64, u64),
    /// What people should know.
    pub warnings: Vec<String>,
}

/// Says what the job would do.
pub(crate) fn reckon(spec: &Spec, known: Known) -> PlanView {
    let warnings = warnings(&known);
    let Known { outlook, remarks, .. } = known;
    let partitions = u64::from(outlook.partitions);
    PlanView {
        name: spec.display_name().to_owned(),
        inputs: spec.objects().uris.to_vec(),
        sources: outlook.inputs,
        input_bytes: outlook.input_bytes,
        estimated: outlook.exact < outlook.inputs,
        lines: remarks.lines,
        data: remarks.data,
        partitions,
        partition_bytes: remarks.written_bytes / partitions.max(1),
        output: spec.place().uri.to_owned(),
        encoding: remarks.encoding,
        shards: outlook.stages.last().map_or(0, |stage| stage.shards),
        slot_bytes: outlook.stages.iter().map(|stage| stage.slot_bytes).max().unwrap_or(0),
        requests: requests(&outlook, remarks.written_bytes),
        warnings,
    }
}

/// GETs: one pass to learn what has to be read once, one for the work, and a few a shard. PUTs: parts, and what names them.
fn requests(outlook: &Outlook, written: u64) -> (u64, u64) {
    let partitions = u64::from(outlook.partitions);
    let read = outlook.input_bytes + outlook.first_pass_bytes;
    let get = read.div_ceil(TRANSFER) + 4 * outlook.inputs + 3 * partitions;
    let put = written.div_ceil(TRANSFER).max(partitions) + 3 * partitions + 2 * outlook.inputs;
    (get, put)
}

fn warnings(known: &Known) -> Vec<String> {
    let taken = |key: &String| format!("the output is not empty ({key}): the job would be refused");
    let mut out: Vec<String> = known.output_taken.iter().map(taken).collect();
    out.extend(known.lifecycle.iter().chain(&known.outlook.warnings).cloned());
    out.extend(
        known.outlook.problems.iter().map(|problem| format!("{} ({})", problem.message, problem.code)),
    );
    out.extend(known.remarks.warnings.iter().cloned());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Remarks;
    use tarquet_coordinator::StageOutlook;

    #[test]
    fn the_view_says_what_the_planner_and_the_kind_said() {
        let stage = |stage, shards, slot_bytes| StageOutlook { stage, shards, slot_bytes };
        let outlook = Outlook {
            inputs: 3,
            input_bytes: 24 << 20,
            exact: 1,
            first_pass_bytes: 8 << 20,
            partitions: 4,
            stages: vec![stage("learn", 2, 300), stage("work", 3, 200)],
            warnings: vec!["beware".to_owned()],
            ..Outlook::default()
        };
        let remarks = Remarks {
            written_bytes: 80 << 20,
            encoding: "plain".to_owned(),
            warnings: vec!["mind".to_owned()],
            data: Map::from_iter([("lines".to_owned(), 7.into())]),
            ..Remarks::default()
        };
        let known = Known { outlook, remarks, output_taken: Some("x".to_owned()), ..Known::default() };
        let text = "version=1\nkind='convert'\n[input]\nuris=['in/*.tar']\n[output]\nuri='far/out'\n";
        let view = reckon(&tarquet_common::spec::parse(text).unwrap(), known);
        assert_eq!((view.name.as_str(), view.sources, view.estimated), ("out", 3, true));
        assert_eq!((view.partitions, view.shards, view.slot_bytes), (4, 3, 300));
        assert_eq!(view.partition_bytes, 20 << 20);
        assert_eq!(view.requests, (4 + 12 + 12, 10 + 12 + 6));
        let warnings = ["the output is not empty (x): the job would be refused", "beware", "mind"];
        assert_eq!(view.warnings, warnings);
        let data = serde_json::to_value(&view).unwrap();
        let keys: Vec<&str> = data.as_object().unwrap().keys().map(String::as_str).take(4).collect();
        assert_eq!(keys, ["name", "inputs", "lines", "partitions"]);
    }
}
