//! What a worker says of its executors: the JSON behind its web UI.
//!
//! Source: `org.apache.spark.deploy.JsonProtocol.writeWorkerState`, served at `/json/` of the worker's UI port.

use serde::Deserialize;

use super::{TIMEOUT, endpoint};
use crate::http::{self, Error, Server};

/// A worker's web UI.
static UI: Server = Server::open("Spark's worker UI");

/// A client of one worker's web UI.
#[derive(Clone, Debug)]
pub struct WorkerUi {
    http: http::Client,
}

impl WorkerUi {
    /// A client of the UI at HOST:PORT.
    pub fn new(address: &str) -> Result<Self, Error> {
        Ok(Self { http: http::Client::new(endpoint(&UI, address)?)? })
    }

    /// `GET /json/`, once: how many executors of an application have ended there, of the last thousand that did
    /// (`spark.worker.ui.retainedExecutors`).
    pub async fn ended_executors(&self, application: &str) -> Result<usize, Error> {
        #[derive(Deserialize)]
        struct Worker {
            #[serde(rename = "finishedexecutors")]
            ended: Vec<Executor>,
        }
        #[derive(Deserialize)]
        struct Executor {
            #[serde(rename = "appid")]
            application: String,
        }
        let worker: Worker = self.http.get_once("/json/", TIMEOUT).await?;
        Ok(worker.ended.iter().filter(|executor| executor.application == application).count())
    }
}
