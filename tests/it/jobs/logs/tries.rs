//! Tasks that start and end faster than anybody looks.

use std::fs;

use super::{File, LIMIT, ONE_TRY};
use crate::support::wait_for;

#[test]
fn every_try_of_a_task_is_told_once_however_short_it_is() {
    let again = "restart {\nattempts = 60\ninterval = \"10m\"\ndelay = \"0s\"\nmode = \"delay\"\n}";
    let script = "n=$(cat \"$NOMAD_ALLOC_DIR/n\" 2>/dev/null || echo 0); echo $((n + 1)) >\"$NOMAD_ALLOC_DIR/n\"; \
                  echo \"out $n\"; echo \"err $n\" >&2; [ \"$n\" -ge 29 ]";
    let job = File::script("short", "batch", script).group(again).run();
    let mut told = job.lines(&["-f"]);
    told.sort_by_key(|line| (line.starts_with("err"), line.len(), line.clone()));
    // Of tasks that follow one another at once Nomad itself now and then loses what one wrote: its own file decides.
    let allocation = job.lab.allocations(&job.id)[0]["ID"].as_str().unwrap().to_owned();
    let folder = job.lab.allocation_folder(&allocation).join("alloc/logs");
    let written = |stream: &str| {
        let text = fs::read_to_string(folder.join(format!("work.{stream}.0"))).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (out, err) = (written("stdout"), written("stderr"));
    assert!(out.len() > 25 && err.len() > 25, "{out:?} {err:?}");
    assert_eq!(told, [&out[..], &err[..]].concat());
    assert_eq!(job.lines(&["--stdout"]), out);
}

#[test]
fn every_allocation_is_told_once_however_soon_it_is_replaced() {
    const VERSIONS: usize = 6;
    let folder = tempfile::tempdir().unwrap();
    let end = folder.path().join("end");
    // Another group keeps the job from ending.
    let stays = format!(
        "group \"stays\" {{\n{ONE_TRY}\ntask \"stays\" {{\ndriver = \"raw_exec\"\nconfig {{\ncommand = \"/bin/sh\"\n\
         args = [\"-c\", \"echo stays; until [ -e {} ]; do sleep 0.1; done\"]\n}}\nresources {{\ncpu = 20\nmemory = 20\n}}\n}}\n}}\n",
        end.display()
    );
    let version =
        |n: usize| File::script("replaced-soon", "batch", &format!("echo version {n}")).group(ONE_TRY).job(&stays);
    let job = version(1).run();
    let mut following = job.logs(&["-f"]).spawn();
    // From now on; the first version may have ended before.
    following.wait_until_printed("stays");
    for n in 2..=VERSIONS {
        version(n).submit(&job.lab);
        wait_for("the next version to have ended", LIMIT, || {
            let allocations = job.lab.allocations(&job.id);
            let ended = |allocation: &&serde_json::Value| {
                allocation["TaskGroup"] == "g" && allocation["ClientStatus"] == "complete"
            };
            (allocations.iter().filter(ended).count() >= n).then_some(())
        });
    }
    fs::write(&end, "").unwrap();
    let told = following.wait().ok().text();
    let mut versions: Vec<&str> =
        told.lines().filter_map(|line| line.split_once(" | ")).map(|(_, line)| line).collect();
    versions.sort_unstable();
    versions.retain(|line| !["stays", "version 1"].contains(line));
    let expected: Vec<String> = (2..=VERSIONS).map(|n| format!("version {n}")).collect();
    assert_eq!(versions, expected, "{told}");
}
