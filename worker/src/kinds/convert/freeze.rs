//! The freeze stage: what the sample says becomes the schema of the whole job.

use super::rules::{output_settings, schema_rules};
use crate::attempt::{Site, Work};
use tarquet_common::{codes::plan as codes, failure::Failure};
use tarquet_convert::{FreezeBlock, FreezeOutput, FreezeShared, SampleOutput};
use tarquet_encode::JoinedSchema;

/// Runs the one freeze shard.
pub(super) fn run(site: &Site, shared: &FreezeShared, block: &FreezeBlock) -> Result<Work, Failure> {
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
    let output = if failed == members {
        FreezeOutput {
            schema: None,
            warnings: vec![format!("all {members} members failed in the sample: nothing can be written")],
            sample: format!("{members} of {} sampled", shared.planned),
        }
    } else {
        freeze(shared, &joined, failed)?
    };
    site.context.progress.bytes_done(1);
    Ok(Work { output: serde_json::to_value(output).expect("an output is plain data"), ..Work::default() })
}

fn freeze(shared: &FreezeShared, joined: &JoinedSchema, failed: u64) -> Result<FreezeOutput, Failure> {
    let frozen = joined.freeze(&schema_rules(shared), shared.planned)?;
    let mut warnings: Vec<String> = frozen.warnings.iter().map(warning).collect();
    if failed > 0 {
        warnings.push(format!("{failed} sampled members failed and decide nothing"));
    }
    let unreadable = output_settings(shared.profile, shared.compression).unreadable_by();
    if !unreadable.is_empty() {
        warnings.push(format!("not readable by {}", unreadable.join(", ")));
    }
    Ok(FreezeOutput {
        sample: frozen.sample_text(),
        schema: Some(serde_json::to_value(&frozen).expect("a frozen schema is plain data")),
        warnings,
    })
}

fn warning(w: &tarquet_encode::Warning) -> String {
    if w.column.is_empty() { w.text.clone() } else { format!("column {}: {}", w.column, w.text) }
}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::new(codes::PLAN_UNREADABLE, "what was sampled cannot be read").caused_by(error)
}
