//! The command line itself: what needs no server.

use std::time::Duration;

use crate::support::cluster::demo;
use crate::support::run::Run;

const COMMANDS: [&[&str]; 15] = [
    &["deploy"],
    &["plan"],
    &["render"],
    &["wordcount"],
    &["watch"],
    &["status"],
    &["logs"],
    &["stop"],
    &["lab"],
    &["lab", "up"],
    &["lab", "down"],
    &["lab", "status"],
    &["lab", "env"],
    &["completions"],
    &["man"],
];

#[test]
fn the_version_is_told_at_once() {
    let done = Run::nomspark(["--version"]).run().ok();
    assert_eq!(done.text(), format!("nomspark {}\n", env!("CARGO_PKG_VERSION")));
    assert!(done.elapsed < Duration::from_secs(2), "{:?}", done.elapsed);
}

#[test]
fn every_command_has_help() {
    let all = Run::nomspark(["--help"]).run().ok().text();
    assert!(all.contains("Exit codes"), "{all}");
    for command in COMMANDS {
        assert!(all.contains(command[0]), "{} is not in\n{all}", command[0]);
        let help = Run::nomspark(command).arg("--help").run().ok().text();
        assert!(help.contains(&format!("Usage: nomspark {}", command.join(" "))), "{help}");
        let wide = help.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "{command:?}");
    }
}

#[test]
fn what_is_typed_wrong_is_a_usage_error() {
    let wrong: [&[&str]; 7] = [
        &[],
        &["deplyo"],
        &["deploy", "--colour"],
        &["wordcount"],
        &["wordcount", "--input", "a", "--top", "many"],
        &["deploy", "--timeout", "0s"],
        &["status", "-o", "yaml"],
    ];
    for arguments in wrong {
        let done = Run::nomspark(arguments).run().exits(2);
        assert!(done.stdout.is_empty() && !done.stderr.is_empty(), "{arguments:?}: {}", done.text());
    }
    let done = Run::nomspark(["deplyo"]).run().exits(2);
    assert!(done.stderr.contains("deploy"), "{}", done.stderr);
    let document = Run::nomspark(["deploy", "--colour", "-o", "json"]).run().exits(2).json();
    assert_eq!(document["error"]["code"], 2);
    assert!(document["error"]["message"].as_str().unwrap().contains("--colour"), "{document}");
}

#[test]
fn shells_complete_and_man_reads() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Run::nomspark(["completions", shell]).run().ok().text();
        assert!(script.contains("wordcount") && script.contains("worker-memory"), "{shell}");
    }
    let page = Run::nomspark(["man"]).run().ok().text();
    assert!(page.contains(".TH nomspark 1") && page.contains("wordcount"), "{page}");
}

#[test]
fn nothing_is_coloured_where_nobody_looks() {
    let demo = demo(0);
    for variables in [&[][..], &[("NO_COLOR", "1")], &[("TERM", "xterm-256color")]] {
        let set = |run: Run| variables.iter().fold(run, |run, (name, value)| run.env(name, value));
        let status = set(demo.plain("status")).run().ok();
        let plan = set(demo.plain("plan")).run().ok();
        let missing = set(demo.lab().plain("status").args(["--name", "nobody"])).run().exits(1);
        for done in [status, plan, missing] {
            assert!(
                !done.text().contains('\u{1b}') && !done.stderr.contains('\u{1b}'),
                "{}{}",
                done.text(),
                done.stderr
            );
        }
    }
}

#[test]
fn loopback_needs_no_proxy() {
    let demo = demo(0);
    let mut run = demo.nomspark("deploy");
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        run = run.env(variable, "http://127.0.0.1:1");
    }
    assert_eq!(run.run().ok().json()["ready"], true);
}
