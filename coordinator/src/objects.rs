//! The objects of a job: their names and what is in them.
//!
//! ```text
//! <output>.tarquet/claim                        [`Claim`]            which job the output belongs to, and where that is
//! <home>/jobs/ID/job.json                       core's `Submit`      what was asked
//!                generations/<g>                [`Generation`]       one number of attempts
//!                plans/<stage>-<digest>         stage plan           binary, see `tarquet_common::stage_plan`
//!                plans/<stage>.json             [`PlanObject`]       which plan is the stage's
//!                rounds/<n>.json                core's `RoundsObject`
//!                receipts/<stage>/<shard>.<round>.json   core's `RoundEnd`   the commit of a shard, or that there is none
//!                accepts/<n>.json               core's `AcceptObject`
//!                outcome.json                   core's `Verdict`     publish, cancel or fail
//!                catalog.json                   core's `Catalog`     written last
//! <registry>/<ID>.json                          [`Pointer`]          where the job is
//! ```
//!
//! The **home** of an output is `<output>.tarquet/`, unless the spec names another; the claim stands beside the output all the
//! same ([`claim_place`]). All of these are written with
//! `If-None-Match: *` and never changed. Numbers are padded to ten digits so that lists come in their order.

use serde::{Deserialize, Serialize};
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    ids::{JobId, ShardId},
    store::{StoreSettings, Uri},
};

/// Largest JSON object that is read back.
pub const OBJECT_BYTES_MAX: u64 = 64 << 20;

/// What was asked.
pub const JOB: &str = "job.json";
/// Publish, cancel or fail.
pub const OUTCOME: &str = "outcome.json";
/// The list of all that was published.
pub const CATALOG: &str = "catalog.json";
/// Prefix of [`generation`].
pub const GENERATIONS: &str = "generations/";
/// Prefix of [`plan_object`] and plans.
pub const PLANS: &str = "plans/";
/// Prefix of [`rounds`].
pub const ROUNDS: &str = "rounds/";
/// Prefix of [`receipt`].
pub const RECEIPTS: &str = "receipts/";
/// Prefix of [`accept`].
pub const ACCEPTS: &str = "accepts/";

/// Key of one number of attempts.
pub fn generation(number: u32) -> String {
    format!("{GENERATIONS}{number:010}")
}

/// The number in the key of a generation.
pub fn generation_of(key: &str) -> Option<u32> {
    key.strip_prefix(GENERATIONS)?.parse().ok()
}

/// Key of a stage's plan. Two planners that differ write two objects; [`plan_object`] says which counts.
pub fn plan(stage: u8, digest: &str) -> String {
    format!("{PLANS}{stage:03}-{}", digest.get(..16).unwrap_or(digest))
}

/// Key of the choice of a stage's plan.
pub fn plan_object(stage: u8) -> String {
    format!("{PLANS}{stage:03}.json")
}

/// Key of a `rounds` object.
pub fn rounds(number: u32) -> String {
    format!("{ROUNDS}{number:010}.json")
}

/// Key of a receipt.
pub fn receipt(shard: &ShardId, round: u32) -> String {
    format!("{RECEIPTS}{:03}/{:010}.{round:010}.json", shard.stage, shard.shard)
}

/// Key of an `accept` object.
pub fn accept(number: u32) -> String {
    format!("{ACCEPTS}{number:010}.json")
}

/// Key of a pointer in the registry.
pub fn pointer(job: &JobId) -> String {
    format!("{job}.json")
}

/// Which job an output belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The job.
    pub job: JobId,
    /// The output, as the job writes it.
    pub output_uri: String,
    /// The job's prefix. The release before did not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_uri: Option<String>,
}

/// One number of attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The number.
    pub generation: u32,
    /// When, milliseconds since the epoch.
    pub unix_ms: u64,
    /// Chance, so that two coordinators never write the same and both think it is theirs.
    pub nonce: String,
}

/// Which plan is the stage's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanObject {
    /// The stage.
    pub stage: u8,
    /// Key of the plan, relative to the job prefix.
    pub plan_name: String,
    /// BLAKE3 of its head, hexadecimal.
    pub plan_digest: String,
    /// Items its receipts will account for.
    #[serde(alias = "planned_members")]
    pub planned_items: u64,
    /// The steps of an attempt, in the order in which bytes meet them.
    #[serde(default)]
    pub steps: Vec<String>,
    /// Output partitions it makes.
    pub partitions: u32,
    /// For people.
    pub warnings: Vec<String>,
}

/// Where a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// The job.
    pub job: JobId,
    /// Its prefix.
    pub job_uri: String,
    /// How to reach the store of the prefix.
    #[serde(default)]
    pub store: StoreSettings,
}

