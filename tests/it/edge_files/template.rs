//! Nomad's template language, as far as the edge's files use it.
//!
//! Anything else is a panic: what is not known here must not be taken for plain text.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Lets pass the masters of the cluster, with an address and a port.
const IS_MASTER: [&str; 2] = [
    r#"if and (eq (print .ServiceMeta.cluster) ""#,
    r#"") (or (not .ServiceMeta.namespace) (eq .ServiceMeta.namespace (env "NOMAD_NAMESPACE"))) (or (not .ServiceMeta.region) (eq .ServiceMeta.region (env "NOMAD_REGION"))) (regexMatch "^[0-9A-Fa-f.:]+$" .Address) (regexMatch "^[0-9]{1,5}$" (print .ServiceMeta.ui_port))"#,
];

/// Remembers a master by what makes it another one.
const GATHER: &str = r#"scratch.MapSet "masters" (printf "%s:%d:%s" .Address .Port .ServiceMeta.ui_port) ."#;

/// What Nomad's client knows when it fills a template in.
pub(super) struct Node<'a> {
    /// The name of the Nomad client.
    pub(super) name: &'a str,
    /// The folder of the task's own files.
    pub(super) folder: &'a str,
    /// The masters that Consul knows.
    pub(super) masters: &'a [Master],
}

/// A master, as Consul knows it.
#[derive(Clone, Copy)]
pub(super) struct Master {
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) ui_port: u16,
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Action(&'a str),
}

/// The file that Nomad writes.
pub(super) fn evaluate(template: &str, cluster: &str, node: &Node<'_>) -> String {
    let pieces = pieces(template);
    let (text, read) = Evaluation { service: format!("{cluster}-master"), node, pieces: &pieces }.block(0, None);
    assert_eq!(read, pieces.len(), "an `end` too many");
    text
}

/// Cuts a template into text and actions; a hyphen in an action takes the white space on its side away.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once("{{") {
        let (action, after) = after.split_once("}}").unwrap_or_else(|| panic!("an action without an end: {after}"));
        let (text, action) = match action.strip_prefix("- ") {
            Some(action) => (text.trim_end(), action),
            None => (text, action),
        };
        let (action, after) = match action.strip_suffix(" -") {
            Some(action) => (action, after.trim_start()),
            None => (action, after),
        };
        pieces.extend([Piece::Text(text), Piece::Action(action.trim())]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// What stands between two parts of an action.
fn within<'a>(action: &'a str, start: &str, end: &str) -> Option<&'a str> {
    action.strip_prefix(start)?.strip_suffix(end)
}

struct Evaluation<'a> {
    /// The service of the masters.
    service: String,
    node: &'a Node<'a>,
    pieces: &'a [Piece<'a>],
}

impl Evaluation<'_> {
    /// The text from a piece to its `end`, or to that of the template, and the place where it ended.
    fn block(&self, mut at: usize, master: Option<&Master>) -> (String, usize) {
        let mut text = String::new();
        while let Some(piece) = self.pieces.get(at) {
            let action = match piece {
                Piece::Text(plain) => {
                    text.push_str(plain);
                    at += 1;
                    continue;
                }
                Piece::Action("end") => break,
                Piece::Action(action) => *action,
            };
            at += 1;
            if let Some(cluster) = within(action, IS_MASTER[0], IS_MASTER[1]) {
                // The masters of these tests are the cluster's own: their type knows nothing else.
                assert_eq!(self.service, format!("{cluster}-master"));
                let (inner, end) = self.block(at, master);
                text.push_str(&inner);
                at = end + 1;
            } else if let Some(name) = within(action, "if eq (env \"node.unique.name\") \"", "\"") {
                let (inner, end) = self.block(at, master);
                if name == self.node.name {
                    text.push_str(&inner);
                }
                at = end + 1;
            } else if let Some(masters) = self.loop_over(action) {
                let mut end = self.block(at, None).1;
                for master in masters {
                    let (inner, after) = self.block(at, Some(master));
                    text.push_str(&inner);
                    end = after;
                }
                at = end + 1;
            } else {
                text.push_str(&self.value(action, master));
            }
        }
        (text, at)
    }

    /// What a loop goes over: all masters, or those that were gathered, each once and in order.
    fn loop_over(&self, action: &str) -> Option<Vec<&Master>> {
        if let Some(service) = within(action, "range service \"", "|any\"") {
            assert_eq!(service, self.service);
            return Some(self.node.masters.iter().collect());
        }
        let key = |master: &Master| format!("{}:{}:{}", master.address, master.port, master.ui_port);
        let gathered: BTreeMap<String, &Master> =
            self.node.masters.iter().map(|master| (key(master), master)).collect();
        (action == "range scratch.MapValues \"masters\"").then(|| gathered.into_values().collect())
    }

    fn value(&self, action: &str, master: Option<&Master>) -> String {
        match (action, master) {
            ("env \"node.unique.name\"", _) => self.node.name.to_owned(),
            ("env \"NOMAD_TASK_DIR\"", _) => self.node.folder.to_owned(),
            (".Address", Some(master)) => master.address.to_string(),
            (".Port", Some(master)) => master.port.to_string(),
            (".ServiceMeta.ui_port", Some(master)) => master.ui_port.to_string(),
            (GATHER, _) => String::new(),
            // The body of a loop is read once for its end alone.
            (field, None) if field.starts_with('.') => String::new(),
            _ => panic!("another action: {action}"),
        }
    }
}

#[test]
fn the_template_language_is_read_as_nomad_reads_it() {
    let template = [
        "a\n{{- range service \"x-master|any\" }}\n{{- ",
        GATHER,
        " }}\n{{- end }}\n{{- range scratch.MapValues \"masters\" }}\n  {{ .Address }}:{{ .Port }} {{ .ServiceMeta.ui_port }}",
        "\n{{- end }}\n{{ if eq (env \"node.unique.name\") \"n\" }}yes{{ end }}",
        "{{ if eq (env \"node.unique.name\") \"m\" }}no{{ env \"NOMAD_TASK_DIR\" }}{{ end }} b {{ env \"NOMAD_TASK_DIR\" }}\n",
    ]
    .concat();
    let master = |last: u8| Master { address: [10, 0, 0, last].into(), port: 7, ui_port: 8 };
    let masters = [master(2), master(1), master(2)];
    let evaluate = |masters| evaluate(&template, "x", &Node { name: "n", folder: "/f", masters });
    assert_eq!(evaluate(&[]), "a\nyes b /f\n");
    assert_eq!(evaluate(&masters), "a\n  10.0.0.1:7 8\n  10.0.0.2:7 8\nyes b /f\n");
}

#[test]
#[should_panic(expected = "another action: key \"k\"")]
fn an_action_that_is_not_known_is_no_text() {
    evaluate("{{ key \"k\" }}", "x", &Node { name: "n", folder: "/f", masters: &[] });
}
