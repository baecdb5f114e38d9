//! Floating addresses whose files are written to a folder and read by Nomad.

use std::fs;
use std::path::PathBuf;

use nomspark::plan::{self, EdgeVariables, Plan, Variables};
use nomspark::spec::{EdgeHost, Overrides, Source, validate};
use serde_json::Value;
use tempfile::TempDir;

use super::template::{Master, Node, evaluate};
use crate::golden::cases::{cases, plans, write};
use crate::golden::job::{parse, template};

/// A floating address, its rendered files, and its job as Nomad reads it.
pub(super) struct EdgeFiles {
    /// What a message calls it.
    pub(super) case: String,
    pub(super) variables: EdgeVariables,
    pub(super) job: Value,
    folder: TempDir,
}

/// The floating addresses of all golden cases.
pub(super) fn all() -> Vec<EdgeFiles> {
    let deployments = cases().into_iter().map(|(case, survey)| (case, plans(case, survey.as_ref()).remove(0).1));
    let edges: Vec<EdgeFiles> = deployments.filter_map(|(case, plan)| EdgeFiles::of(case, &plan)).collect();
    assert_eq!(edges.len(), 4);
    edges
}

impl EdgeFiles {
    /// Of a plan, if it has a floating address.
    fn of(case: &str, plan: &Plan) -> Option<Self> {
        let edge = plan.jobs.iter().find_map(|job| match &job.variables {
            Variables::Edge(variables) => Some((&job.id, variables.clone())),
            _ => None,
        });
        let (id, variables) = edge?;
        let folder = tempfile::tempdir().unwrap();
        write(plan, folder.path());
        let job = parse(&folder.path().join("edge.nomad.hcl"), &folder.path().join(format!("{id}.vars.hcl")));
        Some(Self { case: case.to_owned(), variables, job, folder })
    }

    /// Of a spec's text.
    pub(super) fn of_spec(text: &str) -> Self {
        let source = Source { name: "nomspark.hcl".to_owned(), text: text.to_owned() };
        let spec = validate(Some(&source), &Overrides::default()).unwrap_or_else(|invalid| panic!("{invalid}: {text}"));
        Self::of("spec", &plan::deploy(&spec, None, false).unwrap()).unwrap()
    }

    pub(super) fn hosts(&self) -> &[EdgeHost] {
        &self.variables.edge.hosts
    }

    /// A file of a host that runs everything under systemd, by its path there.
    pub(super) fn host_file(&self, host: &EdgeHost, path: &str) -> PathBuf {
        self.folder.path().join("edge").join(host.name.as_str()).join(path.trim_start_matches('/'))
    }

    /// The folder of the tasks' own files, as Nomad would make it on a host.
    pub(super) fn task_folder(&self, host: &EdgeHost) -> PathBuf {
        let folder = self.folder.path().join("tasks").join(host.name.as_str());
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Writes the file that Nomad's client makes of a template on a host.
    pub(super) fn task_file(&self, host: &EdgeHost, name: &str, masters: &[Master]) -> PathBuf {
        let folder = self.task_folder(host);
        let node = Node { name: host.name.as_str(), folder: folder.to_str().unwrap(), masters };
        let template = template(&self.job, &format!("local/{name}"));
        let path = folder.join(name);
        fs::write(&path, evaluate(template, &self.variables.cluster, &node)).unwrap();
        if name == "haproxy.cfg" {
            // HAProxy reads it too.
            self.task_file(host, "servers.state", &[]);
        }
        path
    }

    /// keepalived's configurations of a host: under systemd, and as a task of Nomad.
    pub(super) fn keepalived(&self, host: &EdgeHost) -> [PathBuf; 2] {
        [self.host_file(host, "/etc/keepalived/keepalived.conf"), self.task_file(host, "keepalived.conf", &[])]
    }
}
