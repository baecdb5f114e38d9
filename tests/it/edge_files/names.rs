//! The names of hosts, which Nomad takes as any text: what the spec takes arrives everywhere as it is, and the rest is
//! refused.

use std::fs;

use nomspark::spec::{Overrides, Source, validate};

use super::edges::EdgeFiles;
use super::programs;
use crate::golden::job::template;

/// Names that mean something in HCL, in Nomad's templates, in keepalived's or HAProxy's configuration, in a command line
/// or in the heredocs of the variable file.
const STRANGE: [&str; 14] = [
    "-",
    "--help",
    "...",
    ".hidden",
    "for",
    "true",
    "null",
    "0",
    "1e3",
    "EOT",
    "END",
    "include",
    "vrrp_instance",
    "A.b_c-9",
];

/// As many hosts as there may be, with the extremes of all numbers.
fn spec(names: &[&str]) -> String {
    let mut text = "edge {\nvip = \"10.20.0.99/24\"\nrouter_id = 255\nadvert_interval = \"40s 950ms\"\n".to_owned();
    for (number, name) in (1..).zip(names) {
        // The last one gets the least priority that there is.
        let priority = if number == names.len() { "priority = 1\n" } else { "" };
        let address = format!("address = \"10.20.0.{number}\"\ninterface = \"eth0\"\n");
        text += &format!("host \"{name}\" {{\n{address}{priority}}}\n");
    }
    text + "}\n"
}

#[test]
fn every_name_that_the_spec_takes_arrives_as_it_is() {
    let longest = "x".repeat(128);
    let mut names = STRANGE.to_vec();
    names.push(&longest);
    let edge = EdgeFiles::of_spec(&spec(&names));
    assert_eq!(edge.hosts().len(), 15);
    for host in edge.hosts() {
        let name = host.name.as_str();
        for configuration in edge.keepalived(host) {
            assert_eq!(programs::keepalived(&configuration, &edge.variables, host), Ok(()), "{name}");
            let text = fs::read_to_string(configuration).unwrap();
            assert!(text.contains(&format!("\n  router_id {name}\n")), "{name}: {text}");
            assert!(text.contains(&format!("/notify.sh spark {name}\"\n")), "{name}: {text}");
        }
        for configuration in
            [edge.host_file(host, "/etc/haproxy/haproxy.cfg"), edge.task_file(host, "haproxy.cfg", &[])]
        {
            assert_eq!(programs::haproxy(&configuration), Ok(()), "{name}");
            let text = fs::read_to_string(configuration).unwrap();
            assert!(text.contains(&format!(r#" string "\"{name}\"" if "#)), "{name}: {text}");
        }
        assert_eq!(programs::consul(&edge.host_file(host, "/etc/consul.d")), Ok(()), "{name}");
    }
    let conditions = template(&edge.job, "local/keepalived.conf").matches("{{ if eq ").count();
    assert_eq!(conditions, names.len());
}

#[test]
fn every_other_name_is_refused_with_what_to_do() {
    // As they stand in the file, in quotes.
    for name in [
        "a b", "a\\tb", "a\\nb", "a\\\"b", "a'b", "a\\\\b", "$${a}", "%%{a}", "{{a}}", "{{", "a,b", "a/b", "a:b",
        "a#b", "!a", "$a", "@a", "`a`", "é", "", ".", "..",
    ] {
        let text = spec(&["first", name]);
        let source = Source { name: "nomspark.hcl".to_owned(), text };
        let invalid = validate(Some(&source), &Overrides::default()).expect_err(name);
        let problems: Vec<String> = invalid.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 1, "{name}: {problems:?}");
        assert!(problems[0].starts_with("nomspark.hcl:9:6: `"), "{name}: {problems:?}");
        assert!(problems[0].contains(" is not a name for an edge host: "), "{name}: {problems:?}");
        assert!(problems[0].ends_with("rename the Nomad client (`name` in its configuration)"), "{name}: {problems:?}");
    }
}
