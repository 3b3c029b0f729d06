//! What is shown of an archive and of a member.

use super::survey::Survey;
use crate::{
    object::Object,
    render::{Align, Look, Pairs, Table, bytes, count, counted, visible, wrap},
};
use arrow::datatypes::{DataType, TimeUnit};
use serde::Serialize;
use tarquet_common::failure::Failure;
use tarquet_container::{Member, MemberKind};
use tarquet_decode::{
    Described,
    frame::{Frame, Label, Layout, Logical},
};

/// Columns of a key.
const KEYS: usize = 11;

/// A column or index level, for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ColumnView {
    /// Its name; empty if it has none.
    pub name: String,
    /// Arrow's name of its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What pandas makes of it, where the type does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pandas: Option<String>,
}

/// One frame of a member, for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MemberView {
    /// Its key.
    pub key: String,
    /// `fixed`, `table` or `plain`.
    pub layout: Option<&'static str>,
    /// Rows.
    pub rows: Option<u64>,
    /// Levels of the row index.
    pub index: Vec<ColumnView>,
    /// Columns.
    pub columns: Vec<ColumnView>,
    /// Why it cannot be read.
    pub failure: Option<Failure>,
}

impl MemberView {
    /// The view of a frame.
    pub(crate) fn of(described: Described) -> Self {
        let Described { key, frame } = described;
        match frame {
            Ok(frame) => Self::of_frame(key, &frame),
            Err(failure) => {
                Self { key, layout: None, rows: None, index: vec![], columns: vec![], failure: Some(failure) }
            }
        }
    }

    fn of_frame(key: String, frame: &Frame) -> Self {
        let layout = match frame.layout {
            Layout::Fixed => "fixed",
            Layout::Table => "table",
            Layout::Plain => "plain",
        };
        let levels = frame.index.iter().map(|l| column(&l.name, &l.values, &l.logical));
        let columns = frame.columns.iter().map(|c| column(&c.label, &c.values, &c.logical));
        Self {
            key,
            layout: Some(layout),
            rows: Some(frame.rows as u64),
            index: levels.collect(),
            columns: columns.collect(),
            failure: None,
        }
    }
}

fn column(name: &Label, values: &arrow::array::ArrayRef, logical: &Logical) -> ColumnView {
    let pandas = match logical {
        Logical::Plain => None,
        Logical::ObjectText => Some("object text".to_owned()),
        Logical::StringText => Some("string".to_owned()),
        Logical::Object => Some("objects".to_owned()),
        Logical::Categorical { ordered: true } => Some("ordered categories".to_owned()),
        Logical::Categorical { ordered: false } => Some("categories".to_owned()),
        Logical::Period { freq } => Some(format!("period[{freq}]")),
    };
    ColumnView { name: label(name), kind: type_name(values.data_type()), pandas }
}

/// The type as pyarrow and the documentation write it: `timestamp[ns, UTC]`, `double`.
fn type_name(kind: &DataType) -> String {
    let unit = |unit: &TimeUnit| match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    };
    match kind {
        DataType::Float64 => "double".to_owned(),
        DataType::Float32 => "float".to_owned(),
        DataType::Float16 => "halffloat".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".to_owned(),
        DataType::Boolean => "bool".to_owned(),
        DataType::Timestamp(u, None) => format!("timestamp[{}]", unit(u)),
        DataType::Timestamp(u, Some(zone)) => format!("timestamp[{}, {zone}]", unit(u)),
        DataType::Duration(u) => format!("duration[{}]", unit(u)),
        DataType::Dictionary(_, values) => format!("dictionary<{}>", type_name(values)),
        other => other.to_string().to_lowercase(),
    }
}

fn label(name: &Label) -> String {
    match name {
        Label::Str(text) | Label::Period(text) => text.clone(),
        Label::Int(n) | Label::Timedelta(n) => n.to_string(),
        Label::Float(x) => x.to_string(),
        Label::Bool(b) => b.to_string(),
        Label::Datetime { ns, zone } => {
            format!("{ns} ns{}", zone.as_ref().map(|z| format!(" {z}")).unwrap_or_default())
        }
        Label::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Label::Tuple(labels) => format!("({})", labels.iter().map(label).collect::<Vec<_>>().join(", ")),
        Label::None => String::new(),
    }
}