/// The prefix of a job in the home of its output.
pub fn job_uri(home: &Uri, job: &JobId) -> Uri {
    home.join("jobs").join(job.as_str())
}

/// The home that a job's prefix lies in; the prefix itself if it lies in none.
pub fn home_of(job_uri: &Uri, job: &JobId) -> Uri {
    let home = job_uri.split().filter(|(_, name)| *name == job.as_str()).and_then(|(jobs, _)| {
        let (home, name) = jobs.split()?;
        (name == "jobs").then_some(home)
    });
    home.unwrap_or_else(|| job_uri.clone())
}

/// Where the claim on an output stands: root and key. The output alone decides it. A whole bucket has nothing beside it;
/// there it is the one object in the output that is no part, under a name that readers of datasets leave out.
pub fn claim_place(output: &Uri) -> (Uri, String) {
    match output.sibling(".tarquet") {
        Some(beside) => (beside, "claim".to_owned()),
        None => (output.clone(), CLAIM_INSIDE.to_owned()),
    }
}

/// Key of the claim in an output that has nothing beside it.
pub const CLAIM_INSIDE: &str = "_tarquet/claim";

/// Where the release before put the claim of a job whose spec names a home; `None` if it is the same place.
pub fn earlier_claim_place(output: &Uri, home: &Uri) -> Option<(Uri, String)> {
    let elsewhere = output.sibling(".tarquet").as_ref() != Some(home);
    let name = || format!("claim-{}", &blake3::hash(output.as_str().as_bytes()).to_hex()[..16]);
    elsewhere.then(|| (home.clone(), name()))
}

/// `part-00017.parquet`: what every dataset's objects are called.
pub fn is_part_name(key: &str) -> bool {
    let number = key.strip_prefix("part-").and_then(|rest| rest.split_once('.')).map(|(number, _)| number);
    number.is_some_and(|n| n.len() >= 5 && n.bytes().all(|b| b.is_ascii_digit()))
}

/// An object that cannot be what its name says.
pub fn damaged(uri: &Uri, key: &str, why: &dyn std::error::Error) -> Failure {
    Failure::new(cluster::JOB_OBJECT_DAMAGED, format!("the job's object {key} does not read"))
        .at_uri(uri.join(key).to_string())
        .caused_by(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_their_numbers_and_read_back() {
        assert!(generation(9) < generation(10));
        assert_eq!(generation_of(&generation(4_000_000_000)), Some(4_000_000_000));
        assert_eq!(generation_of("plans/1"), None);
        let shard = |n| ShardId { job: JobId::from_parts(1, 1), stage: 2, shard: n };
        assert!(receipt(&shard(9), 10) < receipt(&shard(10), 0));
    }

    #[test]
    fn only_parts_have_names_of_parts() {
        assert!(is_part_name("part-00017.parquet"));
        assert!(is_part_name("part-100000.csv"));
        for other in
            ["part-1.parquet", "part-0001x.parquet", "x/part-00017.parquet", "backup.tar", "part-00017"]
        {
            assert!(!is_part_name(other), "{other}");
        }
    }

    #[test]
    fn a_home_is_found_again() {
        let job = JobId::from_parts(1, 1);
        let output = Uri::parse_here("s3://bucket/out/").unwrap();
        let home = output.sibling(".tarquet").unwrap();
        let prefix = job_uri(&home, &job);
        assert_eq!(prefix.as_str(), format!("s3://bucket/out.tarquet/jobs/{job}"));
        assert_eq!(home_of(&prefix, &job), home);
        let elsewhere = Uri::parse_here("s3://bucket/elsewhere").unwrap();
        assert_eq!(home_of(&elsewhere, &job), elsewhere);
    }

    #[test]
    fn the_output_alone_says_where_its_claim_stands() {
        let uri = |text: &str| Uri::parse_here(text).unwrap();
        let (output, home, elsewhere) =
            (uri("s3://bucket/out/"), uri("s3://bucket/out.tarquet"), uri("s3://bucket/jobs"));
        assert_eq!(claim_place(&output), (home.clone(), "claim".to_owned()));
        assert_eq!(claim_place(&uri("s3://bucket")), (uri("s3://bucket"), "_tarquet/claim".to_owned()));
        assert_eq!(earlier_claim_place(&output, &home), None);
        let earlier = earlier_claim_place(&output, &elsewhere).unwrap();
        assert_eq!(earlier.0, elsewhere);
        assert_ne!(Some(earlier), earlier_claim_place(&uri("s3://bucket/other"), &elsewhere));
    }
}
