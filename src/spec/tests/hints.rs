//! What a hint says to write is taken when it is written.

use super::*;

const EDGE: &str = r#"edge {
  vip = "172.16.3.0/16"
  @
  host "a" {
    address = "172.16.1.10"
    interface = "eth0"
  }
  host "b" {
    address = "172.16.1.11"
    interface = "eth0"
  }
}
"#;

/// A spec with a value in it, and wrong values.
type Row<'a> = (&'a dyn Fn(&str) -> String, &'a [&'a str]);

/// What the only problem's hint says to write, without its backticks.
fn hint(text: &str) -> String {
    let problems = check(text).unwrap_err().problems;
    let [problem] = problems.as_slice() else { panic!("{text}: {problems:?}") };
    let help = problem.help.clone().unwrap_or_else(|| panic!("no hint for {text}"));
    help.split('`').nth(1).unwrap_or_else(|| panic!("nothing to write in {help}")).to_owned()
}

#[test]
fn every_value_that_a_hint_says_to_write_is_taken() {
    let edge = |attribute: &str| EDGE.replace('@', attribute);
    let conf = |value: &str| format!("conf = {{ \"spark.driver.memory\" = {value} }}");
    let memory = |value: &str| format!("worker {{\n  memory = {value}\n}}");
    let interval = |value: &str| edge(&format!("advert_interval = {value}"));
    let rows: [Row<'_>; 5] = [
        (&interval, &["1", "2", "5", "40", "0.5", "100", "1000", "0", "99999", "\"1\"", "\"100\"", "\"1ms\"", "\"x\""]),
        (&memory, &["1", "1024", "0", "1.5", "0.3", "\"1024\"", "\"1GB\"", "\"0.3GB\"", "\"much\""]),
        (&conf, &["\"1.5g\"", "\"1GiB\"", "\"0\"", "1024"]),
        (&|value| edge(&format!("router_id = {value}")), &["\"51\""]),
        (&|value| edge(&format!("preempt = {value}")), &["\"true\""]),
    ];
    for (spec, values) in rows {
        for value in values {
            let written = hint(&spec(value));
            let is_text = value.starts_with('"') && !written.starts_with('"') && written.parse::<u64>().is_err();
            let followed = if is_text && written != "true" { format!("\"{written}\"") } else { written };
            if let Err(refused) = check(&spec(&followed)) {
                // What is in quotes now can still be wrong for another reason, with a hint of its own.
                let again = hint(&spec(&followed));
                let next = if again.starts_with('"') { again } else { format!("\"{again}\"") };
                assert!(value.parse::<f64>().is_err() && check(&spec(&next)).is_ok(), "{value}: {followed}: {refused}");
            }
        }
    }
}
