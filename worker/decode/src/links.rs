//! Where names lead. Soft links within the file are followed, as HDF5 follows them; links out of it never are.

use crate::{
    door::{Kind, Link, ObjectId, Target},
    fail::{Fault, Res, differs},
    node::{Context, external_link},
};
use std::{cell::RefCell, collections::HashMap, sync::Arc};
use tarquet_common::codes::format;

/// How many soft links HDF5 follows on the way to one object.
const SOFT_LINKS_MAX: u32 = 16;

/// Finds objects by their paths. The names in a group are read once, however many links lead through it.
pub(crate) struct Follower<'a> {
    context: Context<'a>,
    groups: RefCell<HashMap<ObjectId, Arc<[Link]>>>,
}

impl<'a> Follower<'a> {
    pub(crate) fn new(context: Context<'a>) -> Self {
        Self { context, groups: RefCell::default() }
    }

    /// The object under a path from the root, if there is one.
    pub(crate) fn find(&self, path: &str) -> Res<Option<ObjectId>> {
        let mut left = SOFT_LINKS_MAX;
        self.walk(self.context.door.root()?, path, path, &mut left)
    }

    /// What the link `item` in the group `from` leads to.
    ///
    /// # Errors
    /// `EXTERNAL_STORAGE` for another file, `LINK_UNUSABLE` for nothing or a circle.
    pub(crate) fn follow(&self, from: ObjectId, target: &Target, item: &str) -> Res<ObjectId> {
        match target {
            Target::Object(id) => Ok(*id),
            Target::External { file, path } => Err(external_link(item, file, path)),
            Target::Soft(to) => {
                let mut left = SOFT_LINKS_MAX - 1;
                let found = self.walk(from, to, item, &mut left)?;
                found.ok_or_else(|| unusable(item, "leads to nothing", to))
            }
        }
    }

    /// Goes along a path from a group; `item` is who wants it, `left` how many soft links may still be followed.
    fn walk(&self, from: ObjectId, path: &str, item: &str, left: &mut u32) -> Res<Option<ObjectId>> {
        let mut at = if path.starts_with('/') { self.context.door.root()? } else { from };
        for name in path.split('/').filter(|name| !name.is_empty() && *name != ".") {
            if self.context.door.kind(at)? != Kind::Group {
                return Ok(None);
            }
            let links = self.links(at)?;
            self.context.budget.work(links.len() + name.len());
            self.context.budget.keep_pace(item)?;
            let Some(link) = links.iter().find(|link| link.name == name) else { return Ok(None) };
            at = match &link.target {
                Target::Object(id) => *id,
                Target::External { file, path } => return Err(external_link(item, file, path)),
                Target::Soft(to) => {
                    *left = left
                        .checked_sub(1)
                        .ok_or_else(|| unusable(item, "leads to itself, or through too many others", to))?;
                    match self.walk(at, to, item, left)? {
                        Some(found) => found,
                        None => return Ok(None),
                    }
                }
            };
        }
        Ok(Some(at))
    }

    fn links(&self, group: ObjectId) -> Res<Arc<[Link]>> {
        if let Some(links) = self.groups.borrow().get(&group) {
            return Ok(Arc::clone(links));
        }
        let links = self.context.door.links(group)?;
        self.groups.borrow_mut().insert(group, Arc::clone(&links));
        Ok(links)
    }
}

fn unusable(item: &str, problem: &str, to: &str) -> Fault {
    let message = format!("the soft link {item} {problem}");
    differs(format::LINK_UNUSABLE, item, message, "a link to data in this file", format!("a link to {to:?}"))
}
