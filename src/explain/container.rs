//! What Docker says of a container that does not start. Pure.

use std::sync::LazyLock;

use regex::Regex;

/// The sentence is Docker's own, down to the container runtime's.
static MISSING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let reason = r"(?:stat .*: no such file or directory|executable file not found in \$PATH)";
    Regex::new(&format!(r#"unable to start container process: exec: "([^"]+)": {reason}"#)).ok()
});

/// The sentence for an image without the program that its container is to run; `None` for all other words.
pub(super) fn missing_program(words: &str) -> Option<String> {
    let found = MISSING.as_ref()?.captures(words)?;
    Some(format!("its image has no program {}", &found[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_named_without_the_layers_that_it_went_through() {
        let told = |reason: &str| {
            missing_program(&format!(
                "Failed to start container de2e: Error response from daemon: failed to create shim task: OCI runtime \
                 create failed: runc create failed: unable to start container process: {reason}: unknown"
            ))
        };
        assert_eq!(
            told("exec: \"/a/b\": stat /a/b: no such file or directory").as_deref(),
            Some("its image has no program /a/b")
        );
        assert_eq!(
            told("exec: \"b\": executable file not found in $PATH").as_deref(),
            Some("its image has no program b")
        );
        assert_eq!(told("exec: \"/a\": permission denied"), None);
        assert_eq!(told("error mounting \"/nothing\""), None);
    }
}
