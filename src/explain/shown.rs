//! The lines of a log that are shown with a failure. Pure.

/// How many lines are shown.
const LINES: usize = 15;

/// The end of a log, as far as it is shown. Of each stack of Java's the line that says why stays, with its first frame: however
/// deep the stack, the reason is not pushed out.
pub(crate) fn shown(log: Vec<String>) -> Vec<String> {
    let is_frame = |line: &String| line.starts_with("\tat ") || line.starts_with("\t... ");
    let mut folded: Vec<String> = Vec::new();
    let mut within = false;
    for line in log {
        let frame = is_frame(&line);
        if !(frame && within) {
            folded.push(line);
        }
        within = frame;
    }
    folded.split_off(folded.len().saturating_sub(LINES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_deep_a_stack_is_the_line_that_says_why_is_shown() {
        let mut log = vec!["Exception in thread \"main\" java.lang.IllegalArgumentException: cannot be 0!".to_owned()];
        log.extend((0..40).map(|number| format!("\tat org.example.Main.f{number}(Main.java:{number})")));
        log.push("INFO ShutdownHookManager: bye".to_owned());
        assert_eq!(shown(log.clone()), [&log[0], &log[1], &log[41]].map(Clone::clone));
    }
}
