//! Whole specs: what they become, and what is said about them.

mod edge;
mod generated;
mod golden;
mod hints;

use super::*;

fn source(text: &str) -> Source {
    Source { name: DEFAULT_FILE.to_owned(), text: text.to_owned() }
}

fn check(text: &str) -> Result<ValidSpec, Invalid> {
    validate(Some(&source(text)), &Overrides::default())
}

fn conf(text: &str) -> Vec<(String, String)> {
    let spec = check(text).unwrap();
    spec.conf.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

#[test]
fn no_file_and_no_flags_give_the_defaults() {
    let spec = validate(None, &Overrides::default()).unwrap();
    assert_eq!(spec, ValidSpec::default());
    assert_eq!(check(""), Ok(spec.clone()));
    assert_eq!(
        serde_json::to_value(&spec).unwrap(),
        serde_json::json!({
            "name": "spark",
            "datacenters": ["*"],
            "node_pool": "default",
            "runtime": { "driver": null, "image": "apache/spark:4.1.0", "spark_home": null },
            "master": { "count": 1, "memory": "1GiB", "recovery": "consul", "port": null, "ui_port": null },
            "worker": { "count": 1, "cores": 1, "memory": "1GiB" },
            "edge": null,
            "conf": {},
        })
    );
}

const FULL: &str = r#"
name        = "books"
datacenters = ["dc1", "eu-*"]
node_pool   = "gpu"

runtime {
  driver     = "raw_exec"
  image      = "localhost:5000/spark:4"
  spark_home = "/opt/spark"
}

master {
  count    = 1
  memory   = "1536MiB"
  recovery = "consul"
  port     = 7077
  ui_port  = 8080
}

worker {
  count  = 3
  cores  = 2
  memory = "2g"
}

conf = {
  "spark.eventLog.enabled" = "true"
  "spark.a"                : "b", # HCL takes colons and commas too
}
"#;

#[test]
fn every_value_of_a_file_arrives() {
    let spec = check(FULL).unwrap();
    assert_eq!(
        serde_json::to_value(&spec).unwrap(),
        serde_json::json!({
            "name": "books",
            "datacenters": ["dc1", "eu-*"],
            "node_pool": "gpu",
            "runtime": { "driver": "raw_exec", "image": "localhost:5000/spark:4", "spark_home": "/opt/spark" },
            "master": { "count": 1, "memory": "1536MiB", "recovery": "consul", "port": 7077, "ui_port": 8080 },
            "worker": { "count": 3, "cores": 2, "memory": "2GiB" },
            "edge": null,
            "conf": { "spark.a": "b", "spark.eventLog.enabled": "true" },
        })
    );
}

fn every_flag() -> Overrides {
    Overrides {
        name: Some("other".to_owned()),
        datacenters: vec!["dc2".to_owned()],
        node_pool: Some("all".to_owned()),
        driver: Some(Driver::Docker),
        image: Some("spark:5".to_owned()),
        spark_home: Some("/srv/spark".to_owned()),
        masters: Some(3),
        workers: Some(0),
        worker_cores: Some("4".to_owned()),
        worker_memory: Some("4GiB".to_owned()),
        master_memory: Some("2GiB".to_owned()),
        conf: vec!["spark.a=c=d".to_owned(), "spark.b=1".to_owned(), "spark.b=".to_owned()],
    }
}

#[test]
fn flags_win_over_the_file() {
    let spec = validate(Some(&source(FULL)), &every_flag()).unwrap();
    assert_eq!(
        serde_json::to_value(&spec).unwrap(),
        serde_json::json!({
            "name": "other",
            "datacenters": ["dc2"],
            "node_pool": "all",
            "runtime": { "driver": "docker", "image": "spark:5", "spark_home": "/srv/spark" },
            "master": { "count": 3, "memory": "2GiB", "recovery": "consul", "port": 7077, "ui_port": 8080 },
            "worker": { "count": 0, "cores": 4, "memory": "4GiB" },
            "edge": null,
            "conf": { "spark.a": "c=d", "spark.b": "", "spark.eventLog.enabled": "true" },
        })
    );
}

#[test]
fn errors_of_flags_come_together_with_those_of_the_file() {
    let overrides = Overrides {
        name: Some("Other".to_owned()),
        datacenters: vec!["dc 2".to_owned(), "dc3".to_owned(), "dc3".to_owned()],
        workers: Some(10_001),
        worker_memory: Some("100MiB".to_owned()),
        master_memory: Some("1".to_owned()),
        conf: vec!["spark.a".to_owned(), "spark.my.password=hunter2".to_owned()],
        ..every_flag()
    };
    let message = validate(Some(&source("name = \n")), &overrides).unwrap_err().to_string();
    let starts = [
        "the spec is invalid: 9 errors",
        "nomspark.hcl:1:8: syntax error: ",
        "--name: `Other` is not a cluster's name",
        "--datacenter: `dc 2` is not a datacenter",
        "--datacenter: `dc3` is in the list already",
        "--workers: expected a whole number from 0 to 10000, found `10001`",
        "--worker-memory: `100MiB` is too little",
        "--master-memory: `1` has no unit; write `1MiB` or `1GiB`",
        "--conf: `spark.a` has no `=`",
        "--conf: `spark.my.password` is a secret",
    ];
    for (line, start) in message.lines().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!(message.lines().count(), starts.len(), "{message}");
    assert!(!message.contains("hunter2"));
}

#[test]
fn a_wrong_value_of_the_file_is_told_even_where_a_flag_wins() {
    let problems = validate(Some(&source("name = \"A\"\n")), &every_flag()).unwrap_err().problems;
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].location, Location::File { name: DEFAULT_FILE.to_owned(), line: 1, column: 8 });
}

