//! `--since`: lines that tell when they were written, in the formats of many programs.

use super::{File, Job, ONE_TRY};

/// How `date` writes a moment, and what else the line has.
const STYLES: [(&str, &str); 9] = [
    ("iso", "+%Y-%m-%dT%H:%M:%S.%3NZ row"),
    ("spark", "+%y/%m/%d %H:%M:%S INFO row"),
    ("epoch", "+%s row"),
    ("milliseconds", "+%s%3N row"),
    ("syslog", "+%b %e %H:%M:%S host app[1]: row"),
    ("apache", "+127.0.0.1 - - [%d/%b/%Y:%H:%M:%S %z] row"),
    ("glog", "+I%m%d %H:%M:%S.%6N 1 main.go:1] row"),
    ("json", "+{\"level\":\"info\",\"msg\":\"row\",\"ts\":\"%Y-%m-%dT%H:%M:%SZ\"}"),
    ("zap", "+{\"level\":\"info\",\"@timestamp\":%s.%3N}"),
];

#[test]
fn times_are_known_in_the_formats_of_many_programs() {
    let start = |(style, format): &(&str, &str)| {
        let script =
            format!("export LC_ALL=C; date -u -d '2 hours ago' '{format}'; echo old; date -u '{format}'; echo new");
        File::script(&format!("style-{style}"), "batch", &script).group(ONE_TRY).run()
    };
    let jobs: Vec<Job> = STYLES.iter().map(start).collect();
    for job in jobs {
        assert_eq!(job.lines(&["-f"]).len(), 4, "{}", job.id);
        let told = job.logs(&["--since", "1h"]).run().ok();
        let lines: Vec<String> = told.text().lines().map(str::to_owned).collect();
        assert!(lines.len() == 2 && lines[1] == "new", "{}: {lines:?}", job.id);
        assert!(told.stderr.is_empty(), "{}", told.stderr);
        assert_eq!(job.lines(&["--since", "3h"]).len(), 4, "{}", job.id);
    }
}

#[test]
fn what_was_written_before_a_moment_is_left_out() {
    let script = "echo '2020-01-01 00:00:00,000 ERROR old'; echo '  at Old.main'; \
                  echo \"$(date -u +%Y-%m-%dT%H:%M:%SZ) INFO new\"; echo '  at New.main'";
    let job = File::script("since", "batch", script).group(ONE_TRY).run();
    assert_eq!(job.lines(&["-f"]).len(), 4);
    let told = job.lines(&["--since", "1h"]);
    assert!(told.len() == 2 && told[0].ends_with("INFO new") && told[1] == "  at New.main", "{told:?}");
    // The last of what is new, though it tells no time itself.
    assert_eq!(job.lines(&["--since", "1h", "--tail", "1"]), ["  at New.main"]);
    assert_eq!(job.lines(&["--since", "2019-12-31T23:00:00Z"]).len(), 4);
    job.logs(&["--since", "yesterday"]).run().exits(2);
}

#[test]
fn where_no_line_tells_its_time_since_says_so() {
    let script = "echo \"$(date -u +%Y-%m-%dT%H:%M:%SZ) row\" >&2; echo row 1; echo row 2; exec sleep 60";
    let job = File::script("timeless", "batch", script).group(ONE_TRY).run();
    let told = "no line of the task work on stdout begins with a time that nomspark reads";
    // Also while nothing ends.
    let mut following = job.logs(&["-f", "--since", "1h"]).spawn();
    following.wait_until_told(told);
    let once = job.logs(&["--since", "1h"]).run().ok();
    assert!(once.text().trim_end().ends_with("Z row") && once.text().lines().count() == 1, "{}", once.text());
    assert!(once.stderr.contains(told) && !once.stderr.contains("on stderr"), "{}", once.stderr);
}
