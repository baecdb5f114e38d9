//! `wordcount`: the numbers are right, whatever the text looks like.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::pipe;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::cluster::{Cluster, DRIVER, demo};
use crate::support::lab::CHECKOUT;
use crate::support::process::Jvm;
use crate::support::proxy::Proxy;
use crate::support::rows::row;
use crate::support::run::Run;

/// Counts a file on the shared cluster.
fn count(cluster: &Cluster, input: &Path) -> Run {
    cluster.nomspark("wordcount").arg("--input").arg(input)
}

/// Counts a text on the shared cluster; gives the document and the whole result.
fn count_text(text: &[u8]) -> (Value, String) {
    let demo = demo(DRIVER);
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("input"), folder.path().join("output"));
    fs::write(&input, text).unwrap();
    let counted = count(&demo, &input).arg("--output").arg(&output).run().ok().json();
    assert_eq!(counted["result"], output.to_str().unwrap());
    assert_eq!((&counted["verdict"], &counted["exit_code"]), (&json!("complete"), &json!(0)));
    (counted, fs::read_to_string(output).unwrap())
}

/// What coreutils count, in nomspark's order and format.
fn coreutils(input: &Path) -> String {
    let script = r#"tr -s '[:space:]' '\n' < "$0" | grep -a . | sort | uniq -c |
        sed 's/^ *\([0-9]*\) /\1\t/' | sort -t "$(printf '\t')" -k1,1nr -k2"#;
    let counted = Run::program("sh", ["-c", script]).arg(input).env("LC_ALL", "C").run().ok();
    String::from_utf8(counted.stdout).unwrap()
}

#[test]
fn every_word_of_a_book_is_counted_as_coreutils_do() {
    let demo = demo(DRIVER);
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/alice.txt");
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("words.tsv");
    let counted = count(&demo, &book).args(["--top", "7", "--output"]).arg(&output).run().ok().json();

    let expected = coreutils(&book);
    assert!(fs::read_to_string(&output).unwrap() == expected, "the result differs from what coreutils count");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
    let lines: Vec<(u64, &str)> = expected
        .lines()
        .map(|line| line.split_once('\t').map(|(count, word)| (count.parse().unwrap(), word)).unwrap())
        .collect();
    assert_eq!(counted["distinct_words"], lines.len());
    assert_eq!(counted["total_words"], lines.iter().map(|(count, _)| count).sum::<u64>());
    let top: Vec<Value> = lines[..7].iter().map(|(count, word)| json!([word, count])).collect();
    assert_eq!(counted["top"], json!(top));

    let job = counted["job"].as_str().unwrap();
    assert!(job.starts_with("demo-wordcount-"), "{job}");
    assert_eq!(demo.lab().find_job(job).unwrap()["Meta"]["nomspark.cluster"], "demo");
    let stage = |name: &str| counted["stages"][name].as_u64().unwrap();
    assert!(stage("placed_ms") <= stage("started_ms") && stage("started_ms") < stage("finished_ms"), "{counted}");
    assert!(counted["elapsed_ms"].as_u64().unwrap() > 0);
}

