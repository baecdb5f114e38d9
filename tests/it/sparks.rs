//! Every line of Spark that is supported, with the same job files and jars as the newest one: masters that elect their leader,
//! right counts, a drill, and plain clients of the same version at the address.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;

use crate::address::clients::Outside;
use crate::drill::{drill, is_right};
use crate::floating::cluster::Floating;
use crate::masters::Masters;
use crate::support::hosts::Hosts;
use crate::support::http;
use crate::support::lab::CHECKOUT;

#[test]
fn spark_3_5() {
    runs("3.5");
}

#[test]
#[ignore = "make soak runs it"]
fn spark_4_0() {
    runs("4.0");
}

#[test]
#[ignore = "make soak runs it"]
fn spark_4_1() {
    runs("4.1");
}

#[test]
#[ignore = "make soak runs it"]
fn spark_4_2() {
    runs("4.2");
}

/// The version of a line that `tools/spark.sh` pins, and where it is.
pub(crate) fn pinned(line: &str) -> (String, PathBuf) {
    let pins = fs::read_to_string(Path::new(CHECKOUT).join("tools/spark.sh")).unwrap();
    let words = pins.split(['=', '(', ')', ' ', '\n']);
    let version = words.into_iter().find(|word| word.starts_with(&format!("{line}.")));
    let version = version.unwrap_or_else(|| panic!("tools/spark.sh pins no Spark {line}")).to_owned();
    let home = Path::new(CHECKOUT).join(format!(".tools/sparks/{version}/pyspark"));
    let there = home.join("bin/spark-class").is_file();
    assert!(there, "Spark {version} is missing: tools/setup.sh --for-tests or --for-soak installs it");
    (version, home)
}

fn runs(line: &str) {
    let (version, home) = pinned(line);
    let masters =
        Masters { floating: Floating::of(Hosts::with_programs("198.18.91.0/24", vec![("SPARK_HOME", home.into())])) };
    let floating = &masters.floating;
    let spec = floating.spec("");
    let text = fs::read_to_string(&spec).unwrap() + "master {\n  count = 2\n}\nworker {\n  count = 2\n}\n";
    fs::write(&spec, text).unwrap();
    let deployed = floating.nomspark(&["deploy", "--file", spec.to_str().unwrap()]).run().ok().json();
    assert_eq!((&deployed["ready"], &deployed["jobs"][0]["running"]), (&true.into(), &2.into()), "{deployed:#}");
    let (leader, _) = masters.settled();
    let page = http::request(Method::GET, &format!("http://{}/", leader.ui), None).unwrap().body;
    assert!(page.contains(&format!(">{version}<")), "the masters are of Spark {version}: {page}");

    floating.count(1).counts_right();
    let drilled = drill(floating, &["master-crash", "--yes"]).run().ok().json();
    is_right(&drilled["rounds"][0]);
    // Its web UI must not say that it leads when it goes on.
    masters.the_leader_stands_still();
    masters.settled();
    let outside = Outside::of(floating);
    outside.submit("with two masters");
    outside.program().come_anew("with two masters");
    floating.nomspark(&["stop", "--purge", "--yes"]).run().ok();
}
