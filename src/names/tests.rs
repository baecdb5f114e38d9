//! Tests of names.

use proptest::prelude::*;

use std::str::FromStr;

use super::cluster::is_dns_label;
use super::*;

fn accepts<T: FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

/// Asserts which texts a type takes and which it refuses.
fn table<T: FromStr>(right: &[&str], wrong: &[&str]) {
    for text in right {
        assert!(accepts::<T>(text), "{text:?} is refused");
    }
    for text in wrong {
        assert!(!accepts::<T>(text), "{text:?} is accepted");
    }
}

#[test]
fn cluster_names() {
    table::<ClusterName>(
        &["spark", "a", "7", "spark-2", &"a".repeat(40)],
        &["", "-a", "a-", "Spark", "a.b", "a_b", "a b", "é", "a\n", &"a".repeat(41)],
    );
}

#[test]
fn a_cluster_names_its_jobs_and_services() {
    let name = ClusterName::default();
    let id = RunId::from(0xbeef);
    assert_eq!(name.wordcount_job(&id), "spark-wordcount-0000beef");
    assert_eq!(name.app_job(&id), "spark-app-0000beef");
    assert_eq!(
        [name.master_job(), name.worker_job(), name.edge_job(), name.master_ui_service()],
        ["spark-master", "spark-worker", "spark-edge", "spark-master-ui"]
    );
}

#[test]
fn datacenters() {
    table::<Datacenter>(&["dc1", "*", "eu-*", "Straßburg", "${x}"], &["", "dc 1", " dc1", "dc\n", "dc\u{0}"]);
}

#[test]
fn datacenters_match_as_in_nomad() {
    let matches = |pattern: &str, name: &str| pattern.parse::<Datacenter>().unwrap().matches(name);
    for (pattern, name) in [
        ("dc1", "dc1"),
        ("*", "anything"),
        ("*", ""),
        ("dc*", "dc"),
        ("dc*", "dc1"),
        ("*1", "dc1"),
        ("d*c*1", "dcccc1"),
        ("a*b*b", "abb"),
        ("**", "x"),
        ("*é*", "caféteria"),
    ] {
        assert!(matches(pattern, name), "{pattern} does not match {name}");
    }
    for (pattern, name) in [
        ("dc1", "dc2"),
        ("dc1", "dc11"),
        ("dc*", "ec"),
        ("*1", "dc12"),
        ("a*a", "a"),
        ("a*b*b", "ab"),
        ("a*b*c", "acb"),
    ] {
        assert!(!matches(pattern, name), "{pattern} matches {name}");
    }
}

#[test]
fn node_pools() {
    table::<NodePool>(&["default", "all", "GPU_1-x", &"a".repeat(128)], &["", "a b", "a.b", "é", &"a".repeat(129)]);
}

