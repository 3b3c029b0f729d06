//! A model of a worker: slots that ask, work, renew, finish or fail; that may be slow, stall, or die.

use tarquet_common::{
    codes::{self, Code},
    failure::{Class, Failure},
    ids::WorkerId,
    leasing::{Lease, Progress},
    receipt::Receipt,
};
use tarquet_kit::Chance;

/// How an attempt will end, decided when it begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    Finishes,
    /// Reports a failure of this class at its end.
    Fails(Class),
    /// The decoder dies on this member.
    Killed(u32),
    /// Renews for ever and does not move.
    Hangs,
}

#[derive(Clone, Debug)]
pub enum Doing {
    Idle,
    Asking {
        request: u64,
    },
    Working {
        lease: Box<Lease>,
        fate: Fate,
        needs_ms: u64,
        spent_ms: u64,
        silent_ms: u64,
        progress: Progress,
    },
    Finishing {
        receipt: Box<Receipt>,
    },
    Failing {
        lease: Box<Lease>,
        failure: Failure,
        killer: Option<u32>,
    },
}

pub struct Slot {
    pub doing: Doing,
    /// Timers and answers of an earlier life of the slot are void.
    pub turn: u64,
}

pub struct Worker {
    pub id: WorkerId,
    pub alive: bool,
    pub registered: bool,
    pub stalled_until: u64,
    pub slots: Vec<Slot>,
    pub slot_bytes: u64,
    /// Times slower than others.
    pub slowness: u64,
    pub next_request: u64,
}

impl Worker {
    pub fn new(number: usize, slots: usize, chance: &mut Chance, slow: bool) -> Self {
        let slot = || Slot { doing: Doing::Idle, turn: 0 };
        Self {
            id: WorkerId(format!("w{number}-{:08x}", chance.word() as u32)),
            alive: true,
            registered: false,
            stalled_until: 0,
            slots: (0..slots).map(|_| slot()).collect(),
            slot_bytes: if chance.permille(150) { 1 << 20 } else { 4 << 20 },
            slowness: if slow { 6 } else { 1 },
            next_request: 0,
        }
    }
}

/// The first code of a class.
pub fn code_of(class: Class) -> Code {
    let rows = codes::TABLE.iter().flat_map(|group| group.iter());
    let mut of_class = rows.filter(|row| row.class == class).filter_map(|row| Code::from_number(row.number));
    of_class.next().expect("the table has codes of every class")
}
