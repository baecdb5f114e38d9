//! Spark behind the floating address: what a client of the address meets.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::MasterUi;
use super::rpc::{self, NoAnswer};
use crate::error::causes;
use crate::http::Error;
use crate::names::FloatingAddress;

/// How long the address may take to answer; it is on the same network as the masters.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What a Spark client meets at a floating address at one moment; displayed as what follows the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressState {
    /// A Spark client gets an answer, of a master that is ALIVE.
    #[error("answers from {host}")]
    Serves {
        /// The edge host, by its own word.
        host: String,
        /// HOST:PORT of every master that this host's HAProxy knows.
        masters: BTreeSet<String>,
    },
    /// A Spark client on the edge hosts gets an answer, and this machine does not reach the address.
    #[error("answers from {host} to the edge hosts, and not to this machine: {reason}")]
    OutOfReach {
        /// The edge host, by its own word.
        host: String,
        /// HOST:PORT of every master that this host's HAProxy knows.
        masters: BTreeSet<String>,
        /// What this machine met.
        reason: String,
    },
    /// The web UI says ALIVE, and yet no Spark client gets an answer.
    #[error("leads nowhere: {host} has it, Spark's UI there says ALIVE, and the port of spark:// URLs {reason}")]
    LeadsNowhere {
        /// The edge host.
        host: String,
        /// What its RPC port does.
        reason: NoAnswer,
    },
    /// An edge host answers, and knows no master that is ALIVE.
    #[error("answers from {host}, which reaches no master that is ALIVE")]
    NoMaster {
        /// The edge host.
        host: String,
    },
    /// No edge host answers.
    #[error("does not answer: {reason}")]
    Unanswered {
        /// Why.
        reason: String,
    },
}

impl AddressState {
    /// Asks the way a Spark client does, and the web UI as a browser does, once.
    pub async fn of(address: FloatingAddress) -> Result<Self, Error> {
        let ui = MasterUi::direct(&address.ui())?;
        let (host, masters, status) = tokio::join!(ui.edge_host(), ui.known_masters(), ui.status());
        let host = match host {
            Ok(host) => host,
            Err(error) => {
                // The kernel's words come last, and the address stands before them already.
                let reason = causes(&error).pop().unwrap_or_else(|| error.to_string());
                return Ok(Self::Unanswered { reason });
            }
        };
        if status.ok().as_deref() != Some("ALIVE") {
            return Ok(Self::NoMaster { host });
        }
        // Where no master is ALIVE, a Spark client would be kept waiting for one.
        Ok(match ask(address, TIMEOUT).await {
            Ok(()) => Self::Serves { host, masters: masters.unwrap_or_default() },
            Err(reason) => Self::LeadsNowhere { host, reason },
        })
    }

    /// The edge host that answers.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Serves { host, .. }
            | Self::OutOfReach { host, .. }
            | Self::LeadsNowhere { host, .. }
            | Self::NoMaster { host } => Some(host),
            Self::Unanswered { .. } => None,
        }
    }

    /// The word for it in JSON.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Serves { .. } => "serves",
            Self::OutOfReach { .. } => "out_of_reach",
            Self::LeadsNowhere { .. } => "leads_nowhere",
            Self::NoMaster { .. } => "no_master",
            Self::Unanswered { .. } => "unanswered",
        }
    }

    /// What haproxy/ask.sh printed on an edge host, where this machine met `reason`; `None` where no client there gets an answer either.
    #[must_use]
    pub fn told_by_an_edge_host(told: &str, reason: &str) -> Option<Self> {
        let mut lines = told.lines();
        let mut text = || serde_json::from_str::<String>(lines.next()?).ok();
        let (host, known) = (text()?, text().unwrap_or_default());
        let alive = lines.next()?.contains("\"ALIVE\"") && lines.next() == Some("rpc");
        let masters = known.split_whitespace().map(str::to_owned).collect();
        alive.then(|| Self::OutOfReach { host, masters, reason: reason.to_owned() })
    }

    /// Whether a Spark client gets an answer, from an edge host that knows all of these masters.
    ///
    /// One that does not know them yet is about to reload, and only after that it is what clients will meet.
    pub fn serves<'a>(&self, masters: impl IntoIterator<Item = &'a str>) -> bool {
        let (Self::Serves { masters: known, .. } | Self::OutOfReach { masters: known, .. }) = self else {
            return false;
        };
        masters.into_iter().all(|master| known.contains(&without_brackets(master)))
    }

    /// What to do about it, as an imperative; `None` where clients get an answer, or a master comes by itself.
    #[must_use]
    pub fn hint(&self, edge_job: &str) -> Option<String> {
        match self {
            Self::Serves { .. } | Self::NoMaster { .. } => None,
            Self::OutOfReach { .. } => Some(
                "give this machine a route to the address, or run Spark clients where there is one; `nomspark drill` needs one too"
                    .to_owned(),
            ),
            Self::LeadsNowhere { host, .. } => Some(format!(
                "restart HAProxy with `nomad job restart -task haproxy -yes {edge_job}`; if that does not help, let {host} reach the \
                 RPC ports of the masters"
            )),
            Self::Unanswered { .. } => {
                Some(format!("see who should have it: `nomspark logs {edge_job} --task keepalived`"))
            }
        }
    }
}

