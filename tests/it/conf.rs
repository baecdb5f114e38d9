//! Spark properties arrive in Spark exactly as they were written, asked of Spark itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::cluster::{CLUSTER, Cluster, DRIVER};
use crate::support::http;
use crate::support::lab::CHECKOUT;
use crate::support::process::Jvm;
use crate::support::run::Run;
use crate::support::wait_for;

/// What a shell, HCL, Nomad, its templates or a properties file could change.
const VALUES: [(&str, &str); 18] = [
    ("spark.nomspark.empty", ""),
    ("spark.nomspark.spaces", "a  b   c"),
    ("spark.nomspark.quotes", r#"say "yes", 'no' and `maybe`"#),
    ("spark.nomspark.lines", "one\ntwo\r\nthree"),
    ("spark.nomspark.last-line-end", "ends with a line end\n"),
    ("spark.nomspark.only-line-end", "\n"),
    ("spark.nomspark.tab", "a\tb"),
    ("spark.nomspark.interpolation", "${NOMAD_ALLOC_ID} $${x} ${attr.cpu.arch} $HOME $(id)"),
    ("spark.nomspark.directive", "%{if true}yes%{endif} %%{x} 100%"),
    ("spark.nomspark.template", "{{ env \"NOMAD_ALLOC_ID\" }} {{{x}}} }} {{"),
    ("spark.nomspark.backslashes", r"C:\new\table\\server\u0041 \${x} \{{ \"),
    ("spark.nomspark.properties", "#no comment = a : b ! c"),
    ("spark.nomspark.first-equals", "=a"),
    ("spark.nomspark.first-comment", "!a"),
    ("spark.nomspark.unicode", "Grüße, 東京 🚀 \u{e9} \u{2028}\u{a0}|"),
    ("spark.nomspark.heredoc", "EOT\nEOT"),
    ("spark.nomspark.json", r#"{"a": ["b", {"c": null}]}"#),
    ("spark.nomspark.case_and.dots-*", "x"),
];

fn expected() -> BTreeMap<String, String> {
    VALUES.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Reads a properties file as Spark does, with Spark's own code, and prints the keys of the test in hexadecimal.
const READER: &str = r#"
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
class Reader {
  public static void main(String[] files) {
    scala.collection.Map<String, String> read = org.apache.spark.util.Utils$.MODULE$.getPropertiesFromFile(files[0]);
    scala.collection.Iterator<scala.Tuple2<String, String>> entries = read.iterator();
    while (entries.hasNext()) {
      scala.Tuple2<String, String> entry = entries.next();
      byte[] value = entry._2().getBytes(StandardCharsets.UTF_8);
      System.out.println(entry._1() + " " + HexFormat.of().formatHex(value));
    }
  }
}
"#;

/// The properties of the test in a file, as Spark's daemons read it.
fn read_by_spark(spark_home: &Path, folder: &Path, file: &Path) -> BTreeMap<String, String> {
    let program = folder.join("Reader.java");
    fs::write(&program, READER).unwrap();
    let java = std::env::var("JAVA_HOME").map_or_else(|_| "java".to_owned(), |home| format!("{home}/bin/java"));
    let classes = format!("{}/jars/*", spark_home.display());
    let read = Run::program(java, ["-cp", &classes]).arg(program).arg(file).run().ok().text();
    let value = |hex: &str| {
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        String::from_utf8((0..hex.len()).step_by(2).map(byte).collect()).unwrap()
    };
    let pairs = read.lines().filter_map(|line| line.split_once(' '));
    pairs.filter(|(key, _)| ours(key)).map(|(key, hex)| (key.to_owned(), value(hex))).collect()
}

fn ours(key: &str) -> bool {
    key.starts_with("spark.nomspark.")
}

#[test]
fn every_value_arrives_in_master_worker_and_application() {
    let cluster = Cluster::named("exact", CLUSTER + DRIVER);
    let conf: Vec<String> = VALUES.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let with_conf = |run: Run| conf.iter().fold(run, |run, pair| run.arg("--conf").arg(pair));
    with_conf(cluster.nomspark("deploy")).run().ok();
    assert_eq!(with_conf(cluster.nomspark("deploy")).run().ok().json()["changed"], false);

    let folder = tempfile::tempdir().unwrap();
    for role in ["master", "worker"] {
        let allocation = cluster.lab().allocations(&cluster.job(role))[0]["ID"].as_str().unwrap().to_owned();
        let file = cluster.lab().allocation_folder(&allocation).join(role).join("local/spark.conf");
        assert_eq!(read_by_spark(&cluster.lab().spark_home, folder.path(), &file), expected(), "{role}");
    }

    // A worker that stands still starts no executor, so that the application stays for questions.
    let worker = cluster.lab().allocations(&cluster.job("worker"))[0]["ID"].as_str().unwrap().to_owned();
    let worker = Jvm::of(&worker, "org.apache.spark.deploy.worker.Worker");
    worker.assert_uses_class_archive(&cluster.lab().spark_home);
    worker.signal(Signal::SIGSTOP);
    let book = Path::new(CHECKOUT).join("examples/alice.txt");
    let run = with_conf(cluster.nomspark("wordcount").arg("--input").arg(book)).spawn();
    let limit = Duration::from_mins(2);
    let properties = wait_for("the environment of the application", limit, || environment(&cluster));
    assert_eq!(properties, expected());
    worker.signal(Signal::SIGCONT);
    assert_eq!(run.wait().ok().json()["verdict"], "complete");
}

/// The properties of the test that a running application tells in its UI's REST API.
fn environment(cluster: &Cluster) -> Option<BTreeMap<String, String>> {
    let job = cluster.lab().jobs(&cluster.job("wordcount-")).pop()?;
    let environment = http::find(&format!("{}/environment", cluster.application(&job)?))?;
    let pair = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned());
    let properties = environment["sparkProperties"].as_array()?;
    Some(properties.iter().map(pair).filter(|(key, _)| ours(key)).collect())
}

/// Nomad's HCL composes text: what would arrive otherwise than written is refused.
#[test]
fn a_value_that_nomad_would_compose_is_refused() {
    let done = Run::nomspark(["render", "--out", "/nonexistent", "--conf", "spark.nomspark.a=e\u{301}"]).run();
    assert!(done.exits(2).stderr.contains("NFC"));
}
