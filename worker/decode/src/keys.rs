//! Finding frames in a file.
//!
//! A frame is a group with the attribute `pandas_type`. PyTables' own groups (`_i_…`) and pandas'
//! `meta` groups, which hold categories, are not looked into.

use crate::{
    door::{Kind, ObjectId, Target},
    fail::{Fault, Res, differs, fail, over_limit},
    node::{Context, Group, external_link},
    options::KeyChoice,
};
use std::collections::HashSet;
use tarquet_common::codes::format;

/// A group that pandas wrote a frame or series into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Without the leading slash; `/` for the root.
    pub(crate) key: String,
    pub(crate) id: ObjectId,
    pub(crate) path: String,
}

/// What walking the file met.
#[derive(Default)]
pub(crate) struct Walked {
    /// Frames, in the order of the walk.
    pub(crate) frames: Vec<Found>,
    /// Groups that are not frames, the root first.
    pub(crate) groups: Vec<(ObjectId, String)>,
    /// The first link that leaves the file or leads nowhere, as the failure it would be.
    pub(crate) unusable: Option<Fault>,
}

/// What a group takes while it is walked, besides its path.
const WALK_BYTES: u64 = 96;

/// Walks all groups below the root, each once.
pub(crate) fn walk(context: Context<'_>) -> Res<Walked> {
    let mut walked = Walked::default();
    let mut seen = HashSet::new();
    let mut links_left = context.limits.links;
    let mut stack = vec![(context.door.root()?, String::new(), 0u32)];
    while let Some((id, path, depth)) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        if depth > context.limits.depth {
            return Err(over_limit(&path, "the nesting of groups", context.limits.depth, depth));
        }
        let group = Group::open(context, id, &path)?;
        if group.attrs.has("pandas_type") {
            let key = path.trim_start_matches('/');
            let key = if key.is_empty() { "/" } else { key };
            walked.frames.push(Found { key: key.to_owned(), id, path: path.clone() });
        } else {
            walked.groups.push((id, path.clone()));
        }
        for link in group.links().iter().rev() {
            links_left = links_left
                .checked_sub(1)
                .ok_or_else(|| over_limit(&path, "the number of links", context.limits.links, "more"))?;
            if link.name.starts_with("_i_") || (link.name == "meta" && group.attrs.has("pandas_type")) {
                continue;
            }
            let child = group.join(&link.name);
            // The path goes on the stack, and then into a list.
            context.budget.spend(2 * child.len() as u64 + WALK_BYTES, &path)?;
            match &link.target {
                Target::Object(id) if context.door.kind(*id)? == Kind::Group => {
                    stack.push((*id, child, depth + 1))
                }
                Target::Object(_) => {}
                Target::External { file, path } => {
                    walked.unusable = Some(external_link(&child, file, path));
                }
                Target::Soft(to) => walked.unusable = Some(soft_link(&child, to)),
            }
        }
    }
    Ok(walked)
}

fn soft_link(item: &str, to: &str) -> Fault {
    let message = "the link is a soft link, which is not followed while looking for frames";
    differs(format::LINK_UNUSABLE, item, message, "a frame of its own", format!("a link to {to:?}"))
}

/// Chooses the frame that the options mean. `None`: the file is not pandas'.
pub(crate) fn choose(walked: &Walked, key: &KeyChoice) -> Res<Option<Found>> {
    let names = |frames: &[Found]| {
        let mut names: Vec<&str> = frames.iter().map(|found| found.key.as_str()).collect();
        names.sort_unstable();
        let shown = names.iter().take(10).copied().collect::<Vec<_>>().join(", ");
        if names.len() > 10 { format!("{shown}, … ({} in all)", names.len()) } else { shown }
    };
    match key {
        KeyChoice::Auto => match walked.frames.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(only.clone())),
            several => Err(Box::new(
                (*differs(
                    format::SEVERAL_FRAMES,
                    "/",
                    "the member holds several frames and no key says which is meant",
                    "one frame, or `input.hdf5.key`",
                    names(several),
                ))
                .with_hint(format!("Set `input.hdf5.key` to one of {}.", names(several))),
            )),
        },
        KeyChoice::Named(name) => {
            let wanted = name.trim_matches('/');
            let found = walked.frames.iter().find(|found| found.key.trim_matches('/') == wanted);
            match found {
                Some(found) => Ok(Some(found.clone())),
                None if walked.frames.is_empty() => Ok(None),
                None => Err(Box::new(
                    (*differs(
                        format::WRONG_KEY,
                        name,
                        "no frame stands under the key that the spec names",
                        name,
                        names(&walked.frames),
                    ))
                    .with_hint(format!(
                        "Wrong key: set `input.hdf5.key` to one of {}.",
                        names(&walked.frames)
                    )),
                )),
            }
        }
    }
}

/// The failure for a file in which nothing was found.
pub(crate) fn nothing(walked: Walked) -> Fault {
    walked
        .unusable
        .unwrap_or_else(|| fail(format::NO_FRAME, "/", "the file holds no frame and no plain datasets"))
}
