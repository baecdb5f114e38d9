//! What a running application says of itself: the REST API behind its driver's web UI.
//!
//! Source: `/api/v1` of Spark's monitoring guide, `org.apache.spark.status.api.v1`.

use std::time::Duration;

use serde::Deserialize;

use super::endpoint;
use crate::http::{self, Error, Server, segment};

/// A driver's web UI.
static UI: Server = Server::open("Spark's driver UI");
/// How long a driver may take to answer. Its first answer loads a part of the JVM that nothing else needs.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A stage, or one try of it: `GET /api/v1/applications/ID/stages`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageState {
    /// Its number in the application.
    pub stage_id: u64,
    /// Its try, counted from 0.
    pub attempt_id: u64,
    /// ACTIVE, COMPLETE, FAILED, PENDING or SKIPPED.
    pub status: String,
    /// What it does and where in the program: `reduceByKey at WordCount.java:80`.
    pub name: String,
    /// How many tasks it has.
    pub num_tasks: u64,
    /// How many of them are done.
    pub num_complete_tasks: u64,
    /// How many tries of tasks failed.
    pub num_failed_tasks: u64,
}

/// An executor, also one that is gone: `GET /api/v1/applications/ID/allexecutors`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutorState {
    /// Its number, or `driver`.
    pub id: String,
    /// HOST:PORT.
    pub host_port: String,
    /// Whether the driver has it.
    pub is_active: bool,
    /// Its cores.
    pub total_cores: u64,
    /// Why the driver has it no more.
    pub remove_reason: Option<String>,
}

impl ExecutorState {
    /// Whether it runs tasks; the driver counts itself among its executors.
    #[must_use]
    pub fn runs_tasks(&self) -> bool {
        self.is_active && !self.is_driver()
    }

    /// Whether it is the driver itself.
    #[must_use]
    pub fn is_driver(&self) -> bool {
        self.id == "driver"
    }
}

/// A client of one driver's web UI.
#[derive(Clone, Debug)]
pub struct DriverUi {
    http: http::Client,
}

impl DriverUi {
    /// A client of the UI at HOST:PORT.
    pub fn new(address: &str) -> Result<Self, Error> {
        Ok(Self { http: http::Client::new(endpoint(&UI, address)?)? })
    }

    /// `GET /api/v1/applications`, once: the id of the application that the driver runs.
    pub async fn application(&self) -> Result<Option<String>, Error> {
        #[derive(Deserialize)]
        struct Application {
            id: String,
        }
        let applications: Vec<Application> = self.http.get_once("/api/v1/applications", TIMEOUT).await?;
        Ok(applications.into_iter().next().map(|application| application.id))
    }

    /// The stages of an application, once.
    pub async fn stages(&self, application: &str) -> Result<Vec<StageState>, Error> {
        self.http.get_once(&format!("/api/v1/applications/{}/stages", segment(application)), TIMEOUT).await
    }

    /// The executors of an application, once.
    pub async fn executors(&self, application: &str) -> Result<Vec<ExecutorState>, Error> {
        self.http.get_once(&format!("/api/v1/applications/{}/allexecutors", segment(application)), TIMEOUT).await
    }

    /// A property of an application, once; `None` where nobody set it.
    pub async fn property(&self, application: &str, name: &str) -> Result<Option<String>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Environment {
            spark_properties: Vec<(String, String)>,
        }
        let path = format!("/api/v1/applications/{}/environment", segment(application));
        let environment: Environment = self.http.get_once(&path, TIMEOUT).await?;
        Ok(environment.spark_properties.into_iter().find(|(key, _)| key == name).map(|(_, value)| value))
    }
}
