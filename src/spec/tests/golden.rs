//! Error messages as users see them: each `tests/specs/invalid/NAME.hcl` has its messages in `NAME.txt`.
//!
//! `UPDATE_GOLDEN=1 cargo test golden` writes the files anew; read their differences before you commit them.

use std::fs;
use std::path::Path;

use super::check;

#[test]
fn messages_of_invalid_specs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs/invalid");
    let mut specs = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "hcl") {
            continue;
        }
        specs += 1;
        let found = format!("{}\n", check(&fs::read_to_string(&path).unwrap()).unwrap_err());
        let golden = path.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(found, expected, "{}", path.display());
    }
    assert!(specs > 0, "no specs in {}", folder.display());
}