/// An archive.
pub(crate) fn archive(object: &Object, survey: &Survey, limit: usize, look: Look) -> String {
    let mut pairs = Pairs::new(0, KEYS, look.width);
    pairs.line("Archive", &object.uri);
    pairs.line("Format", &survey.container.map(|c| c.to_string()).unwrap_or_default());
    if let Some(lz4) = &survey.lz4 {
        let linked = if lz4.linked { "linked" } else { "independent" };
        let sum = if lz4.content_checksum { "content checksum" } else { "no content checksum" };
        pairs.line("LZ4", &format!("{linked} blocks of up to {} KiB, {sum}", lz4.block_bytes >> 10));
    }
    let ratio = format!("{} in {}", bytes(survey.uncompressed), bytes(object.size));
    pairs.line("Bytes", &format!("{ratio}, {} to start decoding", counted(survey.seek_points, "place")));
    pairs.line("Version", &object.etag);
    let counted = format!("{} would be converted, largest {}", count(survey.counted), bytes(survey.largest));
    pairs.line("Members", &format!("{}: {counted}", count(survey.members.len() as u64)));
    let others = survey.kinds.iter().filter(|(kind, _)| **kind != MemberKind::File);
    let mut ignored: Vec<String> = others.map(|(kind, n)| format!("{n} {kind}")).collect();
    if survey.ignored > 0 {
        ignored.insert(0, format!("{} files of other names", count(survey.ignored)));
    }
    if !ignored.is_empty() {
        pairs.line("Ignored", &ignored.join(look.dot()));
    }
    if survey.duplicates > 0 {
        pairs.line(
            "Warning",
            &format!("{} members have the name of an earlier one", count(survey.duplicates)),
        );
    }
    if let Some(problem) = &survey.problem {
        pairs.line("Problem", &format!("{} ({})", problem.message, problem.code));
        pairs.line("", problem.hint());
    }
    pairs.end() + &members(survey, limit, look)
}

fn members(survey: &Survey, limit: usize, look: Look) -> String {
    if survey.members.is_empty() || limit == 0 {
        return String::new();
    }
    let heads =
        vec![("NAME", Align::Left), ("KIND", Align::Left), ("SIZE", Align::Right), ("OFFSET", Align::Right)];
    let mut table = Table::new(heads, 0);
    for member in survey.members.iter().take(limit) {
        table.row([
            member.display_name(),
            member.kind.to_string(),
            bytes(member.size),
            member.offset.to_string(),
        ]);
    }
    let more = survey.members.len().saturating_sub(limit);
    let more = if more > 0 { format!("and {} more (--limit)\n", count(more as u64)) } else { String::new() };
    format!("\n{}{more}", table.render(look.width))
}

/// A member.
pub(crate) fn member(object: &Object, member: &Member, frames: &[MemberView], look: Look) -> String {
    let mut pairs = Pairs::new(0, KEYS, look.width);
    pairs.line("Object", &object.uri);
    pairs.line("Member", &format!("{}, {} at {}", member.display_name(), bytes(member.size), member.offset));
    pairs.end() + &frames.iter().map(|frame| one_frame(frame, look)).collect::<String>()
}

fn one_frame(frame: &MemberView, look: Look) -> String {
    if let Some(failure) = &frame.failure {
        let told = format!("Key {}: {} ({})", visible(&frame.key), visible(&failure.message), failure.code);
        let hint = wrap(failure.hint(), 4, 4, look.width);
        return format!("\n{}\n    {hint}\n", wrap(&told, 0, 4, look.width));
    }
    let rows = count(frame.rows.unwrap_or(0));
    let mut out =
        format!("\nKey {}: {} layout, {rows} rows\n", visible(&frame.key), frame.layout.unwrap_or("no"));
    let mut table =
        Table::new(vec![("NAME", Align::Left), ("TYPE", Align::Left), ("PANDAS", Align::Left)], 0);
    for (of, role) in [(&frame.index, "index"), (&frame.columns, "")] {
        for column in of {
            let name = if column.name.is_empty() { "(no name)".to_owned() } else { column.name.clone() };
            let pandas = column.pandas.clone().unwrap_or_default();
            let note = [role, &pandas].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", ");
            table.row([name, column.kind.clone(), note]);
        }
    }
    if !table.is_empty() {
        out.push_str(&table.render(look.width));
    }
    out
}
