//! HDF5 that pandas did not write: one-dimensional datasets of one length under one group, or one
//! compound dataset, as h5py and PyTables write them. Columns are ordered by name, fields as declared.
//!
//! A group is all that its names lead to: a link within the file is a column as well, and one that leads out of it, or to
//! nothing, is a failure. Of two tables in a group neither is meant more than the other.

use crate::{
    attrs::Attrs,
    budget::Budget,
    door::{Kind, ObjectId},
    fail::{Fault, Res, differs, over_limit},
    frame::{Column, ColumnLevel, Frame, Label, Layout},
    keys::{self, Walked},
    links::Follower,
    node::{Context, Dataset, Group},
    options::KeyChoice,
    series,
};
use tarquet_common::codes::{cluster, format};

/// How a netCDF file names a dataset that is the length of a dimension and nothing else.
const BARE_DIMENSION: &str = "This is a netCDF dimension but not a netCDF variable";

/// The groups of a file that hold datasets, or may.
struct Groups<'a> {
    context: Context<'a>,
    follower: Follower<'a>,
    found: Vec<(ObjectId, Group<'a>)>,
    writer: series::Writer,
}

/// Reads the frame that plain datasets form.
pub(crate) fn read(context: Context<'_>, walked: Walked, key: &KeyChoice) -> Res<Frame> {
    let groups = Groups::of(context, &walked)?;
    if let KeyChoice::Named(name) = key
        && let Some(id) = groups.follower.find(name)?
        && context.door.kind(id)? == Kind::Dataset
    {
        let dataset = Dataset::open(context, id, format!("/{}", name.trim_matches('/')))?;
        return frame(name, columns(&[dataset], groups.writer)?, context);
    }
    let (id, group) = groups.meant(key)?.ok_or_else(|| keys::nothing(walked))?;
    let found = groups.datasets(*id, group)?;
    let key = group.path.trim_start_matches('/');
    let key = if key.is_empty() { "/" } else { key };
    one_table(&found, key)?;
    frame(key, columns(&found, groups.writer)?, context)
}

impl<'a> Groups<'a> {
    fn of(context: Context<'a>, walked: &Walked) -> Res<Self> {
        let (follower, writer) = (Follower::new(context), series::Writer::default());
        let mut groups = Self { context, follower, found: Vec::new(), writer };
        for (id, path) in &walked.groups {
            let group = Group::open(context, *id, path)?;
            if path.is_empty() {
                groups.writer = series::Writer::of(&group.attrs);
            }
            if groups.holds_any(*id, &group)? {
                groups.found.push((*id, group));
            }
        }
        Ok(groups)
    }

    /// The group that is meant; `None` if there is none at all.
    fn meant(&self, key: &KeyChoice) -> Res<Option<&(ObjectId, Group<'a>)>> {
        if let KeyChoice::Named(name) = key
            && let Some(id) = self.follower.find(name)?
            && let Some(group) = self.found.iter().find(|(group, _)| *group == id)
        {
            return Ok(Some(group));
        }
        // a single group of datasets is meant even under another name: the name is for pandas' frames
        match self.found.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            several => Err(several_groups(several)),
        }
    }

    /// Whether a group holds anything that could be a column.
    fn holds_any(&self, id: ObjectId, group: &Group<'a>) -> Res<bool> {
        for link in group.links() {
            let item = group.join(&link.name);
            match self.follower.follow(id, &link.target, &item) {
                Ok(id) if self.context.door.kind(id)? != Kind::Dataset => {}
                Ok(id) if is_bare_dimension(&self.context.attrs(id, &item)?)? => {}
                // what cannot be had may be a dataset
                Err(fault) if ![format::EXTERNAL_STORAGE, format::LINK_UNUSABLE].contains(&fault.code) => {
                    return Err(fault);
                }
                _ => return Ok(true),
            }
        }
        Ok(false)
    }

    /// All datasets of a group that are columns, by name.
    fn datasets(&self, id: ObjectId, group: &Group<'a>) -> Res<Vec<Dataset<'a>>> {
        let mut found = Vec::new();
        for link in group.links() {
            let item = group.join(&link.name);
            let id = self.follower.follow(id, &link.target, &item)?;
            if self.context.door.kind(id)? == Kind::Dataset {
                let dataset = Dataset::open(self.context, id, item)?;
                if !is_bare_dimension(&dataset.attrs)? {
                    found.push(dataset);
                }
            }
        }
        found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }
}

/// Whether a dataset is the length of a dimension of netCDF and nothing else.
fn is_bare_dimension(attrs: &Attrs<'_>) -> Res<bool> {
    let scale = attrs.has("CLASS") && attrs.has("NAME");
    let name = if scale { attrs.text("NAME")? } else { None };
    Ok(name.is_some_and(|name| name.starts_with(BARE_DIMENSION)))
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let shown = |name: &'n str| if name.is_empty() { "/" } else { name };
    let names: Vec<&str> = names.map(shown).collect();
    let first = names.iter().take(10).copied().collect::<Vec<_>>().join(", ");
    if names.len() > 10 { format!("{first}, … ({} in all)", names.len()) } else { first }
}

