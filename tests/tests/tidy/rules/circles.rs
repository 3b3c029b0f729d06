//! Imports within a crate run one way: no circle of files, and none of folders.
//!
//! An **arrow** goes from a file to the file that a name comes from: `crate::`, `super::` and `self::` paths are
//! followed through the `use` lines of module roots to where the name is defined. A **circle** is a set of files, or of the
//! entries of one folder, each of which can be reached from each other one. Inline tests do not count.

use super::{Finding, paths::paths};
use crate::{
    rust,
    tree::{File, Tree},
};
use std::collections::{BTreeMap, BTreeSet};

/// Circles that are what they look like: a recursion of the thing itself. The first file of each, and why.
const GENUINE: [(&str, &str); 1] =
    [("worker/decode/src/table/categories.rs", "the categories of a table are a table")];

/// Longest chain of `use` lines that is followed.
const FOLLOWED: usize = 8;

/// A crate's files by module: `[]` is `lib.rs`.
struct Modules<'t> {
    files: BTreeMap<Vec<String>, &'t File>,
}

type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Files that import each other.
pub(crate) fn files(tree: &Tree) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut genuine = BTreeSet::new();
    for modules in crates(tree).values() {
        for circle in circles(&modules.arrows()) {
            match GENUINE.iter().find(|(file, _)| circle.contains(&(*file).to_owned())) {
                Some((file, _)) => drop(genuine.insert(*file)),
                None => out.push(Finding::new(
                    &circle[0],
                    1,
                    format!("imports run in a circle: {}", circle.join(", ")),
                )),
            }
        }
    }
    let stale = GENUINE.iter().filter(|(file, _)| tree.get(file).is_some() && !genuine.contains(file));
    out.extend(
        stale.map(|(file, why)| Finding::new(file, 1, format!("is excused ({why}) and needs it no longer"))),
    );
    out
}

/// Entries of one folder, folders among them, that import each other: an arrow between them runs upwards.
pub(crate) fn folders(tree: &Tree) -> Vec<Finding> {
    let mut out = Vec::new();
    for modules in crates(tree).values() {
        let arrows = modules.arrows();
        let folders: BTreeSet<&str> = arrows.keys().flat_map(|f| ancestors(f)).collect();
        for folder in folders {
            let entries = entries(&arrows, folder);
            for circle in circles(&entries).into_iter().filter(|c| c.iter().any(|e| !e.ends_with(".rs"))) {
                let told = format!("its entries import each other: {}", circle.join(", "));
                out.push(Finding::new(folder, 1, told));
            }
        }
    }
    out
}

/// The folders above a file, from `src` on.
fn ancestors(file: &str) -> Vec<&str> {
    let above = file.match_indices('/').map(|(i, _)| &file[..i]);
    above.filter(|folder| folder.contains("/src")).collect()
}

/// The arrows between the entries of a folder.
fn entries(arrows: &Arrows, folder: &str) -> Arrows {
    let entry = |file: &str| -> Option<String> {
        let below = file.strip_prefix(folder)?.strip_prefix('/')?;
        Some(format!("{folder}/{}", below.split('/').next().unwrap_or(below)))
    };
    let mut out = Arrows::new();
    for (from, to) in arrows {
        let Some(from) = entry(from) else { continue };
        let to = to.iter().filter_map(|t| entry(t)).filter(|t| *t != from);
        out.entry(from.clone()).or_default().extend(to.collect::<Vec<_>>());
    }
    out
}

fn crates(tree: &Tree) -> BTreeMap<String, Modules<'_>> {
    let mut out: BTreeMap<String, Modules<'_>> = BTreeMap::new();
    for file in tree.rust().filter(|f| !rust::is_test_file(&f.path)) {
        let Some((home, below)) = file.path.split_once("/src/") else { continue };
        let mut module: Vec<String> = below.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
            module.pop();
        }
        out.entry(home.to_owned())
            .or_insert_with(|| Modules { files: BTreeMap::new() })
            .files
            .insert(module, file);
    }
    out
}

