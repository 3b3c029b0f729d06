//! Effects that could not be done.

use crate::{
    decide::draft::Draft,
    decision::{Note, Step},
    effect::{Effect, EffectKey},
    event::What,
    phase::Hold,
    retry,
};
use tarquet_common::{
    failure::{Class, Failure},
    ids::ShardId,
};

/// An effect could not be done: it is started again after a delay, however often; what waiting does not mend
/// holds the job as well.
pub(crate) fn failed(d: &mut Draft<'_>, key: &EffectKey, failure: &Failure) {
    let Some(flight) = d.state.flights.get(key) else { return };
    let seed = retry::mix(u64::from(flight.tries)) ^ key_seed(key);
    let delay_ms = retry::backoff_ms(flight.tries, seed, &d.state.settings);
    let at = d.now.saturating_add(delay_ms);
    d.note(Note::RetryAt { effect: key.clone(), at, failure: Box::new(failure.clone()) });
    let effect = key.name().to_owned();
    let (code, message) = (failure.code, failure.message.clone());
    d.event(Some(key.job()), What::EffectDelayed { effect, code, message, delay_ms });
    let hold = match failure.class() {
        Class::Denied | Class::Usage => Some(Hold::Denied),
        Class::Bug => Some(Hold::Bug),
        Class::Input | Class::Environment | Class::Lost => None,
    };
    if let Some(hold) = hold {
        d.then(Step::Hold { job: key.job().clone(), hold, failure: failure.clone() });
    }
    d.advance(key.job());
}

fn key_seed(key: &EffectKey) -> u64 {
    let shard = match key {
        EffectKey::Receipt(shard, _) | EffectKey::Publish(shard, _) | EffectKey::Abort(shard, _) => {
            shard.clone()
        }
        other => ShardId { job: other.job().clone(), stage: 0, shard: 0 },
    };
    retry::seed_of(&shard)
}

/// The delay of an effect is over.
pub(crate) fn again(d: &mut Draft<'_>, effect: &Effect) {
    let delayed = d.state.flights.get(&effect.key()).is_some_and(|f| f.retry_at.is_some());
    if delayed {
        d.start_again(effect.clone());
    }
}
