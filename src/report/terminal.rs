//! What the terminal behind a stream can show.

use std::io::{self, IsTerminal, Write};

/// Whether a stream is written in colour: `NO_COLOR` wins, then the stream must be a terminal that is not dumb.
pub fn colour_wanted(stream: &impl IsTerminal) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !set("NO_COLOR") && !dumb && stream.is_terminal()
}

/// Asks a question on a terminal; every answer but yes is a no.
pub fn confirm(question: &str) -> io::Result<bool> {
    Ok(matches!(ask(&format!("{question} [y/N]"))?.as_str(), "y" | "Y" | "yes"))
}

/// Asks on a terminal for a name, as a sign that whoever is there knows what is meant.
pub fn confirm_by_name(question: &str, name: &str) -> io::Result<bool> {
    Ok(ask(question)? == name)
}

/// Whether somebody can be asked.
#[must_use]
pub fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn ask(question: &str) -> io::Result<String> {
    write!(io::stderr().lock(), "{question} ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}
