//! What a job file says of itself, where nomspark has to know it: a job of another id, namespace or kind would run, and nobody
//! would wait for it, count it or stop it.

use crate::http;
use crate::nomad::jobs::ParsedJob;
use crate::nomad::{DEFAULT_NAMESPACE, Nomad};
use crate::plan::Role;
use crate::survey::{CLUSTER_META, ROLE_META};

/// The region that Nomad's parser fills in, and that its servers take for their own.
const ANY_REGION: &str = "global";

/// Something that a job file says otherwise than nomspark needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// Both sides, as the end of a sentence that begins with the file.
    pub says: String,
    /// What to do.
    pub hint: String,
}

/// Where and as what nomspark is about to register a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// The job's id.
    pub id: &'a str,
    /// The cluster.
    pub cluster: &'a str,
    /// What it is for.
    pub role: Role,
    /// The namespace.
    pub namespace: &'a str,
}

/// Compares a job that Nomad has parsed with what it is registered as.
pub(super) async fn check(
    nomad: &Nomad,
    job: &ParsedJob,
    expected: Expected<'_>,
) -> Result<Option<Claim>, http::Error> {
    let regions = match (text(job, &["Region"]), nomad.region()) {
        ("" | ANY_REGION, _) => Vec::new(),
        (_, Some(region)) => vec![region.to_owned()],
        (_, None) => nomad.regions().await?,
    };
    Ok(claim(job, expected, &regions))
}

/// The first thing that differs. Nomad's parser fills in the default namespace and region where the file has none, and its
/// servers put those of the request in their place. `regions` are those that can be meant: the one that was named, or all that
/// Nomad has.
fn claim(job: &ParsedJob, expected: Expected<'_>, regions: &[String]) -> Option<Claim> {
    let Expected { id, cluster, role, namespace } = expected;
    let claim = |says: String, hint: String| Some(Claim { says, hint });
    let named = text(job, &["Namespace"]);
    if !named.is_empty() && named != DEFAULT_NAMESPACE && named != namespace {
        return claim(
            format!("names the namespace {named}, and nomspark works in {namespace}"),
            format!("work there with --namespace {named}, or leave `namespace` out of the file"),
        );
    }
    let region = text(job, &["Region"]);
    if !region.is_empty() && region != ANY_REGION && regions != [region] {
        let told = if regions.len() == 1 { &regions[0] } else { "that of Nomad's agent" };
        return claim(
            format!("names the region {region}, and nomspark works in {told}"),
            format!("work there with --region {region}, or leave `region` out of the file"),
        );
    }
    if text(job, &["ID"]) != id {
        return claim(
            format!("makes the job {}, and nomspark needs {id}", text(job, &["ID"])),
            "let the file's `id` be as `nomspark render --out DIR` has it".to_owned(),
        );
    }
    for (key, needed) in [(CLUSTER_META, cluster), (ROLE_META, role.as_str())] {
        let said = text(job, &["Meta", key]);
        if said != needed {
            let said = if said.is_empty() { "lacks".to_owned() } else { format!("has {said:?} as") };
            return claim(
                format!("{said} the meta {key}, and nomspark finds its jobs by {key} = {needed:?}"),
                "let the file's block `meta` be as `nomspark render --out DIR` has it".to_owned(),
            );
        }
    }
    let kind = text(job, &["Type"]);
    let needed: &[&str] = match role {
        Role::Master | Role::Worker => &["service"],
        Role::Edge => &["system", "service"],
        Role::Wordcount | Role::Drill => &["batch"],
    };
    let starter = ["Periodic", "ParameterizedJob"].into_iter().find(|block| job.0[*block].is_object());
    if !needed.contains(&kind) || starter.is_some() {
        let kind = match starter {
            Some("Periodic") => "periodic",
            Some(_) => "parameterized",
            None => kind,
        };
        return claim(
            format!("makes a {kind} job, and nomspark needs one of the type {}", needed.join(" or ")),
            "let the file's `type` be as `nomspark render --out DIR` has it".to_owned(),
        );
    }
    None
}

/// A text of the job; empty where there is none.
fn text<'a>(job: &'a ParsedJob, path: &[&str]) -> &'a str {
    path.iter().fold(&job.0, |value, key| &value[*key]).as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is said of the workers' job in the namespace `default`, after a change of the parsed job.
    fn said(key: &str, value: Value) -> Option<String> {
        let meta = json!({ CLUSTER_META: "spark", ROLE_META: "worker" });
        let mut job = json!({ "ID": "spark-worker", "Namespace": "default", "Region": "global", "Type": "service", "Meta": meta });
        job[key] = value;
        let regions = ["eu".to_owned()];
        let expected = Expected { id: "spark-worker", cluster: "spark", role: Role::Worker, namespace: "default" };
        claim(&ParsedJob(job), expected, &regions).map(|claim| claim.says)
    }

    #[test]
    fn a_file_that_says_nothing_else_is_taken() {
        for (key, value) in [("Namespace", json!("default")), ("Namespace", json!(null)), ("Region", json!("eu"))] {
            assert_eq!(said(key, value), None);
        }
    }

    #[test]
    fn another_namespace_region_id_meta_or_type_is_told() {
        let cases = [
            ("Namespace", json!("analytics"), "names the namespace analytics, and nomspark works in default"),
            ("Region", json!("us"), "names the region us, and nomspark works in eu"),
            ("ID", json!("mine"), "makes the job mine, and nomspark needs spark-worker"),
            ("Type", json!("batch"), "makes a batch job, and nomspark needs one of the type service"),
            (
                "Periodic",
                json!({ "Spec": "@daily" }),
                "makes a periodic job, and nomspark needs one of the type service",
            ),
            (
                "Meta",
                json!(null),
                "lacks the meta nomspark.cluster, and nomspark finds its jobs by nomspark.cluster = \"spark\"",
            ),
            (
                "Meta",
                json!({ CLUSTER_META: "spark", ROLE_META: "master" }),
                "has \"master\" as the meta nomspark.role, and nomspark finds its jobs by nomspark.role = \"worker\"",
            ),
        ];
        for (key, value, told) in cases {
            assert_eq!(said(key, value).as_deref(), Some(told));
        }
    }
}
