//! What `logs` shows of jobs on the real Nomad.

mod children;
mod connections;
mod faults;
mod namesake;
mod rotation;
mod times;
mod tries;

use super::{File, Job, LIMIT, ONE_TRY, TRIES};
use crate::support::wait_until;

#[test]
fn a_log_is_followed_over_restarts_to_the_job_s_end() {
    let script = "n=$(cat \"$NOMAD_ALLOC_DIR/n\" 2>/dev/null || echo 0); echo $((n + 1)) >\"$NOMAD_ALLOC_DIR/n\"; \
                  sleep 1; echo \"run $n\"; [ \"$n\" -ge 2 ] && printf 'the end'";
    let job = File::script("followed", "batch", script).group(TRIES).run();
    // It waits for a log that is not there yet, and for the last words without a newline.
    assert_eq!(job.lines(&["-f"]), ["run 0", "run 1", "run 2", "the end"]);
    assert_eq!(job.lines(&["--tail", "2"]), ["run 2", "the end"]);
    assert_eq!(job.lines(&["--grep", "[02]$"]), ["run 0", "run 2"]);
    // The last that match, not the matches among the last.
    assert_eq!(job.lines(&["--grep", "run", "--tail", "2"]), ["run 1", "run 2"]);
    job.logs(&["--grep", "["]).run().exits(2);
    job.logs(&["--task", "nosuch"]).run().exits(1);
}

#[test]
fn lines_of_several_allocations_carry_their_names() {
    let group = format!("count = 2\n{ONE_TRY}");
    let job = File::script("several", "batch", "echo out; echo err >&2").group(&group).run();
    let mut told = job.lines(&["-f"]);
    told.sort();
    let mut expected: Vec<String> = job
        .lab
        .allocations(&job.id)
        .iter()
        .flat_map(|allocation| {
            let id = allocation["ID"].as_str().unwrap()[..8].to_owned();
            ["err", "out"].map(|line| format!("{id} work | {line}"))
        })
        .collect();
    expected.sort();
    assert_eq!(told, expected);
    let one = job.lab.allocations(&job.id)[0]["ID"].as_str().unwrap().to_owned();
    assert_eq!(job.lines(&["--alloc", &one, "--stderr"]), ["err"]);
    let lines = job.logs(&["-o", "ndjson", "--stdout"]).run().ok().lines();
    assert!(lines.len() == 2 && lines.iter().all(|line| line["line"] == "out" && line["task"] == "work"), "{lines:#?}");
}

#[test]
fn what_stands_there_is_chosen_from_and_then_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let go = folder.path().join("go");
    let script = format!(
        "for i in 1 2 3; do echo a $i; echo b $i; done; until [ -e {} ]; do sleep 0.1; done; echo b 4; echo a 4; echo a 5",
        go.display()
    );
    let job = File::script("chosen", "batch", &script).group(ONE_TRY).run();
    wait_until("the lines to stand there", LIMIT, || job.logs(&[]).run().text().ends_with("b 3\n"));
    let mut chosen = job.logs(&["-f", "--tail", "2", "--grep", "a"]).spawn();
    let mut last = job.logs(&["-f", "--tail", "1"]).spawn();
    chosen.wait_until_printed("a 3");
    last.wait_until_printed("b 3");
    std::fs::write(&go, "").unwrap();
    assert_eq!(chosen.wait().ok().text(), "a 2\na 3\na 4\na 5\n");
    assert_eq!(last.wait().ok().text(), "b 3\nb 4\na 4\na 5\n");
}