/// HOST:PORT as HAProxy's list has it, which writes IPv6 without brackets.
fn without_brackets(address: &str) -> String {
    address.replace(['[', ']'], "")
}

/// Asks once as a Spark client does that is given the `spark://` URL. `limit` bounds the connection and the answer, each.
pub async fn ask(address: FloatingAddress, limit: Duration) -> Result<(), NoAnswer> {
    rpc::ask(SocketAddr::new(address.address, address.port), limit).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serves(masters: &[&str]) -> AddressState {
        let masters = masters.iter().map(|master| (*master).to_owned()).collect();
        AddressState::Serves { host: "borie".to_owned(), masters }
    }

    #[test]
    fn an_address_serves_once_its_host_knows_every_master() {
        let state = serves(&["10.0.0.1:7077", "fd00::2:7077"]);
        assert!(state.serves([]));
        assert!(state.serves(["10.0.0.1:7077", "[fd00::2]:7077"]));
        assert!(!state.serves(["10.0.0.1:7077", "10.0.0.3:7077"]));
    }

    #[test]
    fn a_state_reads_as_a_sentence_and_says_what_to_do() {
        let nowhere = AddressState::LeadsNowhere { host: "borie".to_owned(), reason: NoAnswer::Closed };
        assert!(!nowhere.serves([]));
        assert_eq!(
            format!("10.0.0.9 {nowhere}"),
            "10.0.0.9 leads nowhere: borie has it, Spark's UI there says ALIVE, and the port of spark:// URLs closes the \
             connection before a Spark master answers"
        );
        assert!(nowhere.hint("spark-edge").unwrap().contains("`nomad job restart -task haproxy -yes spark-edge`"));
        assert_eq!(serves(&[]).hint("spark-edge"), None);
    }

    #[test]
    fn an_edge_host_tells_what_this_machine_cannot_see() {
        let told = |text: &str| AddressState::told_by_an_edge_host(text, "network is unreachable");
        let status = "{ \"status\" : \"ALIVE\"}";
        let state = told(&format!("\"borie\"\n\"10.0.0.1:7077 10.0.0.2:7077 \"\n{status}\nrpc\n")).unwrap();
        assert_eq!(
            state.to_string(),
            "answers from borie to the edge hosts, and not to this machine: network is unreachable"
        );
        assert!(state.serves(["10.0.0.2:7077"]) && !state.serves(["10.0.0.3:7077"]));
        assert_eq!((state.host(), state.word()), (Some("borie"), "out_of_reach"));
        assert_eq!(told(&format!("\"borie\"\n\"\"\n{status}\n")), None);
        assert_eq!(told("\"borie\"\n\"\"\n{ \"status\" : \"STANDBY\"}\nrpc\n"), None);
        assert_eq!(told(""), None);
    }
}
