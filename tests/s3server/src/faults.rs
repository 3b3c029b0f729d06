//! Faults: what shall go wrong, where, and how often it has.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::watch;

/// What happens instead of, or besides, the ordinary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing is done; this status and error code are answered.
    Status(u16, String),
    /// It is done; this status and error code are answered.
    StatusAfter(u16, String),
    /// Nothing is done; 200 is answered with an error of this code in the body.
    ErrorBody(String),
    /// It is done; 200 is answered with an error of this code in the body.
    ErrorBodyAfter(String),
    /// Nothing is done; the connection is cut.
    DropBefore,
    /// It is done; the connection is cut: a lost reply.
    DropAfter,
    /// It is done and answered after so many milliseconds.
    Delay(u64),
    /// Nothing is done, nothing is answered. The connection stays open until faults are healed, and is cut then.
    Hang,
    /// It is done; the connection is cut after so many bytes of the response's body.
    Truncate(u64),
    /// It is done; one bit of this byte of the response's body is wrong.
    Corrupt(u64),
}

/// A fault: an effect, and the requests that it strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// AWS's name of the operation; `*` is any.
    pub operation: String,
    /// Pattern of keys, `*` standing for any characters.
    pub key: String,
    /// Requests that are spared before it strikes.
    pub skip: u64,
    /// How many are struck; `None` is all.
    pub times: Option<u64>,
    /// What happens.
    pub effect: Effect,
}

impl Fault {
    /// Strikes the first such request.
    pub fn once(operation: &str, key: &str, effect: Effect) -> Self {
        Self { operation: operation.to_owned(), key: key.to_owned(), skip: 0, times: Some(1), effect }
    }

    /// Strikes every such request.
    pub fn always(operation: &str, key: &str, effect: Effect) -> Self {
        Self { times: None, ..Self::once(operation, key, effect) }
    }

    /// Spares the first `n`.
    #[must_use]
    pub fn after(self, n: u64) -> Self {
        Self { skip: n, ..self }
    }

    /// Strikes `n`.
    #[must_use]
    pub fn times(self, n: u64) -> Self {
        Self { times: Some(n), ..self }
    }
}

/// A fault that was planted.
#[derive(Clone, Debug)]
pub struct FaultHandle(Arc<Planted>);

impl FaultHandle {
    /// How many requests it has struck. A test that plants a fault and does not look here may have tested nothing.
    pub fn fired(&self) -> u64 {
        self.0.fired.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
struct Planted {
    fault: Fault,
    seen: AtomicU64,
    fired: AtomicU64,
}

/// The faults of a server.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    planted: Mutex<Vec<Arc<Planted>>>,
    /// How often they were healed.
    healed: watch::Sender<u64>,
}

impl Faults {
    pub(crate) fn plant(&self, fault: Fault) -> FaultHandle {
        let planted = Arc::new(Planted { fault, seen: AtomicU64::new(0), fired: AtomicU64::new(0) });
        self.planted.lock().expect("no panic while planting").push(planted.clone());
        FaultHandle(planted)
    }

    pub(crate) fn clear(&self) {
        self.planted.lock().expect("no panic while planting").clear();
        self.healed.send_modify(|times| *times += 1);
    }

    /// Changes at the next healing.
    pub(crate) fn healing(&self) -> watch::Receiver<u64> {
        self.healed.subscribe()
    }

    /// The effect of the first fault that strikes this request.
    pub(crate) fn strike(&self, operation: &str, key: &str) -> Option<Effect> {
        let faults = self.planted.lock().expect("no panic while planting");
        faults.iter().find_map(|planted| {
            let Fault { operation: op, key: pattern, skip, times, effect } = &planted.fault;
            if !(op == "*" || op == operation) || !matches(pattern, key) {
                return None;
            }
            let n = planted.seen.fetch_add(1, Ordering::SeqCst);
            let strikes = n >= *skip && times.is_none_or(|t| n - skip < t);
            strikes.then(|| {
                planted.fired.fetch_add(1, Ordering::SeqCst);
                effect.clone()
            })
        })
    }
}

/// Whether `text` is of the form of `pattern`, `*` standing for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let tail = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(tail)
}

/// The text is not a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFault(String);

impl fmt::Display for BadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a fault; write op=GetObject,key=*.parquet,skip=2,times=1,do=status:503:SlowDown, where do= is \
             one of status:N:CODE, status-after:N:CODE, error-body:CODE, error-body-after:CODE, drop-before, \
             drop-after, delay:MS, hang, truncate:BYTES, corrupt:AT",
            self.0
        )
    }
}

impl std::error::Error for BadFault {}

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        let bad = || BadFault(text.to_owned());
        let mut fault = Self::always("*", "*", Effect::Hang);
        let mut effect = None;
        for pair in text.split(',') {
            let (name, value) = pair.trim().split_once('=').ok_or_else(bad)?;
            match name {
                "op" => value.clone_into(&mut fault.operation),
                "key" => value.clone_into(&mut fault.key),
                "skip" => fault.skip = value.parse().map_err(|_| bad())?,
                "times" => fault.times = Some(value.parse().map_err(|_| bad())?),
                "do" => effect = Some(parse_effect(value).ok_or_else(bad)?),
                _ => return Err(bad()),
            }
        }
        fault.effect = effect.ok_or_else(bad)?;
        Ok(fault)
    }
}

fn parse_effect(text: &str) -> Option<Effect> {
    let mut words = text.split(':');
    let name = words.next()?;
    let mut next = || words.next();
    let effect = match name {
        "status" => Effect::Status(next()?.parse().ok()?, next()?.to_owned()),
        "status-after" => Effect::StatusAfter(next()?.parse().ok()?, next()?.to_owned()),
        "error-body" => Effect::ErrorBody(next()?.to_owned()),
        "error-body-after" => Effect::ErrorBodyAfter(next()?.to_owned()),
        "drop-before" => Effect::DropBefore,
        "drop-after" => Effect::DropAfter,
        "delay" => Effect::Delay(next()?.parse().ok()?),
        "hang" => Effect::Hang,
        "truncate" => Effect::Truncate(next()?.parse().ok()?),
        "corrupt" => Effect::Corrupt(next()?.parse().ok()?),
        _ => return None,
    };
    words.next().is_none().then_some(effect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, want) in [
            ("*", "", true),
            ("*", "a/b", true),
            ("a*", "a/b", true),
            ("*b", "a/b", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "ace", true),
            ("a*c*e", "aec", false),
            ("a", "ab", false),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(matches(pattern, text), want, "{pattern} {text}");
        }
    }

    #[test]
    fn specs_read_back() {
        let fault: Fault =
            "op=PutObject,key=receipts/*,skip=2,times=1,do=status:503:SlowDown".parse().unwrap();
        let want = Fault::once("PutObject", "receipts/*", Effect::Status(503, "SlowDown".into())).after(2);
        assert_eq!(fault, want);
        for bad in
            ["", "op=X", "do=status:503", "do=drop-after:1", "do=nothing", "skip=x,do=hang", "do=hang,foo=1"]
        {
            assert!(bad.parse::<Fault>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_nth_request_is_struck() {
        let faults = Faults::default();
        let handle = faults.plant(Fault::once("GetObject", "a*", Effect::Hang).after(1));
        assert_eq!(faults.strike("GetObject", "b"), None);
        assert_eq!(faults.strike("GetObject", "a1"), None);
        assert_eq!(faults.strike("GetObject", "a1"), Some(Effect::Hang));
        assert_eq!(faults.strike("GetObject", "a1"), None);
        assert_eq!(handle.fired(), 1);
    }
}
