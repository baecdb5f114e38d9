//! The layers of the code: no module imports one above it, no two files import each other in a circle, and what is pure stays so.

mod imports;

use std::collections::{BTreeMap, BTreeSet};

use imports::{File, files};

/// The modules of the crate, the ground first. Those of one row do not import each other, but for what stands in [`NEIGHBOURS`].
const LAYERS: [&[&str]; 15] = [
    &["exit", "names", "units"],
    &["error"],
    &["event", "interrupt"],
    &["http"],
    &["consul", "nomad", "spark"],
    &["environment"],
    &["spec"],
    &["survey"],
    &["plan"],
    &["render", "explain"],
    &["watch"],
    &["submit"],
    &["report", "lab", "logs"],
    &["drill"],
    &["cli", "commands"],
];
/// Modules of one row of which the first imports the second.
const NEIGHBOURS: [(&str, &str); 1] = [("commands", "cli")];
/// The modules without I/O.
const PURE: [&str; 3] = ["plan", "render", "explain"];
/// What does I/O: crates, and parts of the standard library.
const IO: [&str; 7] = ["tokio", "reqwest", "std::fs", "std::process", "std::env", "std::io", "std::net::TcpStream"];

#[test]
fn no_module_imports_one_above_it() {
    let layer = |module: &str| {
        let found = LAYERS.iter().position(|modules| modules.contains(&module));
        found.unwrap_or_else(|| panic!("the module {module} stands in no layer"))
    };
    let mut uphill = BTreeSet::new();
    for file in files() {
        let Some(module) = file.module.first() else { continue };
        for imported in file.imports.iter().filter_map(|import| import.first()).filter(|imported| *imported != module) {
            let is_below = layer(imported) < layer(module);
            if !is_below && !NEIGHBOURS.contains(&(module, imported)) {
                uphill.insert(format!("{} imports {imported}", file.path));
            }
        }
    }
    assert!(uphill.is_empty(), "{uphill:#?}");
}

#[test]
fn no_two_files_import_each_other_in_a_circle() {
    let mut imports: BTreeMap<String, BTreeSet<String>> =
        files().into_iter().map(|File { path, imported_files, .. }| (path, imported_files)).collect();
    // Who imports nobody that is left is in no circle, and neither is whom nobody imports that is left.
    loop {
        let files: BTreeSet<String> = imports.keys().cloned().collect();
        let imported: BTreeSet<String> = imports.values().flatten().cloned().collect();
        imports.retain(|file, imports| {
            imports.retain(|file| files.contains(file));
            !imports.is_empty() && imported.contains(file)
        });
        if imports.len() == files.len() {
            break;
        }
    }
    assert!(imports.is_empty(), "a circle is among {imports:#?}");
}

#[test]
fn what_plans_renders_and_explains_does_no_io() {
    let mut found = BTreeSet::new();
    for file in files().into_iter().filter(|file| file.module.first().is_some_and(|module| PURE.contains(&&**module))) {
        let does_io = |path: &&String| IO.iter().any(|io| *path == io || path.starts_with(&format!("{io}::")));
        found.extend(file.foreign.iter().filter(does_io).map(|path| format!("{} uses {path}", file.path)));
    }
    assert!(found.is_empty(), "{found:#?}");
}
