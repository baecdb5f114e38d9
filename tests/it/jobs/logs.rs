//! What `logs` shows of jobs on the real Nomad.

use super::{File, ONE_TRY, TRIES};

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
fn nothing_is_lost_or_told_twice_when_a_log_goes_on_in_another_file() {
    // 1.4 MB in files of 1 MB, written while they are read.
    let script = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); \
                  printf '%060d\\n' $i; [ $((i % 1000)) -eq 0 ] && sleep 0.1; done; true";
    let task = "logs {\nmax_files = 4\nmax_file_size = 1\n}";
    let job = File::script("rotated", "batch", script).group(ONE_TRY).task(task).run();
    let told = job.lines(&["-f", "--stdout"]);
    assert!(told.iter().map(|line| line.parse::<u32>().unwrap()).eq(1..=20_000), "{} lines", told.len());
    let again = job.lines(&["--stdout"]);
    assert!(again == told, "{} lines afterwards", again.len());
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
fn what_was_written_before_a_moment_is_left_out() {
    let script = "echo '2020-01-01 00:00:00,000 ERROR old'; echo '  at Old.main'; \
                  echo \"$(date -u +%Y-%m-%dT%H:%M:%SZ) INFO new\"; echo '  at New.main'";
    let job = File::script("since", "batch", script).group(ONE_TRY).run();
    assert_eq!(job.lines(&["-f"]).len(), 4);
    let told = job.lines(&["--since", "1h"]);
    assert!(told.len() == 2 && told[0].ends_with("INFO new") && told[1] == "  at New.main", "{told:?}");
    assert_eq!(job.lines(&["--since", "2019-12-31T23:00:00Z"]).len(), 4);
    job.logs(&["--since", "yesterday"]).run().exits(2);
}

#[test]
fn where_no_line_tells_its_time_since_says_so() {
    let job = File::script("timeless", "batch", "echo row 1; echo row 2").group(ONE_TRY).run();
    assert_eq!(job.lines(&["-f"]).len(), 2);
    let told = job.logs(&["--since", "1h"]).run().ok();
    assert_eq!(told.text(), "");
    assert!(told.stderr.contains("no line of the task work begins with a time that nomspark reads"), "{}", told.stderr);
}

#[test]
fn of_a_job_that_starts_others_the_newest_one_s_log_is_read() {
    let parent = "periodic {\ncrons = [\"0 4 1 1 *\"]\nprohibit_overlap = true\n}";
    let job = File::script("beat", "batch", "for i in 1 2 3; do echo tick $i; sleep 1; done").group(ONE_TRY);
    let job = job.job(parent).run();
    job.logs(&[]).run().exits(1);
    // It waits for one that is started later.
    let mut following = job.logs(&["-f"]).spawn();
    std::thread::sleep(std::time::Duration::from_secs(1));
    job.lab.nomad(&["job", "periodic", "force", &job.id]).ok();
    following.wait_until_told("this follows foreign-beat/periodic-");
    assert_eq!(following.wait().ok().text(), "tick 1\ntick 2\ntick 3\n");
    assert_eq!(job.lines(&[]), ["tick 1", "tick 2", "tick 3"]);
    for child in job.lab.jobs("foreign-beat/periodic-") {
        job.lab.nomad(&["job", "stop", "-purge", "-detach", &child]).ok();
    }
}
