//! What keepalived's configurations of all hosts mean together, read line by line.

use std::fs;
use std::path::Path;

use super::edges::all;

/// A configuration's lines: a keyword and its value, without comments and braces.
struct Lines(Vec<(String, String)>);

impl Lines {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
        let pair = |line: &str| {
            let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
            (keyword.to_owned(), value.trim_end_matches('{').trim().to_owned())
        };
        Self(lines.map(pair).collect())
    }

    fn has(&self, keyword: &str) -> bool {
        self.0.iter().any(|(found, _)| found == keyword)
    }

    /// The only value of a keyword.
    fn one(&self, keyword: &str) -> &str {
        let values: Vec<&str> =
            self.0.iter().filter(|(found, _)| found == keyword).map(|(_, value)| &**value).collect();
        assert_eq!(values.len(), 1, "{keyword}: {values:?}");
        values[0]
    }

    /// The lines of a block.
    fn block(&self, keyword: &str) -> Vec<String> {
        let lines = self.0.iter().skip_while(|(found, _)| found != keyword).skip(1);
        let lines = lines.take_while(|(found, _)| found != "}");
        lines.map(|(first, rest)| format!("{first} {rest}").trim().to_owned()).collect()
    }
}

#[test]
fn the_hosts_of_an_address_agree_on_who_holds_it() {
    for edge in all() {
        let wanted = &edge.variables.edge;
        // Under systemd, and as tasks of Nomad.
        for flavour in [0, 1] {
            let read = |host| Lines::read(&edge.keepalived(host)[flavour]);
            let hosts: Vec<_> = edge.hosts().iter().map(|host| (host, read(host))).collect();
            for (host, lines) in &hosts {
                let case = format!("{} {} {flavour}", edge.case, host.name);
                let own = host.address.to_string();
                let others: Vec<String> =
                    edge.hosts().iter().map(|other| other.address.to_string()).filter(|other| *other != own).collect();
                assert_eq!(lines.one("unicast_src_ip"), own, "{case}");
                assert_eq!(lines.block("unicast_peer"), others, "{case}");
                assert_eq!(others.len(), edge.hosts().len() - 1, "{case}");
                // Otherwise one without a peer would speak to everybody, and listen to them.
                assert!(lines.has("unicast_fault_no_peer") && lines.has("check_unicast_src"), "{case}");
                assert_eq!(lines.one("virtual_router_id"), wanted.router_id.to_string(), "{case}");
                assert_eq!(lines.one("vrrp_instance"), edge.variables.cluster, "{case}");
                assert_eq!(lines.one("vrrp_version"), "3", "{case}");
                assert_eq!(lines.one("interface"), host.interface.as_str(), "{case}");
                let address = format!("{}/{} dev {}", wanted.vip.addr(), wanted.vip.prefix_len(), host.interface);
                assert_eq!(lines.block("virtual_ipaddress"), [address], "{case}");
                assert_eq!(lines.one("state"), "BACKUP", "{case}");
                assert_eq!(lines.has("nopreempt"), !wanted.preempt, "{case}");
                assert_eq!(lines.has("preempt_delay"), wanted.preempt, "{case}");
                let seconds: f64 = lines.one("advert_int").parse().unwrap();
                assert!((seconds - wanted.advert_interval.duration().as_secs_f64()).abs() < 1e-9, "{case}");
            }
            let priority = |lines: &Lines| lines.one("priority").parse::<u8>().unwrap();
            let mut order: Vec<_> = hosts.iter().map(|(host, lines)| (priority(lines), host.name.as_str())).collect();
            order.sort_unstable_by(|one, other| other.cmp(one));
            assert!(order.windows(2).all(|pair| pair[0].0 > pair[1].0), "{}: {order:?}", edge.case);
            let names: Vec<&str> = order.iter().map(|(_, name)| *name).collect();
            assert_eq!(names, preferred(&edge.case), "{}", edge.case);
        }
    }
}

/// The hosts of a case, as its spec's author wants them: what has the highest priority first, the rest as written.
fn preferred(case: &str) -> &'static [&'static str] {
    match case {
        "three-hosts" => &["borie", "republique", "wacken"],
        "edge" => &["NODE-2", "node-1.eu_west", "3"],
        "edge-ipv6" | "edge-docker" => &["borie", "republique"],
        other => panic!("another case: {other}"),
    }
}
