//! A task of a generated job: when Nomad starts it, and what it does.

use serde_json::{Value, json};

use super::dice::Dice;

/// When Nomad starts a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Main,
    Prestart,
    PrestartSidecar,
    Poststart,
    PoststartSidecar,
    Poststop,
}

/// What a task does, after some tenths of a second.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behaviour {
    Succeed {
        after: u64,
    },
    Fail {
        after: u64,
        code: u64,
    },
    /// The first tries fail.
    FailFirst {
        times: u64,
        code: u64,
        then_runs: bool,
    },
    RunOn,
    /// It is not started, because what it is to read is not there.
    Wait,
}

#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) role: Role,
    pub(super) behaviour: Behaviour,
}

impl Task {
    /// A task of a job that goes on, as a service does, or has an end.
    pub(super) fn of(role: Role, goes_on: bool, dice: &mut Dice) -> Self {
        let after = dice.below(25);
        let code = dice.between(1, 120);
        let times = dice.between(1, 2);
        let succeed = Behaviour::Succeed { after };
        let fail = Behaviour::Fail { after, code };
        let first = |then_runs| Behaviour::FailFirst { times, code, then_runs };
        let behaviour = match role {
            Role::Main if goes_on => {
                dice.pick(&[(62, Behaviour::RunOn), (14, fail), (13, first(true)), (8, succeed), (3, Behaviour::Wait)])
            }
            Role::Main => {
                dice.pick(&[(56, succeed), (20, fail), (14, first(false)), (7, Behaviour::RunOn), (3, Behaviour::Wait)])
            }
            Role::Prestart => dice.pick(&[(75, succeed), (15, fail), (10, first(false))]),
            Role::PrestartSidecar | Role::PoststartSidecar => {
                dice.pick(&[(60, Behaviour::RunOn), (20, fail), (10, first(true)), (10, succeed)])
            }
            Role::Poststart => dice.pick(&[(75, succeed), (25, fail)]),
            Role::Poststop => dice.pick(&[(60, succeed), (40, fail)]),
        };
        Self { role, behaviour }
    }

    /// What Nomad is told; `seen` is where the task counts its tries.
    pub(super) fn json(&self, name: &str, behaviour: Behaviour, memory: u64, seen: &str) -> Value {
        let tenths = |tenths: u64| format!("{}.{}", tenths / 10, tenths % 10);
        let script = match behaviour {
            Behaviour::Succeed { after } => format!("sleep {}", tenths(after)),
            Behaviour::Fail { after, code } => format!("sleep {}; exit {code}", tenths(after)),
            Behaviour::FailFirst { times, code, then_runs } => {
                let then = if then_runs { "exec sleep 600" } else { "exit 0" };
                format!("sleep 0.3; echo >>\"$SEEN\"; [ $(wc -l <\"$SEEN\") -gt {times} ] || exit {code}; {then}")
            }
            Behaviour::RunOn | Behaviour::Wait => "exec sleep 600".to_owned(),
        };
        let mut task = json!({
            "Name": name, "Driver": "raw_exec", "KillTimeout": 2_000_000_000,
            "Config": { "command": "/bin/sh", "args": ["-c", script] },
            "Env": { "SEEN": format!("{seen}-{name}-${{NOMAD_ALLOC_INDEX}}-${{node.unique.name}}") },
            "Resources": { "CPU": 1, "MemoryMB": memory },
            "LogConfig": { "MaxFiles": 1, "MaxFileSizeMB": 1 },
        });
        if let Some((hook, sidecar)) = self.lifecycle() {
            task["Lifecycle"] = json!({ "Hook": hook, "Sidecar": sidecar });
        }
        if matches!(behaviour, Behaviour::Wait) {
            task["Templates"] = json!([{
                "EmbeddedTmpl": "{{ with nomadVar \"generated/nobody/writes/it\" }}{{ .it }}{{ end }}",
                "DestPath": "local/it",
            }]);
        }
        task
    }

    fn lifecycle(&self) -> Option<(&'static str, bool)> {
        match self.role {
            Role::Main => None,
            Role::Prestart => Some(("prestart", false)),
            Role::PrestartSidecar => Some(("prestart", true)),
            Role::Poststart => Some(("poststart", false)),
            Role::PoststartSidecar => Some(("poststart", true)),
            Role::Poststop => Some(("poststop", false)),
        }
    }
}
