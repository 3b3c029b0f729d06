//! Who is connected to a port: strangers, and those who were admitted.

use super::limits::{KNOWN_MAX, REFUSALS_END, REFUSALS_MAX, STRANGERS_MAX};
use crate::metrics::Metrics;
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};
use tokio::sync::Notify;

/// All connections of a port.
pub(super) struct Crowd {
    port: &'static str,
    metrics: Arc<Metrics>,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    next: u64,
    /// By where they come from and by age, with what ends them.
    strangers: BTreeMap<IpAddr, BTreeMap<u64, Arc<Notify>>>,
    known: usize,
}

impl Inside {
    fn strangers(&self) -> usize {
        self.strangers.values().map(BTreeMap::len).sum()
    }

    /// Takes the oldest stranger of the address that has the most of them: who floods pushes out its own.
    fn take_one_too_many(&mut self) -> Option<Arc<Notify>> {
        let most = self.strangers.iter().max_by_key(|(_, of)| of.len()).map(|(address, _)| *address)?;
        let number = *self.strangers.get(&most)?.keys().next()?;
        self.take(most, number)
    }

    fn take(&mut self, address: IpAddr, number: u64) -> Option<Arc<Notify>> {
        let of = self.strangers.get_mut(&address)?;
        let taken = of.remove(&number);
        if of.is_empty() {
            self.strangers.remove(&address);
        }
        taken
    }
}

/// One network that a single host may have all of (RFC 6177 gives a site at least a /64).
fn origin(from: SocketAddr) -> IpAddr {
    match from.ip().to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

/// One connection; it has left when this is dropped.
pub(super) struct Visit {
    crowd: Arc<Crowd>,
    number: u64,
    /// Where it comes from.
    pub(super) from: SocketAddr,
    ended: Arc<Notify>,
    asked_to_leave: Notify,
    refusals: AtomicU32,
    standing: Mutex<Standing>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Stranger,
    Known,
}

impl Crowd {
    /// Nobody yet.
    pub(super) fn new(port: &'static str, metrics: Arc<Metrics>) -> Self {
        metrics.connected(port, 0, 0);
        Self { port, metrics, inside: Mutex::default() }
    }

    fn count(&self, inside: &Inside) {
        self.metrics.connected(self.port, inside.strangers(), inside.known);
    }

    /// A connection was ended, and why.
    pub(super) fn ended(&self, reason: &'static str) {
        self.metrics.ended(self.port, reason);
    }

    /// A connection comes in. If there are too many strangers, one of where most come from has to go.
    pub(super) fn enter(self: &Arc<Self>, from: SocketAddr) -> Arc<Visit> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let number = inside.next;
        inside.next += 1;
        if inside.strangers() >= STRANGERS_MAX
            && let Some(one) = inside.take_one_too_many()
        {
            one.notify_one();
        }
        let ended = Arc::new(Notify::new());
        inside.strangers.entry(origin(from)).or_default().insert(number, ended.clone());
        self.metrics.opened(self.port);
        self.count(&inside);
        Arc::new(Visit {
            crowd: self.clone(),
            number,
            from,
            ended,
            asked_to_leave: Notify::new(),
            refusals: AtomicU32::new(0),
            standing: Mutex::new(Standing::Stranger),
        })
    }

    /// How many there are: strangers, others.
    #[cfg(test)]
    fn counts(&self) -> (usize, usize) {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        (inside.strangers(), inside.known)
    }
}