#[test]
fn names_set_twice_do_not_hide_what_follows() {
    let message = |text: &str| check(text).unwrap_err().to_string();
    let text = "é = 1\né = 2\nconf = { \"spark.a\" = \"1\", \"spark.a\" = \"2\" }\nnode_pool = 1\n";
    let lines = message(text);
    assert!(lines.contains("nomspark.hcl:2:1: `é` is set twice"), "{lines}");
    assert!(lines.contains("nomspark.hcl:3:27: `spark.a` is set twice"), "{lines}");
    assert!(lines.contains("nomspark.hcl:4:13: expected a string, found a number"), "{lines}");

    // Each costs a parse, so their number is bounded.
    let lines = message(&"name = \"a\"\n".repeat(100));
    assert_eq!(lines.matches("`name` is set twice").count(), 20, "{lines}");
    assert!(lines.contains("nomspark.hcl:22:1: syntax error: "), "{lines}");
}

#[test]
fn strings_decode_to_the_text_that_was_meant() {
    let text = r#"
conf = {
  "spark.a" = "$${x} %%{y} {{z}} \"q\" \\ \u00e9\n"
  "spark.b" = <<EOT
first
  $${second} %%{third} "quoted" \n
EOT
  "spark.c" = <<-EOT
    dedented
      by two
  EOT
  "spark.$${d}" = "1"
}
"#;
    assert_eq!(check(text).unwrap_err().problems.len(), 1, "a key may not hold ${{");
    let found = conf(&text.replace("$${d}", "d"));
    let expected = [
        ("spark.a", "${x} %{y} {{z}} \"q\" \\ é\n"),
        ("spark.b", "first\n  ${second} %{third} \"quoted\" \\n\n"),
        ("spark.c", "dedented\n  by two\n"),
        ("spark.d", "1"),
    ];
    assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn masters_that_do_not_elect_are_alone() {
    for mode in ["rocksdb", "filesystem", "none"] {
        let message = check(&format!("master {{\n  count = 2\n  recovery = \"{mode}\"\n}}\n"));
        let message = message.unwrap_err().to_string();
        assert!(message.contains("each of 2 masters would believe that it leads"), "{message}");
    }
    let spec = check("master {\n  count = 2\n  recovery = \"consul\"\n}\n").unwrap();
    assert_eq!((spec.master.count, spec.master.recovery), (2, Recovery::Consul));
    let flag = Overrides { masters: Some(2), ..Overrides::default() };
    let message = validate(Some(&source("master {\n  recovery = \"none\"\n}\n")), &flag).unwrap_err().to_string();
    assert!(message.contains("--masters: with `recovery = \"none\"`"), "{message}");
}

#[test]
fn zookeeper_needs_its_servers() {
    let message = check("master {\n  recovery = \"zookeeper\"\n}\n").unwrap_err().to_string();
    assert!(message.contains("needs the servers of ZooKeeper"), "{message}");
    let message = check("master {\n  zookeeper = [\"zk1:2181\"]\n}\n").unwrap_err().to_string();
    assert!(message.contains("lists servers that nothing would ask"), "{message}");
    let message = check("master {\n  recovery = \"zookeeper\"\n  zookeeper = [\"zk1\", \"a b:1\", \"[::1]:0\"]\n}\n");
    assert_eq!(message.unwrap_err().problems.len(), 3);
    let spec =
        check("master {\n  recovery = \"zookeeper\"\n  zookeeper = [\"zk1:2181\", \"[fd00::1]:2181\"]\n}\n").unwrap();
    assert!(spec.master.recovery.elects());
}

#[test]
fn drivers_have_the_names_that_nomad_and_the_command_line_use() {
    use clap::ValueEnum;
    for driver in Driver::ALL {
        assert_eq!(driver.to_possible_value().unwrap().get_name(), driver.as_str());
        assert_eq!(serde_json::to_value(driver).unwrap(), driver.as_str());
    }
    assert_eq!(Driver::value_variants(), Driver::ALL);
}

#[test]
fn an_invalid_spec_exits_as_wrong_usage() {
    use crate::error::Advice;
    assert_eq!(check("x").unwrap_err().exit(), crate::exit::Exit::Usage);
}
