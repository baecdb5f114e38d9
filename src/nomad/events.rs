//! Nomad's event stream: one JSON document a line, `{}` as a heartbeat every 30 seconds.
//!
//! Source: <https://developer.hashicorp.com/nomad/api-docs/events>. The stream has a bounded memory, so it tells what
//! changes but never what is: whoever watches lists first and then follows.

use std::collections::BTreeSet;
use std::io;
use std::pin::Pin;

use futures_util::{Stream, StreamExt, TryStreamExt};
use serde::Deserialize;
use tokio_util::codec::{FramedRead, LinesCodec};
use tokio_util::io::StreamReader;

use super::Nomad;
use super::allocations::Allocation;
use super::deployments::Deployment;
use super::evaluations::Evaluation;
use super::jobs::Job;
use crate::http::Error;

/// The longest line that is read, in bytes: a batch of a thousand allocations is about 8 MB.
const MAX_LINE: usize = 64 * 1024 * 1024;

/// One line of the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The index at which everything in the batch happened; `None` for a heartbeat.
    pub index: Option<u64>,
    /// What changed.
    pub changes: Vec<Change>,
}

/// Something that changed in Nomad's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A job was registered, changed its status or was stopped.
    Job(Box<Job>),
    /// A job is gone: stopped with purge, or collected.
    JobGone(String),
    /// An allocation was made or changed.
    Allocation(Box<Allocation>),
    /// The scheduler ran.
    Evaluation(Box<Evaluation>),
    /// The rollout of a version got on.
    Deployment(Box<Deployment>),
}

impl Change {
    /// The id of the job that it is about.
    #[must_use]
    pub fn job_id(&self) -> &str {
        match self {
            Self::Job(job) => &job.id,
            Self::JobGone(id) => id,
            Self::Allocation(allocation) => &allocation.job,
            Self::Evaluation(evaluation) => &evaluation.job,
            Self::Deployment(deployment) => &deployment.job,
        }
    }

    /// The job, if it is one that changed.
    #[must_use]
    pub fn job(&self) -> Option<&Job> {
        if let Self::Job(job) = self { Some(job) } else { None }
    }
}

/// Why the stream ended.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The connection broke or a line is too long.
    #[error("the event stream broke")]
    Broken(#[source] io::Error),
    /// A line is not an event.
    #[error("the event stream sent something that is not an event")]
    Garbage(#[source] serde_json::Error),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    #[serde(default)]
    index: Option<u64>,
    #[serde(default)]
    events: Option<Vec<Event>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    topic: String,
    #[serde(rename = "Type", default)]
    kind: String,
    #[serde(default)]
    key: String,
    payload: Option<Payload>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Payload {
    /// A purge carries the job as it last was, with this set.
    #[serde(default)]
    deleted: bool,
    job: Option<Box<Job>>,
    allocation: Option<Box<Allocation>>,
    evaluation: Option<Box<Evaluation>>,
    deployment: Option<Box<Deployment>>,
}

/// Reads one line of the stream. Topics that nomspark does not ask for are left out.
pub fn decode(line: &str) -> Result<Batch, serde_json::Error> {
    let line: Line = serde_json::from_str(line)?;
    let mut changes = Vec::new();
    for event in line.events.unwrap_or_default() {
        let gone = event.payload.as_ref().is_none_or(|payload| payload.deleted || payload.job.is_none());
        if event.topic == "Job" && event.kind == "JobDeregistered" && gone {
            changes.push(Change::JobGone(event.key));
        } else {
            changes.extend(event.payload.and_then(Payload::into_change));
        }
    }
    Ok(Batch { index: line.index, changes })
}

impl Payload {
    fn into_change(self) -> Option<Change> {
        let job = self.job.map(Change::Job);
        let other = || self.allocation.map(Change::Allocation).or_else(|| self.evaluation.map(Change::Evaluation));
        job.or_else(other).or_else(|| self.deployment.map(Change::Deployment))
    }
}

/// A live stream of batches. It ends when the server closes it, also in the middle of a line.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Batch, StreamError>> + Send>>;

impl Nomad {
    /// `GET /v1/event/stream` for some jobs: their own changes, their allocations, evaluations and deployments.
    pub async fn events(&self, jobs: &[&str]) -> Result<EventStream, Error> {
        let mut topics = Vec::new();
        for job in jobs {
            // Nomad takes a topic apart at every colon and refuses three parts: of a job with one in its id all jobs tell.
            let key = if job.contains(':') { "*" } else { job };
            for topic in ["Job", "Allocation", "Evaluation", "Deployment"] {
                topics.push(format!("{topic}:{key}"));
            }
        }
        let wanted: BTreeSet<String> = jobs.iter().map(|job| (*job).to_owned()).collect();
        let query: Vec<(&str, &str)> = topics.iter().map(|topic| ("topic", topic.as_str())).collect();
        let response = self.http.open("/v1/event/stream", &query).await?;
        let bytes = StreamReader::new(response.bytes_stream().map_err(io::Error::other));
        let lines = FramedRead::new(bytes, LinesCodec::new_with_max_length(MAX_LINE));
        Ok(Box::pin(lines.map(move |line| {
            let line = line.map_err(|error| StreamError::Broken(io::Error::other(error)))?;
            let mut batch = decode(&line).map_err(StreamError::Garbage)?;
            batch.changes.retain(|change| wanted.contains(change.job_id()));
            Ok(batch)
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_is_an_empty_batch() {
        assert_eq!(decode("{}").unwrap(), Batch::default());
    }

    #[test]
    fn an_allocation_event_carries_the_allocation() {
        let line = r#"{"Index":7,"Events":[{"Topic":"Allocation","Type":"AllocationUpdated","Key":"a","Index":7,
            "Payload":{"Allocation":{"ID":"a","JobID":"j","TaskGroup":"g","NodeID":"n","DesiredStatus":"run",
            "ClientStatus":"running","CreateIndex":5,"ModifyIndex":7,"TaskStates":null}}}]}"#;
        let batch = decode(line).unwrap();
        assert_eq!(batch.index, Some(7));
        let [Change::Allocation(allocation)] = batch.changes.as_slice() else { panic!("one allocation") };
        assert_eq!((allocation.id.as_str(), allocation.modify_index), ("a", 7));
    }

    #[test]
    fn topics_without_a_known_payload_are_left_out() {
        let line = r#"{"Index":9,"Events":[{"Topic":"Node","Type":"NodeUpdate","Key":"n","Payload":{"Node":{}}},
            {"Topic":"Later","Type":"x","Key":"y","Payload":null}]}"#;
        assert_eq!(decode(line).unwrap(), Batch { index: Some(9), changes: Vec::new() });
    }

    #[test]
    fn half_a_line_is_an_error() {
        assert!(decode(r#"{"Index":7,"Events":[{"To"#).is_err());
    }
}
