//! What the terminal behind a stream can show.

use std::io::{self, IsTerminal, Write};

/// Whether a stream is written in colour: `NO_COLOR` wins, then the stream must be a terminal that is not dumb.
pub fn colour_wanted(stream: &impl IsTerminal) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !set("NO_COLOR") && !dumb && stream.is_terminal()
}

/// Asks a question on a terminal; without one there is nobody to ask and the answer is yes.
pub fn confirm(question: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(true);
    }
    write!(io::stderr().lock(), "{question} [y/N] ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
