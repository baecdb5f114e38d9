//! What a task's template waits for. Pure.

use std::sync::LazyLock;

use regex::Regex;

use crate::nomad::allocations::TaskEvent;

/// A dependency of consul-template as it names itself: `kv.block(path)`, `health.service(name|passing)`.
static DEPENDENCY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"([a-z]+(?:\.[a-z]+)+)\(([^()]*)\)").ok());

/// The sentence for an event that tells what a template has waited for, for some seconds; `None` for all others.
pub(crate) fn waiting_template(event: &TaskEvent) -> Option<String> {
    let missing = event.display_message.strip_prefix("Missing: ").filter(|_| event.kind == "Template")?;
    let found =
        |text: &str| Some(DEPENDENCY.as_ref()?.captures_iter(text).map(|it| dependency(&it[1], &it[2])).collect());
    let dependencies: Vec<String> = found(missing).unwrap_or_default();
    let what = if dependencies.is_empty() { super::one_line(missing) } else { dependencies.join(", ") };
    Some(format!("its template waits for {what}"))
}

/// A dependency in words.
fn dependency(kind: &str, what: &str) -> String {
    // NAME|passing, PATH@NAMESPACE.REGION: what follows is not what somebody has to write or start.
    let name = what.split(['|', '@']).next().unwrap_or(what);
    match kind {
        "kv.block" | "kv.get" | "kv.exists" => format!("the key {name} in Consul"),
        "kv.list" | "kv.keys" => format!("keys below {name} in Consul"),
        "health.service" | "catalog.service" => format!("the service {name} in Consul"),
        "nomad.service" => format!("the service {name} in Nomad"),
        "nomad.var.block" | "nomad.var.get" => format!("the variable {name} in Nomad"),
        "vault.read" | "vault.write" => format!("the secret {name} in Vault"),
        _ => format!("{kind}({what})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str) -> Option<String> {
        let (kind, display_message) = ("Template".to_owned(), message.to_owned());
        waiting_template(&TaskEvent { kind, display_message, ..TaskEvent::default() })
    }

    #[test]
    fn what_is_missing_is_named_in_words() {
        let told = |message| told(message).unwrap();
        assert_eq!(told("Missing: kv.block(app/password)"), "its template waits for the key app/password in Consul");
        assert_eq!(
            told("Missing: health.service(db|passing), nomad.var.block(jobs/a@default.global), and 2 more"),
            "its template waits for the service db in Consul, the variable jobs/a in Nomad"
        );
        assert_eq!(told("Missing: later.thing(x)"), "its template waits for later.thing(x)");
        assert_eq!(told("Missing: ??"), "its template waits for ??");
    }

    #[test]
    fn other_words_about_templates_are_no_wait() {
        assert_eq!(told("Template with change_mode restart re-rendered"), None);
    }
}
