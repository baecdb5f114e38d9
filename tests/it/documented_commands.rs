//! Whatever command the documents and the messages name is one that its program takes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

use crate::support::lab::{CHECKOUT, program};
use crate::support::run::Run;

/// Where commands are named.
const SOURCES: [&str; 7] = ["README.md", "CONTRIBUTING.md", "docs", "examples", "jobs", "src", "tools"];

/// The text of all files below a path.
pub(crate) fn read(path: &Path, texts: &mut Vec<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            read(&entry.unwrap().path(), texts);
        }
    } else if let Ok(text) = fs::read_to_string(path) {
        texts.push(text);
    }
}

/// The commands of a program, as words: those between backticks, and the lines of examples for a shell.
fn commands(name: &str) -> BTreeSet<Vec<String>> {
    let mut all = Vec::new();
    for source in SOURCES {
        read(&Path::new(CHECKOUT).join(source), &mut all);
    }
    let quoted = Regex::new(&format!(r"`(?:[A-Z_]+=\S+ )*{name} ([^`]+)`")).unwrap();
    let example = Regex::new(r"(?ms)^```(?:sh|console|text)?$(.*?)^```$").unwrap();
    let line = Regex::new(&format!(r#"(?m)^(?:\$ |eval "\$\()?{name} ([^#\n]+)"#)).unwrap();
    let examples = all.iter().flat_map(|text| example.captures_iter(text).map(|it| it[1].to_owned()));
    let examples: Vec<String> = examples.collect();
    let found = all.iter().flat_map(|text| quoted.captures_iter(text)).map(|it| it[1].to_owned());
    let found = found.chain(examples.iter().flat_map(|text| line.captures_iter(text)).map(|it| it[1].to_owned()));
    found.map(|command| words(&command)).filter(|words| !words.is_empty()).collect()
}

/// What is typed, with something in the place of names; up to what another program reads.
fn words(command: &str) -> Vec<String> {
    let command = command.split(" | ").next().unwrap().split(" -- ").next().unwrap().split('>').next().unwrap();
    let words = command.split_whitespace().take_while(|word| !word.contains('…') && !word.starts_with('\\'));
    let is_place = |word: &str| word.contains('{') || word.starts_with('$') || word.chars().all(char::is_uppercase);
    let words = words.map(|word| match word {
        "N" | "ROUNDS" => "1",
        "SCENARIO" => "master-crash",
        word if is_place(word) => "x",
        word => word,
    });
    words.map(|word| word.trim_end_matches([')', '"', ',', ';']).trim_matches('"').to_owned()).collect()
}

#[test]
fn nomspark_takes_every_command_that_is_named() {
    let commands = commands("nomspark");
    assert!(commands.len() > 40, "{commands:?}");
    let refused: Vec<String> = commands
        .iter()
        .filter(|words| words.iter().any(|word| word != "x"))
        .filter_map(|words| {
            // The parser has seen all that stands before it asks for help.
            let done = Run::nomspark(words).arg("--help").run();
            (!done.status.success()).then(|| format!("nomspark {}: {}", words.join(" "), done.stderr))
        })
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn nomad_and_consul_know_every_subcommand_and_flag_that_is_named() {
    let mut unknown = Vec::new();
    for (name, least) in [("nomad", 10), ("consul", 3)] {
        let commands = commands(name);
        assert!(commands.len() >= least, "{commands:?}");
        for words in commands {
            let subcommand = words
                .iter()
                .take_while(|word| word.chars().all(|c| c.is_lowercase() || c == '-') && !word.starts_with('-'));
            let subcommand: Vec<&String> = subcommand.collect();
            // A sentence that begins with the program's name.
            if subcommand.len() > 3 || subcommand.is_empty() {
                continue;
            }
            let help = Run::program(program(name), &subcommand).arg("-h").run();
            let help = help.text() + &help.stderr;
            let flags = words.iter().filter(|word| word.starts_with('-')).map(|word| word.split('=').next().unwrap());
            unknown.extend(flags.filter(|flag| !help.contains(*flag)).map(|flag| format!("{name} {words:?}: {flag}")));
            if !help.contains(&format!("Usage: {name}")) || help.contains("Usage: nomad [-version]") {
                unknown.push(format!("{name} {words:?}: {help}"));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}
