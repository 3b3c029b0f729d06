//! The rows of one member: readings of sensors, one a second.

use super::colsum::{Sums, Values};
use tarquet_common::chance::mix;

/// 2022-01-01T00:00:00Z in nanoseconds since the epoch.
const START_NS: i64 = 1_640_995_200_000_000_000;
/// Numeric columns beside `sensor_id`.
pub(super) const FLOATS: [&str; 5] = ["v0", "v1", "v2", "v3", "v4"];

/// A stream of numbers out of a seed, the same on every machine: SplitMix64.
struct Random(u64);

impl Random {
    /// The stream of a seed and a place.
    fn new(seed: u64, place: u64) -> Self {
        Self(mix(seed ^ mix(place)))
    }

    /// The next 64 bits.
    fn bits(&mut self) -> u64 {
        let x = mix(self.0);
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        x
    }

    /// From 0 inclusive to 1 exclusive, with 53 random bits.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From 0 to `n - 1`.
    fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }
}

/// One frame, by columns. The index is `ts`.
pub(super) struct Frame {
    /// Index: nanoseconds since the epoch.
    pub ts: Vec<i64>,
    /// Column `sensor_id`.
    pub sensor_id: Vec<i64>,
    /// Columns [`FLOATS`].
    pub floats: [Vec<f64>; FLOATS.len()],
}

impl Frame {
    /// The frame of a member: half to one and a half times `mean_rows` rows, at least one.
    pub(super) fn new(seed: u64, member: u64, mean_rows: u64) -> Self {
        let mut random = Random::new(seed, member);
        let rows = (mean_rows / 2 + random.below(mean_rows.max(1) + 1)).max(1);
        let start = START_NS + member.cast_signed() * 60_000_000_000;
        let mut frame = Self { ts: Vec::new(), sensor_id: Vec::new(), floats: Default::default() };
        let mut walk = 100.0;
        for row in 0..rows.cast_signed() {
            frame.ts.push(start + row * 1_000_000_000);
            frame.sensor_id.push(random.below(10_000).cast_signed());
            walk += (random.unit() - 0.5) * 0.01;
            for (column, value) in frame.floats.iter_mut().zip(readings(&mut random, walk)) {
                column.push(value);
            }
        }
        frame
    }

    /// Rows.
    pub(super) fn rows(&self) -> usize {
        self.ts.len()
    }

    /// What its rows add up to.
    pub(super) fn sums(&self) -> Sums {
        let mut columns =
            vec![("ts", Values::TimestampNs(&self.ts)), ("sensor_id", Values::Int64(&self.sensor_id))];
        columns.extend(FLOATS.iter().zip(&self.floats).map(|(name, v)| (*name, Values::Float64(v))));
        let mut sums = Sums::default();
        sums.add(&columns, self.rows());
        sums
    }
}

/// One row's floats, each of another nature: noise, a price-like walk, cents with gaps, a bell, coarse steps.
/// Only operations that IEEE 754 rounds in one way, so that every machine makes the same bits.
#[expect(clippy::cast_precision_loss, reason = "small integers")]
fn readings(random: &mut Random, walk: f64) -> [f64; FLOATS.len()] {
    let cents = (random.unit() * 100_000.0).round() / 100.0;
    let bell = random.unit() + random.unit() + random.unit() + random.unit() - 2.0;
    [
        random.unit() - 0.5,
        (walk * 1e4).round() / 1e4,
        if random.below(50) == 0 { f64::NAN } else { cents },
        bell,
        random.below(1000) as f64 / 8.0,
    ]
}
