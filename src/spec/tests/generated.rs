//! Properties that hold for any text and for every valid spec.

mod edge;

use std::fmt::Write;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use edge::{valid_edge, written_edge};

/// Text that looks like HCL often enough to get past the parser.
fn nearly_hcl() -> impl Strategy<Value = String> {
    let names = "name|names|datacenters|node_pool|conf|runtime|driver|master|worker|count|cores|memory|port|ui_port|é\
         |edge|image|vip|router_id|advert_interval|preempt|stats_port|host|address|interface|priority";
    let addresses = r#""172\.16\.[0-3]\.[01]"|"fd00::[01]/6[45]""#;
    let values = r#"[0-9]{1,6}|-1|1\.5|"[a-z0-9]{0,5}"|"1GiB"|"\$\{x\}"|true|null|x|\["dc1"(, "dc1")?\]|f\(1\)"#;
    let piece = prop_oneof![
        8 => (names, values).prop_map(|(name, value)| format!("{name} = {value}\n")),
        2 => ("vip|address", addresses).prop_map(|(name, value)| format!("{name} = {value}\n")),
        4 => names.prop_map(|name| format!("{name} {{\n")),
        2 => "host( \"[ab ]\"){0,2} \\{\n",
        4 => Just("}\n".to_owned()),
        2 => values.prop_map(|value| format!("conf = {{ \"spark.a\" = {value}, \"spark.a\" = 1 }}\n")),
        1 => Just("name = <<EOT\nx\nEOT\n".to_owned()),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Asserts that every problem lies within the text.
fn positions_are_inside(text: &str) -> Result<(), TestCaseError> {
    let Err(invalid) = check(text) else {
        return Ok(());
    };
    prop_assert!(!invalid.problems.is_empty());
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in &invalid.problems {
        let Location::File { line, column, .. } = problem.location else {
            return Err(TestCaseError::fail("a flag's problem without flags"));
        };
        prop_assert!((1..=lines.len()).contains(&line), "{problem}");
        prop_assert!((1..=lines[line - 1].chars().count() + 1).contains(&column), "{problem}");
    }
    Ok(())
}

fn memory(least_mib: u64) -> impl Strategy<Value = Memory> {
    (least_mib..=Memory::MAX.mib()).prop_map(|mib| Memory::from_mib(mib).unwrap())
}

fn parsed<T>(pattern: &'static str) -> impl Strategy<Value = T>
where
    T: std::str::FromStr + std::fmt::Debug,
{
    pattern.prop_filter_map("not valid", |text| text.parse().ok())
}

prop_compose! {
    fn valid_spec()(
        name in parsed("[a-z][a-z0-9-]{0,38}[a-z0-9]"),
        datacenters in prop::collection::btree_set(parsed("[a-zA-Z0-9*é$%{}\"\\\\-]{1,9}"), 1..4),
        node_pool in parsed("[a-zA-Z0-9_-]{1,30}"),
        driver in prop::option::of(prop::sample::select(Driver::ALL.to_vec())),
        image in parsed("[a-z0-9]{1,9}/[a-z0-9]{1,9}:[a-z0-9.]{0,5}[0-9]"),
        spark_home in prop::option::of(parsed("(/[a-z0-9._-]{1,9}){1,4}")),
        (master_memory, worker_memory) in (memory(256), memory(512)),
        (port, ui_port) in (prop::option::of(1..30_000_u16), prop::option::of(30_000..=u16::MAX)),
        (masters, recovery) in masters(),
        (count, cores) in (0..=Worker::MAX_COUNT, 1..=Cores::MAX),
        conf in prop::collection::btree_map(
            parsed::<ConfKey>("spark\\.x[a-df-jl-z.*]{0,9}"),
            prop_oneof![any::<String>(), "[${%}\"\\\\\n a-c]{0,12}"]
                .prop_filter_map("not valid", |text| text.parse::<ConfValue>().ok()),
            0..6,
        ),
        edge in prop::option::of(valid_edge()),
    ) -> ValidSpec {
        ValidSpec {
            name,
            datacenters: datacenters.into_iter().collect(),
            node_pool,
            runtime: Runtime { driver, image, spark_home },
            master: Master { count: masters, memory: master_memory, recovery, port, ui_port },
            worker: Worker { count, cores: Cores::try_from(cores).unwrap(), memory: worker_memory },
            edge: edge.filter(|edge| [port, ui_port].iter().flatten().all(|fixed| !taken(edge).contains(fixed))),
            conf,
        }
    }
}

/// So many masters as their recovery allows.
fn masters() -> impl Strategy<Value = (u32, Recovery)> {
    let servers = prop::collection::vec(parsed("[a-z0-9.-]{1,9}:[1-9][0-9]{0,3}"), 1..4);
    let electing = prop_oneof![Just(Recovery::Consul), servers.prop_map(Recovery::ZooKeeper)];
    let alone = prop::sample::select(vec![Recovery::RocksDb, Recovery::Filesystem, Recovery::None]);
    prop_oneof![(1..=Master::MAX_COUNT, electing), (Just(1), alone)]
}

/// The ports that a master behind this edge cannot have.
fn taken(edge: &Edge) -> [u16; 2] {
    [edge.port, edge.ui_port]
}

/// A string as HCL writes it.
fn quoted(text: &str) -> String {
    let text =
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
    format!("\"{}\"", text.replace("${", "$${").replace("%{", "%%{"))
}

/// A spec as a user would write it.
fn written(spec: &ValidSpec) -> String {
    let line = |name: &str, value: Option<String>| value.map(|value| format!("{name} = {value}\n")).unwrap_or_default();
    let text = |value: &dyn fmt::Display| Some(quoted(&value.to_string()));
    let datacenters: Vec<String> = spec.datacenters.iter().map(|datacenter| quoted(datacenter.as_str())).collect();
    let mut file = String::new();
    file += &line("name", text(&spec.name));
    file += &line("datacenters", Some(format!("[{}]", datacenters.join(", "))));
    file += &line("node_pool", text(&spec.node_pool));
    file += "runtime {\n";
    file += &line("driver", spec.runtime.driver.and_then(|driver| text(&driver)));
    file += &line("image", text(&spec.runtime.image));
    file += &line("spark_home", spec.runtime.spark_home.as_ref().and_then(|path| text(path)));
    file += "}\nmaster {\n";
    file += &line("count", Some(spec.master.count.to_string()));
    file += &line("recovery", text(&spec.master.recovery));
    if let Recovery::ZooKeeper(servers) = &spec.master.recovery {
        let servers: Vec<String> = servers.iter().map(|server| quoted(server.as_str())).collect();
        file += &line("zookeeper", Some(format!("[{}]", servers.join(", "))));
    }
    file += &line("memory", text(&spec.master.memory));
    file += &line("port", spec.master.port.map(|port| port.to_string()));
    file += &line("ui_port", spec.master.ui_port.map(|port| port.to_string()));
    file += "}\nworker {\n";
    file += &line("count", Some(spec.worker.count.to_string()));
    file += &line("cores", Some(spec.worker.cores.to_string()));
    file += &line("memory", text(&spec.worker.memory));
    file += "}\n";
    file += &spec.edge.as_ref().map(written_edge).unwrap_or_default();
    file += "conf = {\n";
    for (key, value) in &spec.conf {
        writeln!(file, "{} = {}", quoted(key.as_str()), quoted(value.as_str())).unwrap();
    }
    file + "}\n"
}

proptest! {
    #[test]
    fn any_text_is_judged_with_positions_inside_it(text in any::<String>()) {
        positions_are_inside(&text)?;
    }

    #[test]
    fn what_is_nearly_hcl_is_judged_with_positions_inside_it(text in nearly_hcl()) {
        positions_are_inside(&text)?;
    }

    #[test]
    fn a_valid_spec_becomes_what_was_written(spec in valid_spec()) {
        prop_assert_eq!(check(&written(&spec)), Ok(spec));
    }
}

/// A thousand properties, and the same with something wrong in every line.
#[test]
fn a_thousand_lines_are_judged_at_once() {
    let spec = |value: &str| {
        let lines =
            (0..1000).fold(String::new(), |lines, number| format!("{lines}  \"spark.key{number}\" = {value}\n"));
        format!("conf = {{\n{lines}}}\n")
    };
    let (right, wrong) = (spec("\"value\""), spec("1"));
    assert_eq!(check(&right).unwrap().conf.len(), 1000);
    assert_eq!(check(&wrong).unwrap_err().problems.len(), 1000);
    // Measured in release: 16 ms, most of it the parser's search for repeated keys. The best of a few runs and the wide
    // bound let a busy machine pass and another order of growth fail; without optimization the time says nothing.
    let best = (0..5).map(|_| elapsed(|| check(&right).is_ok())).min().unwrap();
    assert!(cfg!(debug_assertions) || best < Duration::from_millis(100), "{best:?}");
}

fn elapsed<T>(work: impl FnOnce() -> T) -> Duration {
    let begin = Instant::now();
    let _ = work();
    begin.elapsed()
}
