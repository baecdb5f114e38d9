//! What each kind of event of a task says. Pure.
//!
//! Source of the kinds and their particulars: the constants `Task…` beside `TaskEvent` in Nomad's `nomad/structs/structs.go`, which are the
//! same from 1.8.0 to 2.0.6, and the client's own two: `AllocHealthEventSource` and `consulTemplateSourceName`.

use std::time::Duration;

use super::{container, detail, one_line};
use crate::nomad::allocations::TaskEvent;

/// The sentence for a kind of event that always tells of a failure; `None` for all others.
pub(super) fn failure(event: &TaskEvent) -> Option<String> {
    Some(match event.kind.as_str() {
        "Driver Failure" => {
            let words = detail(event, "driver_error");
            let words = container::missing_program(&words).unwrap_or(words);
            format!("its driver could not start it: {words}")
        }
        "Setup Failure" => format!("its setup failed: {}", detail(event, "setup_error")),
        "Failed Artifact Download" => format!("an artifact could not be fetched: {}", detail(event, "download_error")),
        "Failed Validation" => format!("Nomad's client refused it: {}", detail(event, "validation_error")),
        "Task hook failed" => format!("Nomad's client could not prepare it: {}", detail(event, "message")),
        "Failed Restoring Task" => {
            format!("Nomad's client was restarted and did not find it again: {}", detail(event, "message"))
        }
        "Disk Resources Exceeded" => "it used more disk than its task group reserves".to_owned(),
        "Plugin became unhealthy" => format!("it is a CSI plugin that became unhealthy: {}", detail(event, "message")),
        _ => return None,
    })
}

/// Waits that are shorter are part of every restart.
const LONG: Duration = Duration::from_secs(30);

/// The sentence for an event that tells that Nomad waits for long until it starts a task again; `None` for all others.
///
/// Source: `StartDelay` of a `TaskEvent`, in nanoseconds, which the API also has as the particular `start_delay`.
pub(crate) fn waiting_restart(event: &TaskEvent) -> Option<String> {
    let delay = event.details.get("start_delay").filter(|_| event.kind == "Restarting")?;
    let delay = Duration::from_nanos(delay.parse().ok()?);
    let whole = humantime::format_duration(Duration::from_secs(delay.as_secs()));
    let why = event.details.get("restart_reason").map(|reason| format!(" ({})", one_line(reason))).unwrap_or_default();
    (delay >= LONG).then(|| format!("Nomad waits {whole} until it starts it again{why}"))
}

/// The sentence for an event of any kind, where nothing else tells why a task is as it is; `None` for a kind that nobody knows
/// and that has no words of its own.
pub(crate) fn sentence(event: &TaskEvent) -> Option<String> {
    if let Some(failure) = failure(event) {
        return Some(failure);
    }
    let plain = match event.kind.as_str() {
        "Received" => "Nomad's client has received it",
        "Task Setup" | "Building Task Directory" => "Nomad's client prepares it",
        "Downloading Artifacts" => "Nomad's client fetches its artifacts",
        "Started" | "Running" => "it was started",
        "Pausing" => "its schedule pauses it",
        "Killing" => "Nomad ends it",
        "Killed" => "Nomad ended it",
        "Signaling" => "it was sent a signal",
        "Restart Signaled" => "somebody asked for its restart",
        "Restarting" => "Nomad waits until it starts it again",
        "Not Restarting" => "Nomad does not start it again",
        "Terminated" => "it ended",
        "Sibling Task Failed" => "Nomad ended it because another task of its group failed",
        "Leader Task Dead" => "Nomad ended it because the leading task of its group ended",
        "Main Tasks Dead" => "Nomad ended it because the main tasks of its group ended",
        "Plugin became healthy" => "it is a CSI plugin that became healthy",
        "Alloc Unhealthy" => "Nomad calls it unhealthy",
        "Template" => "its template",
        "Reconnected" => "its node is connected again",
        "Waiting for shutdown delay" => "Nomad waits for its shutdown_delay",
        "Skipping shutdown delay" => "Nomad does not wait for its shutdown_delay",
        // Words of the driver, of a hook, or of a kind that is newer than nomspark.
        _ => "",
    };
    let words = one_line(&event.display_message);
    match (plain, words.as_str()) {
        ("", "") => None,
        ("", _) => Some(words),
        (_, "") => Some(plain.to_owned()),
        _ => Some(format!("{plain}: {words}")),
    }
}

#[cfg(test)]
mod tests;