#[test]
fn a_run_that_ended_can_be_read_again() {
    let demo = demo(DRIVER);
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("it's a \"file\"\n of $HOME.txt");
    fs::write(&input, "b a\nb\n").unwrap();

    // For machines, line by line.
    let first = demo.plain("wordcount").args(["--top", "1", "-o", "ndjson", "--input"]).arg(&input).run().ok();
    let mut lines = first.lines();
    let result = lines.pop().unwrap();
    assert_eq!(result["top"], json!([["b", 2]]));
    assert!(result.get("event").is_none());
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    for event in ["job_registered", "allocation_placed", "task_started", "upload_started", "upload_finished"] {
        assert!(events.contains(&event), "{event} is not in {events:?}");
    }
    assert!(lines.iter().all(|line| line["schema_version"] == 1 && line["elapsed_ms"].is_u64()));
    let job = result["job"].as_str().unwrap();

    let resume = |format: &str| demo.plain("wordcount").args(["--resume", job, "-o", format]);
    let output = folder.path().join("again.tsv");
    let again = resume("json").arg("--output").arg(&output).run().ok().json();
    for field in ["job", "verdict", "exit_code", "total_words", "distinct_words", "stages"] {
        assert_eq!(again[field], result[field], "{field}");
    }
    assert_eq!(fs::read_to_string(output).unwrap(), "2\tb\n1\ta\n");
    // More than the run was asked for.
    assert_eq!(again["top"], json!([["b", 2], ["a", 1]]));
    assert_eq!(resume("json").args(["--top", "0"]).run().ok().json()["top"], json!([]));
    assert_eq!(resume("json").args(["--top", "1"]).run().ok().json()["top"], json!([["b", 2]]));
    let text = resume("table").run().ok().text();
    assert!(text.contains("COUNT") && text.contains("3 words, 2 distinct"), "{text}");
    let watched = demo.lab().nomspark("watch").arg(job).run().ok().json();
    assert_eq!((&watched["job"], &watched["verdict"]), (&json!(job), &json!("complete")));

    // As in `nomspark … | head -1`.
    for run in [resume("table"), resume("ndjson"), demo.plain("status"), demo.plain("logs").arg("master")] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let done = run.run_into(writer).ok();
        assert!(!done.stderr.contains("error"), "{}", done.stderr);
    }
}

#[test]
fn an_input_whose_session_breaks_is_sent_again() {
    let demo = demo(DRIVER);
    let proxy = Proxy::before(&demo.lab().nomad);
    proxy.break_the_next_exec_session();
    let counted = count(&demo, &Path::new(CHECKOUT).join("examples/alice.txt"));
    let counted = counted.env("NOMAD_ADDR", &proxy.address).run().ok().json();
    assert!(proxy.has_broken_a_session());
    assert_eq!(counted["total_words"], 26_457);
}

#[test]
fn a_text_without_words_has_none() {
    for text in ["", " \t\r\n\u{b}\u{c}\n  \n"] {
        let (counted, result) = count_text(text.as_bytes());
        assert_eq!((&counted["total_words"], &counted["distinct_words"]), (&json!(0), &json!(0)));
        assert_eq!((&counted["top"], result.as_str()), (&json!([]), ""));
    }
}

#[test]
fn line_ends_of_windows_are_white_space() {
    let (_, result) = count_text(b"one two\r\ntwo\r\n\r\nthree three three");
    assert_eq!(result, "3\tthree\n2\ttwo\n1\tone\n");
}

#[test]
fn bytes_that_are_not_utf_8_read_as_the_replacement_character() {
    let (counted, result) = count_text(b"caf\xe9 caf\xe9 caf\xc3\xa9 \xff ok\n");
    assert_eq!(result, "2\tcaf\u{fffd}\n1\tcaf\u{e9}\n1\tok\n1\t\u{fffd}\n");
    assert_eq!(counted["top"][0], json!(["caf\u{fffd}", 2]));
}

#[test]
fn a_line_of_50_mb_is_counted() {
    let mut text = String::with_capacity(51_000_000);
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for number in 0_u64.. {
        if text.len() > 50_000_000 {
            break;
        }
        let word = format!("word{}", number * number % 9_973);
        write!(text, "{word} ").unwrap();
        *expected.entry(word).or_default() += 1;
    }
    let (counted, result) = count_text(text.as_bytes());
    let mut expected: Vec<(String, u64)> = expected.into_iter().collect();
    expected.sort_by(|(a, m), (b, n)| n.cmp(m).then(a.cmp(b)));
    let expected: String = expected.iter().map(|(word, count)| format!("{count}\t{word}\n")).collect();
    assert!(result == expected, "the result is wrong");
    assert_eq!(counted["distinct_words"], expected.lines().count());
}

