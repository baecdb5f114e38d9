//! What each file of `src` imports, its tests left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

use crate::support::lab::CHECKOUT;

/// A path as segments, from the crate's root.
type Segments = Vec<String>;

/// A file of `src`.
pub(super) struct File {
    /// Below `src`.
    pub(super) path: String,
    /// Its module.
    pub(super) module: Segments,
    /// What it uses of the crate.
    pub(super) imports: BTreeSet<Segments>,
    /// The files in which that stands.
    pub(super) imported_files: BTreeSet<String>,
    /// What it uses of other crates.
    pub(super) foreign: BTreeSet<String>,
}

/// Every file but the crate's roots and tests.
pub(super) fn files() -> Vec<File> {
    let source = Path::new(CHECKOUT).join("src");
    let mut parsed = BTreeMap::new();
    read(&source, &source, &mut parsed);
    let paths: BTreeMap<Segments, String> =
        parsed.iter().map(|(path, uses)| (uses.module.clone(), path.clone())).collect();
    let facades: BTreeMap<Segments, &Uses> = parsed.values().map(|uses| (uses.module.clone(), uses)).collect();
    let file_of = |import: &Segments| paths.get(&defined_in(import, &facades)).cloned();
    parsed
        .iter()
        .filter(|(_, uses)| !uses.module.is_empty())
        .map(|(path, uses)| File {
            path: path.clone(),
            module: uses.module.clone(),
            imports: uses.own.clone(),
            imported_files: uses.own.iter().filter_map(file_of).filter(|file| file != path).collect(),
            foreign: uses.foreign.clone(),
        })
        .collect()
}

/// The module in which something stands that is imported, past the modules that only hand it on.
fn defined_in(import: &Segments, facades: &BTreeMap<Segments, &Uses>) -> Segments {
    let module = |path: &[String]| {
        let mut prefixes = (0..=path.len()).rev().map(|end| path[..end].to_vec());
        prefixes.find(|prefix| facades.contains_key(prefix))
    };
    let mut path = import.clone();
    loop {
        let Some(found) = module(&path) else { return path };
        let next = path.get(found.len()).and_then(|name| facades[&found].handed_on.get(name)).cloned();
        match next {
            Some(next) if next != path => path = next,
            _ => return found,
        }
    }
}

fn read(folder: &Path, source: &Path, parsed: &mut BTreeMap<String, Uses>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if ["tests", "tests.rs", "main.rs"].contains(&&*name) {
            continue;
        }
        if path.is_dir() {
            read(&path, source, parsed);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path.strip_prefix(source).unwrap().to_str().unwrap().to_owned();
            let mut module: Segments = below.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
            if module.last().is_some_and(|last| last == "mod" || last == "lib") {
                module.pop();
            }
            let text = fs::read_to_string(&path).unwrap();
            let mut uses = Uses { module, ..Uses::default() };
            uses.visit_file(&syn::parse_file(&text).unwrap_or_else(|error| panic!("{below}: {error}")));
            parsed.insert(below, uses);
        }
    }
}

/// What a module uses.
#[derive(Default)]
struct Uses {
    module: Segments,
    /// The modules that are declared in it.
    children: BTreeSet<String>,
    own: BTreeSet<Segments>,
    foreign: BTreeSet<String>,
    /// What it hands on under its own name (`pub use`), and where that stands.
    handed_on: BTreeMap<String, Segments>,
}

impl Uses {
    /// A path as it is written here, from the crate's root; `None` for one of another crate.
    fn below_root(&self, path: &[String]) -> Option<Segments> {
        let (first, rest) = path.split_first()?;
        let mut root = match &**first {
            "crate" => return Some(rest.to_vec()),
            "self" => self.module.clone(),
            "super" => self.module[..self.module.len().checked_sub(1)?].to_vec(),
            child if self.children.contains(child) => [&*self.module, std::slice::from_ref(first)].concat(),
            _ => return None,
        };
        for segment in rest {
            if segment == "super" {
                root.pop();
            } else {
                root.push(segment.clone());
            }
        }
        Some(root)
    }

    fn import(&mut self, path: &[String]) {
        match self.below_root(path) {
            Some(own) => {
                self.own.insert(own);
            }
            None => {
                self.foreign.insert(path.join("::"));
            }
        }
    }
}

/// The paths of a `use`, each with the name that it gets.
fn leaves(tree: &UseTree, before: &[String]) -> Vec<(Segments, String)> {
    let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &with(&path.ident)),
        UseTree::Name(name) if name.ident == "self" => {
            vec![(before.to_vec(), before.last().cloned().unwrap_or_default())]
        }
        UseTree::Name(name) => vec![(with(&name.ident), name.ident.to_string())],
        UseTree::Rename(rename) => vec![(with(&rename.ident), rename.rename.to_string())],
        UseTree::Glob(_) => vec![(before.to_vec(), String::new())],
        UseTree::Group(group) => group.items.iter().flat_map(|item| leaves(item, before)).collect(),
    }
}

fn is_of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test")
    })
}

impl<'ast> Visit<'ast> for Uses {
    fn visit_file(&mut self, file: &'ast syn::File) {
        for item in &file.items {
            if let Item::Mod(module) = item
                && !is_of_tests(&module.attrs)
            {
                self.children.insert(module.ident.to_string());
            }
        }
        visit::visit_file(self, file);
    }

    fn visit_item(&mut self, item: &'ast Item) {
        if !matches!(item, Item::Mod(module) if is_of_tests(&module.attrs)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for (path, name) in leaves(&item.tree, &[]) {
            if matches!(item.vis, Visibility::Inherited) {
                self.import(&path);
            } else if let Some(own) = self.below_root(&path) {
                self.handed_on.insert(name, own);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if matches!(segments.first().map(String::as_str), Some("crate" | "std" | "tokio" | "reqwest")) {
            self.import(&segments);
        }
        visit::visit_path(self, path);
    }
}