impl Modules<'_> {
    fn arrows(&self) -> Arrows {
        let mut out = Arrows::new();
        for (module, file) in &self.files {
            let to = out.entry(file.path.clone()).or_default();
            // A root says what its folder has; it imports nothing for itself.
            if is_root(&file.path) {
                continue;
            }
            let code = rust::code(rust::split_tests(&file.text).0);
            let found =
                paths(&code).into_iter().filter_map(|path| self.defined(module, &path.segments, FOLLOWED));
            to.extend(found.filter(|to| *to != file.path).collect::<Vec<_>>());
        }
        out
    }

    /// The file in which the name at the end of a path is defined; `from` is the module that says the path.
    fn defined(&self, from: &[String], path: &[String], depth: usize) -> Option<String> {
        let mut module = from.to_vec();
        let mut rest = path;
        while let Some((first, more)) = rest.split_first() {
            match first.as_str() {
                "crate" => module.clear(),
                "self" => {}
                "super" => drop(module.pop()?),
                name => {
                    let mut deeper = module.clone();
                    deeper.push(name.to_owned());
                    if !self.files.contains_key(&deeper) {
                        return self.named(&module, rest, depth);
                    }
                    module = deeper;
                }
            }
            rest = more;
        }
        let file = self.files.get(&module)?;
        (!is_root(&file.path)).then(|| file.path.clone())
    }

    /// Where `module` has the first name of `rest` from.
    fn named(&self, module: &[String], rest: &[String], depth: usize) -> Option<String> {
        let file = self.files.get(module)?;
        if !is_root(&file.path) {
            return Some(file.path.clone());
        }
        let deeper = depth.checked_sub(1)?;
        let code = rust::code(rust::split_tests(&file.text).0);
        let brought: Vec<_> = paths(&code).into_iter().filter(|p| p.imported).collect();
        if let Some(named) = brought.iter().find(|p| p.name == rest[0]) {
            return self.defined(module, &named.segments, deeper);
        }
        brought.iter().filter(|p| p.name == "*").find_map(|all| {
            let mut to = all.segments.clone();
            to.pop();
            to.push(rest[0].clone());
            self.defined(module, &to, deeper).filter(|path| self.says(path, &rest[0]))
        })
    }

    /// Whether a name stands in a file at all.
    fn says(&self, path: &str, name: &str) -> bool {
        let file = self.files.values().find(|f| f.path == path);
        file.is_some_and(|f| rust::names(&f.text, name).next().is_some())
    }
}

fn is_root(path: &str) -> bool {
    path.ends_with("/mod.rs") || path.ends_with("/lib.rs")
}

/// Sets of nodes that reach each other, each in order.
fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        arrows.keys().map(|n| (n.as_str(), reachable(arrows, n))).collect();
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for node in arrows.keys() {
        if seen.contains(node.as_str()) || !reach[node.as_str()].contains(node.as_str()) {
            continue;
        }
        let back = |n: &&&str| reach.get(**n).is_some_and(|r| r.contains(node.as_str()));
        let circle: Vec<String> = reach[node.as_str()].iter().filter(back).map(|n| (*n).to_owned()).collect();
        seen.extend(reach[node.as_str()].iter().filter(back).copied());
        out.push(circle);
    }
    out
}

fn reachable<'a>(arrows: &'a Arrows, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = arrows.get(from).into_iter().flatten().map(String::as_str).collect();
    while let Some(node) = next.pop() {
        if found.insert(node) {
            next.extend(arrows.get(node).into_iter().flatten().map(String::as_str));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_of_files_is_found_through_a_root() {
        let tree = Tree::of(&[
            ("a/src/lib.rs", "mod x;\nmod y;\n"),
            ("a/src/x.rs", "use crate::y::Thing;\n"),
            ("a/src/y/mod.rs", "mod inner;\npub(crate) use inner::{Other, Thing};\n"),
            ("a/src/y/inner.rs", "fn f() { crate::x::g() }\n"),
        ]);
        let told = files(&tree);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].what, "imports run in a circle: a/src/x.rs, a/src/y/inner.rs");
        let one_way = Tree::of(&[
            ("a/src/lib.rs", "mod x;\nmod y;\n"),
            ("a/src/x.rs", "use crate::y::Thing;\n#[cfg(test)]\nmod tests {\n}\n"),
            ("a/src/y.rs", "pub struct Thing;\n#[cfg(test)]\nmod tests {\n    use crate::x::g;\n}\n"),
        ]);
        assert_eq!(files(&one_way), []);
    }

    #[test]
    fn folders_that_import_each_other_are_found_without_a_circle_of_files() {
        let tree = Tree::of(&[
            ("a/src/lib.rs", "mod low;\nmod high;\n"),
            ("a/src/low/mod.rs", "pub mod a;\npub mod b;\n"),
            ("a/src/low/a.rs", "use crate::high::c::C;\n"),
            ("a/src/low/b.rs", "pub struct B;\n"),
            ("a/src/high/mod.rs", "pub mod c;\npub mod d;\n"),
            ("a/src/high/c.rs", "pub struct C;\n"),
            ("a/src/high/d.rs", "use crate::low::{b::B, self};\n"),
        ]);
        assert_eq!(files(&tree), []);
        let told = folders(&tree);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].what, "its entries import each other: a/src/high, a/src/low");
    }

    #[test]
    fn what_is_excused_has_to_be_there() {
        let (file, _) = GENUINE[0];
        let told = files(&Tree::of(&[(file, "fn f() {}\n")]));
        assert!(told[0].what.contains("needs it no longer"), "{told:?}");
    }
}
