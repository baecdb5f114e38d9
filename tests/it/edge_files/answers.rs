//! What HAProxy says with these files when it runs, without any master.

use std::fs;
use std::path::Path;

use super::edges::{EdgeFiles, all};
use super::programs::need_root;
use crate::support::lab::program;
use crate::support::rows::row;
use crate::support::run::{Done, Run};

/// HAProxy in namespaces of its own, which end with this script and take it with them: its address disturbs nobody, and
/// nothing is left behind. Gives the answer of the web UI's port to a request.
const QUESTION: &str = r#"
haproxy=$1 configuration=$2 probe=$3 statistics=$4 address=$5 port=$6 path=$7
ip link set lo up
ip address add "$address" dev lo $([[ $address != *:* ]] || echo nodad)
bash "$probe" "$statistics" && { echo "something answers before HAProxy does" >&2; exit 1; }
"$haproxy" -W -db -f "$configuration" >&2 &
for _ in {1..200}; do
  bash "$probe" "$statistics" && break
  sleep 0.05
done
bash "$probe" "$statistics" || exit
exec 3<>"/dev/tcp/$address/$port"
printf 'GET %s HTTP/1.0\r\n\r\n' "$path" >&3
cat <&3
"#;

fn ask(edge: &EdgeFiles, configuration: &Path, probe: &Path, path: &str) -> Done {
    need_root();
    let wanted = &edge.variables.edge;
    let run = Run::program("unshare", ["--net", "--pid", "--fork", "--kill-child", "bash", "-c", QUESTION, "bash"]);
    let run = run.arg(program("haproxy")).args([configuration, probe]).arg(wanted.stats_port.to_string());
    run.args([&wanted.vip.addr().to_string(), &wanted.ui_port.to_string(), path]).run().ok()
}

#[test]
fn haproxy_on_every_host_tells_that_host_s_name_and_that_there_is_no_master() {
    for edge in all() {
        for host in edge.hosts() {
            let name = host.name.as_str();
            let probe = edge.host_file(host, "/etc/keepalived/probe.sh");
            assert!(fs::metadata(&probe).unwrap().is_file());
            for configuration in
                [edge.host_file(host, "/etc/haproxy/haproxy.cfg"), edge.task_file(host, "haproxy.cfg", &[])]
            {
                let answer = ask(&edge, &configuration, &probe, "/nomspark/holder").text();
                let (head, body) = answer.split_once("\r\n\r\n").unwrap();
                assert!(head.contains(" 200 ") && head.contains("application/json"), "{}: {answer}", edge.case);
                assert_eq!(serde_json::from_str::<String>(body).unwrap(), name, "{}", edge.case);
            }
            let configuration = edge.task_file(host, "haproxy.cfg", &[]);
            let answer = ask(&edge, &configuration, &probe, "/").text();
            assert!(answer.contains(" 503 "), "{}: {answer}", edge.case);
            let sentence = format!("{} {name} sees it.", row("No Spark master is ALIVE, as HAProxy on"));
            assert!(answer.ends_with(&sentence), "{}: {answer}", edge.case);
        }
    }
}
