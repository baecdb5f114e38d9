//! Requests to Nomad, Consul and Spark, with nothing of nomspark between.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use super::wait_for;

/// For how long servers may have no leader.
const LED: Duration = Duration::from_mins(1);

/// A server's answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

/// Sends a request; `None` when nobody answers.
pub(crate) fn request(method: Method, url: &str, body: Option<&Value>) -> Option<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        let mut request = client.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.ok()?;
        Some(Answer { status: response.status(), body: response.text().await.ok()? })
    })
}

/// A JSON document that a server has; `None` when nobody answers or it does not have it.
pub(crate) fn find(url: &str) -> Option<Value> {
    let answer = request(Method::GET, url, None)?;
    if answer.status.is_success() { serde_json::from_str(&answer.body).ok() } else { None }
}

/// A JSON document that a server must have.
#[track_caller]
pub(crate) fn get(url: &str) -> Value {
    let answer = request(Method::GET, url, None).unwrap_or_else(|| panic!("nobody answers at {url}"));
    assert!(answer.status.is_success(), "{url}: {}: {}", answer.status, answer.body);
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{url}: {error}: {}", answer.body))
}

/// The same of a server that may have no leader at the moment, as after a fault of its host.
pub(crate) fn get_when_led(url: &str) -> Value {
    wait_for(&format!("an answer of {url}"), LED, || find(url))
}

/// Posts a document that the server must take.
#[track_caller]
pub(crate) fn post(url: &str, body: &Value) -> Value {
    let answer = request(Method::POST, url, Some(body)).unwrap_or_else(|| panic!("nobody answers at {url}"));
    assert!(answer.status.is_success(), "{url}: {}: {}", answer.status, answer.body);
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}
