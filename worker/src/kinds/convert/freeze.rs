//! The freeze stage: what the sample says, or the user has pinned, becomes the schema of the whole job.

use crate::work::{Done, Site};
use tarquet_common::{
    codes::plan as codes,
    failure::Failure,
    kinds::convert::{FreezeBlock, FreezeOutput, FreezeShared, SCHEMA_KEY, SampleOutput},
};
use tarquet_encode::{FrozenSchema, JoinedSchema, OutputSettings, SchemaRules};

/// The role of the schema that people find.
const SCHEMA: &str = "schema";

/// Runs the one freeze shard.
pub(super) async fn run(site: &Site, shared: &FreezeShared, block: &FreezeBlock) -> Result<Done, Failure> {
    let decided = match &shared.pinned {
        Some(file) => {
            let frozen = FrozenSchema::pinned(file, &schema_rules(shared), shared.planned)?;
            Ok((frozen, Vec::new()))
        }
        None => of_sample(shared, block)?,
    };
    let output = match decided {
        Ok((frozen, warnings)) => {
            keep(site, &frozen).await?;
            told(shared, &frozen, warnings)
        }
        Err(nothing) => nothing,
    };
    site.progress.bytes_done(1);
    Ok(Done { output: serde_json::to_value(output).expect("an output is plain data"), ..Done::default() })
}

/// The schema and warnings, or what to say where the whole sample failed.
type Decided = Result<(FrozenSchema, Vec<String>), FreezeOutput>;

fn of_sample(shared: &FreezeShared, block: &FreezeBlock) -> Result<Decided, Failure> {
    let mut joined = JoinedSchema::default();
    let (mut members, mut failed) = (0, 0);
    for sampled in &block.sampled {
        let one: SampleOutput = serde_json::from_slice(sampled).map_err(|e| unreadable(&e))?;
        members += one.members;
        failed += one.failed;
        if let Some(value) = one.joined {
            joined.merge(serde_json::from_value(value).map_err(|e| unreadable(&e))?);
        }
    }
    if failed == members {
        return Ok(Err(FreezeOutput {
            schema: None,
            warnings: vec![format!("all {members} members failed in the sample: nothing can be written")],
            sample: format!("{members} of {} sampled", shared.planned),
        }));
    }
    let frozen = joined.freeze(&schema_rules(shared), shared.planned)?;
    let failed = (failed > 0).then(|| format!("{failed} sampled members failed and decide nothing"));
    Ok(Ok((frozen, failed.into_iter().collect())))
}

/// What members are held to.
fn schema_rules(shared: &FreezeShared) -> SchemaRules {
    SchemaRules {
        mode: shared.schema.mode,
        on_extra_column: shared.schema.on_extra_column,
        on_missing_column: shared.schema.on_missing_column,
        widen: shared.schema.widen,
        index: shared.index,
        timestamps: shared.timestamps,
        provenance: shared.provenance,
    }
}

fn told(shared: &FreezeShared, frozen: &FrozenSchema, more: Vec<String>) -> FreezeOutput {
    let mut warnings: Vec<String> = frozen.warnings.iter().map(warning).collect();
    warnings.extend(more);
    let FreezeShared { profile, compression, .. } = *shared;
    let unreadable = OutputSettings { profile, compression, ..OutputSettings::default() }.unreadable_by();
    if !unreadable.is_empty() {
        warnings.push(format!("not readable by {}", unreadable.join(", ")));
    }
    FreezeOutput {
        sample: frozen.sample_text(),
        schema: Some(serde_json::to_value(frozen).expect("a frozen schema is plain data")),
        warnings,
    }
}

/// Writes the schema where people find it. Whoever writes it writes the same.
async fn keep(site: &Site, frozen: &FrozenSchema) -> Result<(), Failure> {
    let text = serde_json::to_vec_pretty(frozen).expect("a frozen schema is plain data");
    site.sides.put(SCHEMA, SCHEMA_KEY, text).await.map(drop)
}

fn warning(w: &tarquet_encode::Warning) -> String {
    if w.column.is_empty() { w.text.clone() } else { format!("column {}: {}", w.column, w.text) }
}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::new(codes::PLAN_UNREADABLE, "what was sampled cannot be read").caused_by(error)
}
