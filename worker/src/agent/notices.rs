//! Notices that the machine is about to go.
//!
//! EC2 announces the end of an instance in its metadata, where nobody is told unless they ask: a spot instance that is taken
//! back two minutes before it goes, an instance of an auto scaling group when the group has chosen it. A worker asks every
//! five seconds, and drains. A rebalance recommendation is no notice: most such instances go on for hours.

use super::drain::Drain;
use std::time::Duration;
use tarquet_common::instance::InstanceMetadata;

/// How often to ask: as often as AWS advises.
const EVERY: Duration = Duration::from_secs(5);
/// How often to look for the service before this is taken for no instance.
const LOOKS: u32 = 3;

const IDENTITY: &str = "/latest/meta-data/instance-id";
/// `{"action": "terminate", "time": "2026-09-18T08:22:00Z"}`, also `stop` and `hibernate`.
const SPOT: &str = "/latest/meta-data/spot/instance-action";
/// `InService`, `Terminated` and others: where the group wants the instance to be.
const GROUP: &str = "/latest/meta-data/autoscaling/target-lifecycle-state";

/// Watches for notices and asks for a drain at the first. Ends then, and where there is no metadata service.
pub async fn drain_on_notices(drain: Drain) {
    let Some(metadata) = InstanceMetadata::of_environment() else { return };
    if !is_instance(&metadata).await {
        tracing::debug!("no instance metadata: notices are not watched for");
        return;
    }
    tracing::info!("watching for notices of the instance's end");
    loop {
        let spot = asked(&metadata, SPOT).await;
        let group = asked(&metadata, GROUP).await;
        if let Some(reason) = notice(spot.as_deref(), group.as_deref()) {
            tracing::warn!(reason, "draining");
            return drain.ask(&reason);
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn is_instance(metadata: &InstanceMetadata) -> bool {
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(EVERY).await;
        }
        if matches!(metadata.get(IDENTITY).await, Ok(Some(_))) {
            return true;
        }
    }
    false
}

/// What the service says; nothing where it does not answer, for it will be asked again.
async fn asked(metadata: &InstanceMetadata, path: &str) -> Option<String> {
    metadata.get(path).await.unwrap_or_else(|error| {
        tracing::debug!(%error, "no answer; asking again");
        None
    })
}

/// The reason to leave, if there is one.
fn notice(spot: Option<&str>, group: Option<&str>) -> Option<String> {
    if let Some(text) = spot {
        let said: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let word = |key: &str, other: &str| said[key].as_str().unwrap_or(other).to_owned();
        return Some(format!("spot notice: {} at {}", word("action", "the end"), word("time", "any moment")));
    }
    (group.map(str::trim) == Some("Terminated"))
        .then(|| "the auto scaling group ends this instance".to_owned())
}

#[cfg(test)]
mod tests {
    use super::notice;

    #[test]
    fn only_an_end_is_a_reason_to_leave() {
        assert_eq!(notice(None, None), None);
        assert_eq!(notice(None, Some("InService\n")), None);
        let spot = r#"{"action": "terminate", "time": "2026-09-18T08:22:00Z"}"#;
        assert_eq!(notice(Some(spot), None).unwrap(), "spot notice: terminate at 2026-09-18T08:22:00Z");
        assert_eq!(notice(Some("?"), Some("InService")).unwrap(), "spot notice: the end at any moment");
        assert!(notice(None, Some("Terminated")).unwrap().contains("auto scaling"));
    }
}
