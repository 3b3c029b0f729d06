//! Megabytes of Arrow data that one core encodes in a second, for each profile.
//!
//! `cargo run --release -p tarquet-encode --example encode_speed [ROUNDS]`. The data is like the benchmark
//! members: 6,000 rows of five noisy floats and two integers each, about 340 kB a member.

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray, TimestampNanosecondArray};
use std::{error::Error, io::Write, sync::Arc, time::Duration};
use tarquet_common::spec::Profile;
use tarquet_decode::frame::{Column, ColumnLevel, Frame, Label, Layout, Logical};
use tarquet_encode::{
    FrozenSchema, JoinedSchema, OutputSettings, ParquetEncoder, PartWriter, SampledSchema, SchemaRules,
    conform,
};

const ROWS: usize = 6_000;

fn main() -> Result<(), Box<dyn Error>> {
    let members: usize = std::env::args().nth(1).map_or(Ok(1_000), |n| n.parse())?;
    let mut out = std::io::stdout().lock();
    for (data, with_text) in [("numbers", false), ("numbers and text", true)] {
        for profile in [Profile::Portable, Profile::Fast, Profile::Compact] {
            let settings = OutputSettings { profile, ..OutputSettings::default() };
            let (arrow, file, spent) = encode(&settings, members, with_text)?;
            let speed = arrow as f64 / 1e6 / spent.as_secs_f64();
            let ratio = file as f64 / arrow as f64;
            writeln!(out, "{data:17} {profile:?}: {speed:.0} MB/s of Arrow bytes, size {ratio:.3}")?;
        }
    }
    Ok(())
}

/// Arrow bytes, file bytes, and CPU time spent on conforming and encoding.
fn encode(
    settings: &OutputSettings,
    members: usize,
    with_text: bool,
) -> Result<(usize, u64, Duration), Box<dyn Error>> {
    // A few different members, used in turn, so that making them costs no time.
    let frames: Vec<Frame> = (0..16).map(|seed| member(seed, with_text)).collect();
    let schema = frozen(&frames)?;
    let arrow: usize = frames.iter().map(bytes_of).sum::<usize>() * members / frames.len();
    let mut encoder = ParquetEncoder::new(&schema.layout(), settings)?;
    let started = cpu_time()?;
    for frame in frames.iter().cycle().take(members) {
        let (batch, _) = conform(&schema, frame, None)?;
        encoder.push(&batch)?;
        drop(encoder.take_ready()?);
    }
    let finished = encoder.finish()?;
    Ok((arrow, finished.bytes, cpu_time()?.saturating_sub(started)))
}

/// What the frames freeze to.
fn frozen(frames: &[Frame]) -> Result<FrozenSchema, Box<dyn Error>> {
    let sampled: Vec<SampledSchema> = frames.iter().map(SampledSchema::of).collect::<Result<_, _>>()?;
    Ok(JoinedSchema::of(&sampled).freeze(&SchemaRules::default(), frames.len() as u64)?)
}

/// Arrow bytes of the columns.
fn bytes_of(frame: &Frame) -> usize {
    frame.columns.iter().map(|c| c.values.get_buffer_memory_size()).sum()
}

/// CPU time of this process so far: clock ticks of user and system time.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// One member.
fn member(seed: u64, with_text: bool) -> Frame {
    let mut state = seed + 1;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let start = 1_600_000_000_000_000_000 + seed as i64 * 6_000_000_000_000;
    let mut columns: Vec<(String, ArrayRef, Logical)> = vec![(
        "ts".into(),
        Arc::new(TimestampNanosecondArray::from_iter_values(
            (0..ROWS as i64).map(|i| start + i * 1_000_000_000),
        )),
        Logical::Plain,
    )];
    let ids = (0..ROWS).map(|_| (noise() * 5_000.0) as i64);
    columns.push(("sensor_id".into(), Arc::new(Int64Array::from_iter_values(ids)), Logical::Plain));
    for i in 0..5 {
        let values = (0..ROWS).map(|_| noise() * 100.0 + f64::from(i));
        columns.push((format!("v{i}"), Arc::new(Float64Array::from_iter_values(values)), Logical::Plain));
    }
    if with_text {
        let few = (0..ROWS).map(|_| format!("station {}", (noise() * 50.0) as u32));
        columns.push(("few".into(), Arc::new(StringArray::from_iter_values(few)), Logical::ObjectText));
        let many = (0..ROWS).map(|_| format!("{:016x}", noise().to_bits()));
        columns.push(("many".into(), Arc::new(StringArray::from_iter_values(many)), Logical::ObjectText));
    }
    Frame {
        key: "df".into(),
        layout: Layout::Fixed,
        series: false,
        rows: ROWS,
        index: Vec::new(),
        columns: columns
            .into_iter()
            .map(|(name, values, logical)| Column { label: Label::Str(name), values, logical })
            .collect(),
        column_levels: vec![ColumnLevel { name: Label::None, numpy_type: "object".into(), zone: None }],
    }
}
