//! Logs that go on in another file, and those whose oldest files Nomad has removed.

use super::{File, ONE_TRY};

/// The bytes of a line, with its end.
const LINE: u64 = 61;

/// Lines with their numbers in 60 digits.
fn lines(count: u32, pause: &str) -> String {
    format!("seq -f %060.0f 1 {count} | while read -r line; do echo $line; case $line in *000) {pause};; esac; done")
}

#[test]
fn nothing_is_lost_or_told_twice_when_a_log_goes_on_in_another_file() {
    // 1.2 MB in files of 1 MB, written while they are read.
    let task = "logs {\nmax_files = 4\nmax_file_size = 1\n}";
    let job = File::script("rotated", "batch", &lines(20_000, "sleep 0.1")).group(ONE_TRY).task(task).run();
    let told = job.lines(&["-f", "--stdout"]);
    assert!(told.iter().map(|line| line.parse::<u32>().unwrap()).eq(1..=20_000), "{} lines", told.len());
    let again = job.lines(&["--stdout"]);
    assert!(again == told, "{} lines afterwards", again.len());
    let last = job.lines(&["--stdout", "--tail", "18000"]);
    assert!(last[..] == told[2_000..], "{} last lines", last.len());
}

#[test]
fn what_nomad_removed_before_it_was_read_is_told_with_its_amount() {
    // 4.9 MB, of which Nomad keeps the last 2.
    const COUNT: u64 = 80_000;
    let task = "logs {\nmax_files = 2\nmax_file_size = 1\n}";
    let script = format!("seq -f %060.0f 1 {COUNT}");
    let job = File::script("removed", "batch", &script).group(ONE_TRY).task(task).run();
    assert_eq!(job.watch().run().ok().json()["verdict"], "complete");

    let done = job.logs(&["--stdout"]).run().ok();
    let told: Vec<u64> = done.text().lines().map(|line| line.trim_start_matches('0').parse().unwrap()).collect();
    let first = COUNT + 1 - told.len() as u64;
    assert!(first > 1 && told.iter().copied().eq(first..=COUNT), "{} lines from {first}", told.len());
    let removed: Vec<&str> =
        done.stderr.lines().filter(|line| line.contains("Nomad removed 3 files of stdout")).collect();
    assert!(removed.len() == 1 && removed[0].contains("MiB, before it was read"), "{}", done.stderr);

    let records = job.logs(&["--stdout", "-o", "ndjson"]).run().ok().lines();
    let lost: Vec<_> = records.iter().filter(|record| record["lost_files"] == 3).collect();
    assert!(lost.len() == 1 && lost[0]["task"] == "work" && lost[0]["stream"] == "stdout", "{lost:?}");
    // Nomad ends a file somewhere before its limit.
    let (bytes, written) = (lost[0]["lost_bytes"].as_u64().unwrap(), (first - 1) * LINE);
    assert!(bytes.abs_diff(written) < written / 10, "{bytes} bytes of {written}");
    assert_eq!(records.len(), told.len() + 1);
    assert!(job.logs(&["--stdout", "--tail", "1"]).run().ok().stderr.is_empty());
}