#[test]
fn image_references() {
    table::<ImageReference>(
        &[
            "apache/spark:4.1.0",
            "localhost:5000/spark",
            "[::1]:5000/spark:1",
            "spark@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ],
        &["", "a b", "a\n", "a:${tag}", "a:%{tag}", "-a", "a/", "a;b", "\"a\""],
    );
}

#[test]
fn node_paths() {
    table::<NodePath>(
        &["/opt/spark", "/", "/opt/spark-4.1.0_2.13+x/", "/home/a@b/~c"],
        &[
            "",
            "opt",
            "./opt",
            "/a b",
            "/a:b",
            "/a\n",
            "/${NOMAD_TASK_DIR}",
            "/$HOME",
            "/%{x}",
            "/é",
            "/a'b",
            "/a\"b",
            "/{{x}}",
        ],
    );
}

#[test]
fn node_names() {
    table::<NodeName>(
        &["borie", "node-1.eu_west", "B0", "-", &"a".repeat(128)],
        &["", "a b", "a\n", "a/b", "a:b", "é", "${x}", "%{x}", "{{x}}", "\"a\"", "a#b", "!a", &"a".repeat(129)],
    );
    // A folder of this name would be another one.
    table::<NodeName>(&["...", ".a"], &[".", ".."]);
}

#[test]
fn interface_names() {
    table::<InterfaceName>(
        &["eth0", "enp0s3", "br-lan", "bond0.100", "wg_0", "...", &"a".repeat(15)],
        &["", ".", "..", "a b", "eth0:1", "a/b", "eth0\n", "é", "${x}", "eth0@if2", "eth0#", &"a".repeat(16)],
    );
}

#[test]
fn conf_keys() {
    table::<ConfKey>(
        &["spark.a", "spark.executorEnv.LC_ALL", "spark.metrics.conf.*.sink.console.class", "spark.hadoop.fs.s3a.x-y"],
        &["", "spark", "spark.", "Spark.a", "a.spark.b", "spark.a b", "spark.a=b", "spark.é", "spark.a\n", " spark.a"],
    );
}

#[test]
fn conf_values() {
    table::<ConfValue>(
        &["", "true", "a b", "a\tb", "\na\r\n", "${a} %{b} {{c}} 'd' \"e\" \\f", "日本"],
        &[" a", "a ", "\ta", "a\t", " ", "a\u{0}b", "a\u{1b}b", "a\u{85}b", "a\u{7f}"],
    );
}

#[test]
fn errors_are_one_short_line() {
    let error = "a\nb".parse::<ClusterName>().unwrap_err().to_string();
    assert!(error.starts_with("`a\\nb` is not a cluster's name: 1 to 40 "), "{error}");
    let error = "é".repeat(5000).parse::<NodePool>().unwrap_err().to_string();
    assert!(error.contains("é…`") && error.len() < 400, "{error}");
}

/// What Nomad's scheduler does, as a plain recursion.
fn glob(pattern: &[char], name: &[char]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some(('*', rest)) => (0..=name.len()).any(|skipped| glob(rest, &name[skipped..])),
        Some((first, rest)) => name.first() == Some(first) && glob(rest, &name[1..]),
    }
}

proptest! {
    #[test]
    fn job_and_service_names_are_dns_labels(
        name in "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?",
        id in "[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?",
    ) {
        let name: ClusterName = name.parse().unwrap();
        let id: RunId = id.parse().unwrap();
        let all = [
            name.master_job(), name.worker_job(), name.edge_job(), name.wordcount_job(&id), name.app_job(&id),
            name.master_service(), name.master_ui_service(), name.worker_service(), name.edge_service(),
        ];
        for one in all {
            prop_assert!(is_dns_label(&one, 63), "{one}");
        }
    }

    #[test]
    fn numbers_make_valid_run_ids(number in any::<u32>()) {
        let id = RunId::from(number);
        prop_assert_eq!(id.as_str().parse(), Ok(id.clone()));
    }

    #[test]
    fn what_is_accepted_keeps_the_rule(text in any::<String>()) {
        let plain = |allowed: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || allowed.contains(c));
        if accepts::<ClusterName>(&text) {
            prop_assert!(is_dns_label(&text, 40));
        }
        if accepts::<NodePool>(&text) {
            prop_assert!(plain("-_"));
        }
        if accepts::<NodeName>(&text) || accepts::<InterfaceName>(&text) {
            prop_assert!(!text.is_empty() && plain("._-"));
        }
        if accepts::<NodePath>(&text) {
            prop_assert!(text.starts_with('/') && plain("/._-+@~,="));
        }
        if accepts::<ConfKey>(&text) {
            prop_assert!(text.starts_with("spark.") && plain("._-*"));
        }
        if let Ok(value) = text.parse::<ConfValue>() {
            // What Spark's `trimExceptCRLF` does: nothing may be left for it to cut.
            let cut = |c: char| c <= ' ' && c != '\r' && c != '\n';
            prop_assert_eq!(value.as_str().trim_matches(cut), &text);
        }
    }

    #[test]
    fn datacenters_match_like_the_plain_recursion(pattern in "[ab*]{1,8}", name in "[ab]{0,8}") {
        let expected = glob(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>());
        prop_assert_eq!(pattern.parse::<Datacenter>().unwrap().matches(&name), expected);
    }
}