fn several(message: &str, expected: &str, item: &str, names: &str, keys: &str) -> Fault {
    let fault = differs(format::SEVERAL_FRAMES, item, message, expected, names);
    Box::new((*fault).with_hint(format!("Set `input.hdf5.key` to one of {keys}.")))
}

fn several_groups(groups: &[(ObjectId, Group<'_>)]) -> Fault {
    let names = listed(groups.iter().map(|(_, group)| group.path.as_str()));
    let message = "several groups hold datasets and no key says which is meant";
    several(message, "one group of datasets, or `input.hdf5.key`", "/", &names, &names)
}

/// Refuses a table beside others, or beside vectors: each is a frame of its own.
fn one_table(found: &[Dataset<'_>], key: &str) -> Res<()> {
    let tables = || found.iter().filter(|dataset| series::is_table(&dataset.info.dtype));
    if found.len() < 2 || tables().next().is_none() {
        return Ok(());
    }
    let message = match tables().count() {
        1 => "a table stands beside other datasets and no key says which is meant",
        _ => "the group holds several tables and no key says which is meant",
    };
    let path = |dataset: &'_ Dataset<'_>| dataset.path.clone();
    let (all, keys): (Vec<_>, Vec<_>) = (found.iter().map(path).collect(), tables().map(path).collect());
    let [all, keys] = [all, keys].map(|names| listed(names.iter().map(String::as_str)));
    Err(several(message, "one table, or `input.hdf5.key`", key, &all, &keys))
}

fn frame(key: &str, columns: Vec<Column>, context: Context<'_>) -> Res<Frame> {
    let rows = columns.first().map_or(0, |column| column.values.len());
    if rows as u64 > context.limits.rows {
        return Err(over_limit(key, "the number of rows", context.limits.rows, rows));
    }
    if columns.len() > context.limits.columns as usize {
        return Err(over_limit(key, "the number of columns", context.limits.columns, columns.len()));
    }
    let level = ColumnLevel { name: Label::None, numpy_type: "object".to_owned(), zone: None };
    Ok(Frame {
        key: key.to_owned(),
        layout: Layout::Plain,
        series: false,
        rows,
        index: Vec::new(),
        columns,
        column_levels: vec![level],
    })
}

/// One column per dataset, or one per field of the one table.
fn columns(found: &[Dataset<'_>], writer: series::Writer) -> Res<Vec<Column>> {
    let mut length: Option<(usize, &str)> = None;
    for dataset in found {
        let dims = dataset.dims()?;
        let &[len] = dims.as_slice() else {
            let shape = if dims.is_empty() { "a scalar".to_owned() } else { format!("shape {dims:?}") };
            let message = "a dataset is not one-dimensional, so it is no column";
            return Err(differs(format::PLAIN_SHAPES, &dataset.path, message, "one dimension", shape));
        };
        match length {
            Some((have, name)) if have != len => {
                let message = "the datasets differ in length, so they are no frame";
                return Err(differs(
                    format::PLAIN_SHAPES,
                    &dataset.path,
                    message,
                    format!("{have} as {name}"),
                    len,
                ));
            }
            _ => length = Some((len, &dataset.path)),
        }
    }
    let budget = found.first().map(Dataset::budget);
    let before = budget.map(Budget::spent);
    let made = match found {
        [only] if series::is_table(&only.info.dtype) => series::of_table(only, writer),
        _ => found.iter().map(|dataset| series::of_dataset(dataset, writer)).collect(),
    };
    match (made, budget.zip(before)) {
        (Err(fault), Some((budget, before))) if fault.code == cluster::SLOT_TOO_SMALL => {
            // Nothing of the columns is left by now, so that there is room to count what all of them would be.
            budget.back_to(before);
            Err(too_much(found, budget).unwrap_or(fault))
        }
        (made, _) => made,
    }
}

/// Why the columns are more than any process may make of them, where they are: then it is not this one that is too small.
fn too_much(found: &[Dataset<'_>], budget: &Budget) -> Option<Fault> {
    let mut sum = 0u64;
    for dataset in found {
        let before = budget.spent();
        sum = sum.saturating_add(dataset.bytes().ok()?);
        budget.back_to(before);
        if sum > dataset.limits().decoded_bytes {
            let limit = dataset.limits().decoded_bytes;
            return Some(over_limit(
                &dataset.path,
                "decoded data of the member",
                limit,
                format!("{sum} bytes or more"),
            ));
        }
    }
    None
}
