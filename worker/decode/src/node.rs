//! A group of the file with its names and attributes at hand.

use crate::{
    attrs::Attrs,
    budget::{Budget, Loan},
    door::{DType, DataInfo, Door, Field, Kind, Link, ObjectId, Raw, Target},
    fail::{Fault, Res, differs, fail, layout},
    options::Limits,
    pickle::{self, Pickle},
};
use std::sync::Arc;
use tarquet_common::codes::format;

/// What everything below needs: the file and its limits.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) door: &'a dyn Door,
    pub(crate) limits: &'a Limits,
    pub(crate) budget: &'a Budget,
    /// Whether values of columns are left out where their type is known without them.
    pub(crate) headers_only: bool,
}

/// A group.
pub(crate) struct Group<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) path: String,
    pub(crate) attrs: Attrs<'a>,
    pub(crate) links: Arc<[Link]>,
}

/// A dataset: type, shape and attributes; values on demand.
pub(crate) struct Dataset<'a> {
    context: Context<'a>,
    id: ObjectId,
    pub(crate) path: String,
    pub(crate) info: DataInfo,
    pub(crate) attrs: Attrs<'a>,
}

/// What the decoder keeps of an object besides names and attributes.
const OBJECT_BYTES: u64 = 512;

impl<'a> Context<'a> {
    /// The attributes of an object that is opened.
    pub(crate) fn attrs(&self, id: ObjectId, path: &str) -> Res<Attrs<'a>> {
        self.budget.spend(OBJECT_BYTES + 2 * path.len() as u64, path)?;
        Ok(Attrs::new(self.door.attributes(id)?, path, self.limits.pickle_values, self.budget))
    }
}

impl<'a> Group<'a> {
    pub(crate) fn open(context: Context<'a>, id: ObjectId, path: &str) -> Res<Self> {
        let links = context.door.links(id)?;
        let attrs = context.attrs(id, path)?;
        Ok(Self { context, path: path.to_owned(), attrs, links })
    }

    /// The names in it.
    pub(crate) fn links(&self) -> &[Link] {
        &self.links
    }

    /// The path of a child.
    pub(crate) fn join(&self, name: &str) -> String {
        format!("{}/{name}", self.path.trim_end_matches('/'))
    }

    /// The object under a name; links that leave the group's own file or tree are failures.
    pub(crate) fn child(&self, name: &str) -> Res<Option<ObjectId>> {
        self.context.budget.work(self.links.len());
        self.context.budget.keep_pace(&self.path)?;
        let Some(link) = self.links.iter().find(|link| link.name == name) else { return Ok(None) };
        match &link.target {
            Target::Object(id) => Ok(Some(*id)),
            Target::External { file, path } => Err(external_link(&self.join(name), file, path)),
            Target::Soft(_) => Err(fail(
                format::LINK_UNUSABLE,
                &self.join(name),
                "a part of the frame is a soft link, which is not followed",
            )),
        }
    }

    /// The dataset under a name, if there is one.
    pub(crate) fn dataset(&self, name: &str) -> Res<Option<Dataset<'a>>> {
        let Some(id) = self.child(name)? else { return Ok(None) };
        if self.context.door.kind(id)? != Kind::Dataset {
            return Ok(None);
        }
        Dataset::open(self.context, id, self.join(name)).map(Some)
    }

    /// The dataset that must be under a name.
    pub(crate) fn need(&self, name: &str) -> Res<Dataset<'a>> {
        self.dataset(name)?
            .ok_or_else(|| layout(&self.join(name), "a dataset that pandas always writes is missing"))
    }

    /// The group under a name, if there is one.
    pub(crate) fn group(&self, name: &str) -> Res<Option<Group<'a>>> {
        let Some(id) = self.child(name)? else { return Ok(None) };
        if self.context.door.kind(id)? != Kind::Group {
            return Ok(None);
        }
        Group::open(self.context, id, &self.join(name)).map(Some)
    }
}

impl<'a> Dataset<'a> {
    /// The dataset `id`, under the name that it was found by.
    pub(crate) fn open(context: Context<'a>, id: ObjectId, path: String) -> Res<Self> {
        let info = context.door.info(id, &path)?;
        let attrs = context.attrs(id, &path)?;
        Ok(Self { context, id, path, info, attrs })
    }

    /// All its bytes.
    pub(crate) fn read(&self) -> Res<Raw> {
        self.context.door.read(self.id, &self.path)
    }

    /// All its values of variable length, and the loan that they are held on.
    pub(crate) fn read_vlen(&self) -> Res<(Vec<Vec<u8>>, Loan<'a>)> {
        let loan = self.context.budget.loan();
        Ok((self.context.door.read_vlen(self.id, &self.path, &loan)?, loan))
    }

    /// All its texts of variable length in a field of its rows, and the loan that they are held on.
    pub(crate) fn read_vlen_field(
        &self,
        field: &Field,
        rows: &[u8],
        item: &str,
    ) -> Res<(Vec<Vec<u8>>, Loan<'a>)> {
        let loan = self.context.budget.loan();
        Ok((self.context.door.read_vlen_field(self.id, field, rows, item, &loan)?, loan))
    }

    /// Bytes of all its values: of variable length, as the references to them say.
    pub(crate) fn bytes(&self) -> Res<u64> {
        if self.info.dtype == DType::VarText {
            return self.context.door.vlen_bytes(self.id, &self.path);
        }
        let width = self.info.dtype.size().unwrap_or(0);
        Ok(self.info.elements().unwrap_or(u64::MAX).saturating_mul(width))
    }

    /// Its dimensions as sizes.
    pub(crate) fn dims(&self) -> Res<Vec<usize>> {
        let size =
            |&d: &u64| usize::try_from(d).map_err(|_| layout(&self.path, "a dimension beyond this machine"));
        self.info.shape.iter().map(size).collect()
    }

    /// Whether values of columns may be left out.
    pub(crate) fn headers_only(&self) -> bool {
        self.context.headers_only
    }

    /// The limits in force.
    pub(crate) fn limits(&self) -> &Limits {
        self.context.limits
    }

    /// What may still be held and made.
    pub(crate) fn budget(&self) -> &'a Budget {
        self.context.budget
    }

    /// Runs a pickle that stood in it.
    pub(crate) fn unpickle<'p>(&'p self, bytes: &'p [u8]) -> Res<Pickle<'p>> {
        pickle::load(bytes, &self.path, self.context.limits.pickle_values, self.context.budget)
    }
}

/// The failure for a link into another file.
pub(crate) fn external_link(item: &str, file: &str, path: &str) -> Fault {
    differs(
        format::EXTERNAL_STORAGE,
        item,
        format!("the link {item} leads into another file: external storage is not followed"),
        "data in this file",
        format!("a link to {path:?} in {file:?}"),
    )
}
