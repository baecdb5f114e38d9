//! The namespace and the region that were typed as options: a command in a hint has to name them too.

use std::borrow::Cow;

use serde_json::Value;

/// What the global options say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(Vec<Named>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    /// For nomspark.
    option: &'static str,
    /// For `nomad`: a variable stands at the same place whatever the command.
    variable: &'static str,
    value: String,
}

impl Scope {
    /// What was typed; a value that a shell would not take as it is cannot be a name of Nomad's and is left out.
    #[must_use]
    pub fn new(namespace: Option<&str>, region: Option<&str>) -> Self {
        let plain = |value: &&str| value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        let typed = [("--namespace", "NOMAD_NAMESPACE", namespace), ("--region", "NOMAD_REGION", region)];
        let named = typed.into_iter().filter_map(|(option, variable, value)| {
            value.filter(plain).map(|value| Named { option, variable, value: value.to_owned() })
        });
        Self(named.collect())
    }

    /// A command line of nomspark for the same cluster.
    #[must_use]
    pub fn nomspark(&self, arguments: &str) -> String {
        let missing = self.0.iter().filter(|named| !arguments.contains(named.option));
        let options: String = missing.map(|named| format!(" {} {}", named.option, named.value)).collect();
        format!("nomspark {arguments}{options}")
    }

    /// A command line of `nomad` for the same cluster.
    #[must_use]
    pub fn nomad(&self, arguments: &str) -> String {
        // One dash is enough for `nomad`.
        let missing = self.0.iter().filter(|named| !arguments.contains(&named.option[1..]));
        let variables: String = missing.map(|named| format!("{}={} ", named.variable, named.value)).collect();
        format!("{variables}nomad {arguments}")
    }

    /// The same text; each command of nomspark and of `nomad` that stands in backquotes names them.
    #[must_use]
    pub fn complete<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(text);
        }
        let complete = |(index, part): (usize, &str)| {
            let is_quoted = index % 2 == 1;
            match (part.strip_prefix("nomspark "), part.strip_prefix("nomad ")) {
                (Some(arguments), _) if is_quoted => self.nomspark(arguments),
                (_, Some(arguments)) if is_quoted => self.nomad(arguments),
                _ => part.to_owned(),
            }
        };
        Cow::Owned(text.split('`').enumerate().map(complete).collect::<Vec<_>>().join("`"))
    }

    /// The same document; the commands in all of its texts name them.
    #[must_use]
    pub fn complete_document(&self, document: Value) -> Value {
        match document {
            document if self.0.is_empty() => document,
            Value::String(text) => self.complete(&text).into(),
            Value::Array(items) => items.into_iter().map(|item| self.complete_document(item)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(name, value)| (name, self.complete_document(value))).collect()
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn commands_in_backquotes_name_the_namespace_and_the_region() {
        let scope = Scope::new(Some("team-a"), None);
        let hint = "read more with `nomspark logs j`; `nomad job eval j` has nomad try again, nomspark waits";
        assert_eq!(
            scope.complete(hint),
            "read more with `nomspark logs j --namespace team-a`; `NOMAD_NAMESPACE=team-a nomad job eval j` has nomad try \
             again, nomspark waits"
        );
        // Also the second time.
        assert_eq!(scope.complete(&scope.complete(hint)), scope.complete(hint));
        let both = Scope::new(Some("team-a"), Some("eu"));
        assert_eq!(both.nomspark("stop --namespace b"), "nomspark stop --namespace b --region eu");
        assert_eq!(both.nomad("job status -namespace '*'"), "NOMAD_REGION=eu nomad job status -namespace '*'");
        // A backquote of somebody else's stays in its own text.
        let document = json!({ "log": ["a ` alone"], "hint": "`nomad status`" });
        let completed = json!({ "log": ["a ` alone"], "hint": "`NOMAD_NAMESPACE=team-a nomad status`" });
        assert_eq!(scope.complete_document(document), completed);
        assert_eq!(both.nomad("status"), "NOMAD_NAMESPACE=team-a NOMAD_REGION=eu nomad status");
        assert_eq!(
            both.complete("run `nomspark status` again"),
            "run `nomspark status --namespace team-a --region eu` again"
        );
    }

    #[test]
    fn without_options_a_text_stays_as_it_is() {
        assert_eq!(Scope::new(None, None).complete("`nomspark logs j`"), "`nomspark logs j`");
        assert_eq!(Scope::new(Some("$(reboot)"), None), Scope::default());
    }
}