impl Visit {
    /// A call was admitted: no stranger any more, if there is room.
    pub(super) fn admitted(&self) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if *standing == Standing::Known {
            return;
        }
        let mut inside = self.crowd.inside.lock().unwrap_or_else(PoisonError::into_inner);
        // Who was ended for a newer stranger a moment ago is not in the map any more, and stays ended.
        if inside.known < KNOWN_MAX && inside.take(origin(self.from), self.number).is_some() {
            inside.known += 1;
            self.crowd.count(&inside);
            *standing = Standing::Known;
        }
    }

    /// Which port it came to.
    pub(super) fn port(&self) -> &'static str {
        self.crowd.port
    }

    /// Whether no call was admitted yet.
    pub(super) fn is_stranger(&self) -> bool {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) == Standing::Stranger
    }

    /// A call was refused. Who goes on is asked to leave.
    pub(super) fn refused(&self) {
        match self.refusals.fetch_add(1, Relaxed) + 1 {
            ..REFUSALS_MAX => {}
            REFUSALS_MAX..REFUSALS_END => self.asked_to_leave.notify_one(),
            REFUSALS_END.. => self.ended.notify_one(),
        }
    }

    /// Done when the connection has to end at once.
    pub(super) async fn ended(&self) {
        self.ended.notified().await;
    }

    /// Done when the connection should end once its calls are answered.
    pub(super) async fn asked_to_leave(&self) {
        self.asked_to_leave.notified().await;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut inside = self.crowd.inside.lock().unwrap_or_else(PoisonError::into_inner);
        match self.standing.get_mut().unwrap_or_else(PoisonError::into_inner) {
            Standing::Stranger => {
                inside.take(origin(self.from), self.number);
            }
            Standing::Known => inside.known -= 1,
        }
        self.crowd.count(&inside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn one_more_stranger_ends_the_oldest_and_nobody_else() {
        let crowd = Arc::new(Crowd::new("grpc", Arc::new(Metrics::new(0))));
        let from = "127.0.0.1:1".parse().unwrap();
        let mut visits: Vec<_> = (0..STRANGERS_MAX).map(|_| crowd.enter(from)).collect();
        visits[0].admitted();
        visits.push(crowd.enter(from));
        assert!(visits.iter().all(|v| v.ended().now_or_never().is_none()), "there was room");
        assert_eq!(crowd.counts(), (STRANGERS_MAX, 1));
        visits.push(crowd.enter(from));
        let ended: Vec<usize> = visits
            .iter()
            .enumerate()
            .filter(|(_, v)| v.ended().now_or_never().is_some())
            .map(|(i, _)| i)
            .collect();
        assert_eq!(ended, [1], "the first was admitted, so the second is the oldest stranger");
        visits[1].admitted();
        assert!(visits[1].is_stranger(), "too late");
        visits.clear();
        assert_eq!(crowd.counts(), (0, 0));
    }

    #[test]
    fn who_floods_pushes_out_its_own() {
        let crowd = Arc::new(Crowd::new("grpc", Arc::new(Metrics::new(0))));
        let quiet = crowd.enter("10.0.0.1:1".parse().unwrap());
        let from = |n: usize| SocketAddr::new(format!("2001:db8::{n:x}").parse().unwrap(), 1);
        let visits: Vec<_> = (0..STRANGERS_MAX + 50).map(|n| crowd.enter(from(n))).collect();
        assert!(quiet.ended().now_or_never().is_none(), "it is older than all, and alone");
        let ended = visits.iter().filter(|v| v.ended().now_or_never().is_some()).count();
        assert_eq!((ended, crowd.counts().0), (51, STRANGERS_MAX));
    }

    #[test]
    fn who_is_refused_again_and_again_is_asked_to_leave() {
        let crowd = Arc::new(Crowd::new("grpc", Arc::new(Metrics::new(0))));
        let visit = crowd.enter("127.0.0.1:1".parse().unwrap());
        for _ in 1..REFUSALS_MAX {
            visit.refused();
        }
        assert!(visit.asked_to_leave().now_or_never().is_none());
        visit.refused();
        assert!(visit.asked_to_leave().now_or_never().is_some() && visit.ended().now_or_never().is_none());
        for _ in REFUSALS_MAX..REFUSALS_END {
            visit.refused();
        }
        assert!(visit.ended().now_or_never().is_some(), "who does not leave is ended");
    }
}