#[test]
fn a_uri_that_the_executors_read_themselves_is_not_sent() {
    let demo = demo(DRIVER);
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.txt");
    fs::write(&input, "x y x\n").unwrap();
    let uri = format!("file://{}", input.display());
    let run = demo.nomspark("wordcount").args(["--input", &uri, "--top", "0"]).run().ok();
    assert!(!run.stderr.contains("sending"), "{}", run.stderr);
    let counted = run.json();
    assert_eq!((&counted["total_words"], &counted["top"]), (&json!(3), &json!([])));
}

#[test]
fn an_output_that_cannot_be_written_is_told_before_anything_is_submitted() {
    let demo = demo(0);
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/alice.txt");
    let folder = tempfile::tempdir().unwrap();
    for output in [folder.path().join("missing/words.tsv"), folder.path().to_path_buf()] {
        let run = count(&demo, &book).arg("--output").arg(&output).run();
        let refused = run.fails(2).says("cannot be written").says(output.to_str().unwrap());
        assert_eq!(refused.events(), [""; 0], "nothing was registered");
    }
}

#[test]
fn a_result_that_is_gone_is_told() {
    let demo = demo(DRIVER);
    let uri = format!("file://{CHECKOUT}/examples/alice.txt");
    let counted = demo.nomspark("wordcount").args(["--input", &uri]).run().ok().json();
    let job = counted["job"].as_str().unwrap();
    let allocation = demo.lab().allocations(job)[0]["ID"].as_str().unwrap().to_owned();
    // Nomad removes the files of one that has ended, as it does when its node needs room.
    demo.lab().nomad(&["operator", "api", "-X", "PUT", &format!("/v1/client/allocation/{allocation}/gc")]).ok();
    let told = demo.nomspark("wordcount").args(["--resume", job]).run().fails(1);
    told.shows("the run completed, but Nomad has removed its files");
}

#[test]
fn a_driver_that_is_none_of_nomspark_s_is_told_by_its_summary() {
    let demo = demo(DRIVER);
    let folder = tempfile::tempdir().unwrap();
    let file = fs::read_to_string(format!("{CHECKOUT}/jobs/wordcount.nomad.hcl")).unwrap();
    let ours = "command      = local.command[0]\n        args         = slice(local.command, 1, length(local.command))";
    assert!(file.contains(ours), "the job file has another command");
    let other = "command = \"/bin/sh\"\nargs = [\"-c\", \"echo hello >$${NOMAD_ALLOC_DIR}/data/summary.json\"]";
    fs::write(folder.path().join("wordcount.nomad.hcl"), file.replace(ours, other)).unwrap();
    let run = || demo.nomspark("wordcount").args(["--input", "file:///a", "--jobs"]).arg(folder.path());
    let run = || run().run().fails(1).shows("the run completed, but its summary is not what nomspark's driver writes");
    let first = run().document["job"].clone();
    // Whoever mends the file and repeats the command gets another run.
    assert_ne!(run().document["job"], first);
}

/// The only master stands still; when it goes on it finds that it leads no more, and Nomad starts it again.
#[test]
fn a_run_waits_for_a_master_that_leads_and_says_when_none_comes() {
    let cluster = Cluster::deployed("leaderless");
    let run = || cluster.nomspark("wordcount").args(["--input", &format!("file://{CHECKOUT}/examples/alice.txt")]);
    let allocation = cluster.lab().allocations(&cluster.job("master"))[0]["ID"].as_str().unwrap().to_owned();
    let master = Jvm::of(&allocation, "org.apache.spark.deploy.master.Master");
    master.signal(Signal::SIGSTOP);
    run().args(["--timeout", "5s"]).run().fails(1).shows("no master of the cluster ");
    let mut waiting = run().spawn();
    waiting.wait_until_told(row("waiting for a master of the cluster "));
    master.signal(Signal::SIGCONT);
    assert_eq!(waiting.wait().ok().json()["verdict"], "complete");
}
