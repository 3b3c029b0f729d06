//! Takes a case through every trouble that each of its store calls can meet.
//!
//! The case is carried out once without trouble, which counts its calls and shows its **end**. Then, for each verb, each
//! of its calls in turn, and each trouble that the verb can meet, in a world of its own: the order meets that trouble, and
//! is carried out **again** without, as it is after an `EffectFailed` and after a restart. After both:
//!
//! - what lay there before lies there unchanged, unless the end without trouble takes it away;
//! - whatever is visible, is what was there before or what is there in the end: nothing is half written;
//! - no upload is gone that is there in the end, and none is new.
//!
//! After the second, outcome and store are as in the end without trouble.

use super::world::{Everything, World};
use crate::effects::Order;
use futures::future::BoxFuture;
use tarquet_core::Outcome;
use tarquet_faulty::{Calls, Trouble, Verb, lost_answer};

pub(super) struct Case {
    pub(super) name: &'static str,
    /// The store calls that it makes without trouble: this many of this verb.
    pub(super) calls: &'static [(Verb, u64)],
    pub(super) arrange: fn(&World) -> BoxFuture<'_, Order>,
    /// Makes alike what may differ.
    pub(super) forgive: fn(&Met, &mut Seen),
    /// Leaves out a lie that changes what is right; it has a test of its own.
    pub(super) spare: fn(&Met) -> bool,
}

/// The trouble that was met; none in the run without.
pub(super) struct Met(pub(super) Option<(Verb, Trouble)>);

impl Met {
    /// The store has said what is not so, and not that anything went wrong.
    pub(super) fn is_lie(&self) -> bool {
        matches!(self.0, Some((_, Trouble::Absent | Trouble::WrongEtag(_) | Trouble::Unclear { .. })))
    }

    pub(super) fn is_absent(&self, verb: Verb) -> bool {
        matches!(self.0, Some((of, Trouble::Absent)) if of == verb)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) outcome: Outcome,
    /// The same in words that are alike in every world.
    told: String,
    pub(super) all: Everything,
}

impl Case {
    /// A case in which nothing may differ and nothing is left out.
    pub(super) const fn strict(
        name: &'static str,
        calls: &'static [(Verb, u64)],
        arrange: fn(&World) -> BoxFuture<'_, Order>,
    ) -> Self {
        Self { name, calls, arrange, forgive: |_, _| {}, spare: |_| false }
    }
}

/// A case in which others have carried out some orders before.
macro_rules! case {
    ($name:literal, $calls:expr, $ours:expr $(, after $theirs:expr)*) => {
        Case::strict($name, $calls, |w| {
            async move {
                $( w.rival($theirs(w)).await; )*
                $ours(w)
            }
            .boxed()
        })
    };
}
pub(super) use case;

/// Walks each; the number of troubles met.
pub(super) async fn walk_all(cases: &[Case]) -> usize {
    let mut met = 0;
    for case in cases {
        met += case.walk().await;
    }
    met
}

fn troubles(verb: Verb) -> Vec<Trouble> {
    let mut troubles = vec![Trouble::Before(lost_answer()), Trouble::After(lost_answer())];
    if verb == Verb::CompleteUpload {
        troubles.extend([Trouble::Unclear { done: true }, Trouble::Unclear { done: false }]);
    }
    if verb.has_absence() {
        troubles.push(Trouble::Absent);
    }
    if verb.has_etag() {
        troubles.push(Trouble::WrongEtag("another".to_owned()));
    }
    troubles
}

/// As the core starts it again.
pub(super) fn again(order: Order) -> Order {
    match order {
        Order::ClaimOutput { at, asked, again: _ } => Order::ClaimOutput { at, asked, again: true },
        other => other,
    }
}

impl Case {
    /// Walks; the number of troubles met.
    pub(super) async fn walk(&self) -> usize {
        let met = Met(None);
        let world = World::new();
        let order = (self.arrange)(&world).await;
        let counters = Verb::ALL.map(|verb| (verb, world.plant(Calls::of(verb), Trouble::Nothing)));
        let end = self.carry_out(&world, &met, order.clone()).await;
        let made: Vec<_> =
            counters.iter().map(|(verb, c)| (*verb, c.seen())).filter(|(_, n)| *n > 0).collect();
        assert_eq!(made, self.calls, "{}: the calls that it makes", self.name);
        world.heal();
        let twice = self.carry_out(&world, &met, again(order)).await;
        same(&format!("{}, carried out twice", self.name), &end, &twice);
        let mut walked = 0;
        for (verb, calls) in self.calls {
            for n in 1..=*calls {
                for met in troubles(*verb).into_iter().map(|trouble| Met(Some((*verb, trouble)))) {
                    if !(self.spare)(&met) {
                        self.meet(&met, n, &end).await;
                        walked += 1;
                    }
                }
            }
        }
        walked
    }

    async fn meet(&self, met: &Met, n: u64, end: &Seen) {
        let (verb, trouble) = met.0.clone().expect("a walk meets trouble");
        let what = format!("{}, {verb:?} {n} meets {trouble:?}", self.name);
        let world = World::new();
        let order = (self.arrange)(&world).await;
        let start = world.everything().await;
        let planted = world.plant(Calls::of(verb).nth(n), trouble);
        let between = self.carry_out(&world, met, order.clone()).await;
        assert_eq!(planted.fired(), 1, "{what}: the trouble has to be met");
        world.heal();
        harmless(&format!("{what}, at first"), &start, &between.all, &end.all);
        let twice = self.carry_out(&world, met, again(order)).await;
        harmless(&format!("{what}, in the end"), &start, &twice.all, &end.all);
        same(&what, end, &twice);
    }

    async fn carry_out(&self, world: &World, met: &Met, order: Order) -> Seen {
        let outcome = world.carry_out(order).await;
        let mut seen = Seen { outcome, told: String::new(), all: world.everything().await };
        // Keys of a probe are its own; where it was cut off, one may stay in the job's prefix.
        seen.all.objects.retain(|key, _| !key.contains("/probe-"));
        seen.all.uploads.retain(|key| !key.contains("/probe-"));
        (self.forgive)(met, &mut seen);
        seen.told = world.told(&format!("{:?}", seen.outcome));
        seen
    }
}

fn same(what: &str, end: &Seen, now: &Seen) {
    assert_eq!(now.told, end.told, "{what}: the outcome");
    assert_eq!(now.all, end.all, "{what}: the store");
}

fn harmless(what: &str, start: &Everything, now: &Everything, end: &Everything) {
    for (key, there) in &start.objects {
        let found = now.objects.get(key);
        let may_go = !end.objects.contains_key(key);
        assert!(
            found == Some(there) || (may_go && found.is_none()),
            "{what}: {key} was {there:?}, is {found:?}"
        );
    }
    for (key, there) in &now.objects {
        let known = [start, end].iter().any(|all| all.objects.get(key) == Some(there));
        assert!(known, "{what}: {key} is {there:?}, which is neither of the start nor of the end");
    }
    let count = |all: &Everything, key: &String| all.uploads.iter().filter(|k| *k == key).count();
    for key in end.uploads.iter().chain(&now.uploads) {
        let (before, now, after) = (count(start, key), count(now, key), count(end, key));
        assert!(now >= after && now <= before, "{what}: of {before} uploads of {key} there are {now}");
    }
}
