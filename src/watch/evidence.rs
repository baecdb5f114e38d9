//! Whom to ask why something failed, beyond what lists and events tell.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::timeout;

use crate::consul::Consul;
use crate::explain;
use crate::nomad::Nomad;

/// How long a node or Consul may take to answer: a failure is told all the same.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
/// How much of a check's output is told, in characters.
const OUTPUT: usize = 300;

/// The clients.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Nomad.
    pub nomad: &'a Nomad,
    /// Consul, which may be away: then its health checks are not told.
    pub consul: &'a Consul,
}

impl Evidence<'_> {
    /// The checks of an allocation that fail, and what each said last.
    pub(super) async fn failing_checks(self, allocation: &str) -> BTreeMap<String, String> {
        let asked = async {
            let (of_nomad, of_consul) =
                tokio::join!(self.nomad.allocation_checks(allocation), self.consul.failing_checks(allocation));
            let of_nomad = of_nomad.unwrap_or_default().into_iter();
            let of_nomad = of_nomad.filter(|check| check.status == "failure").map(|check| (check.name, check.output));
            let of_consul = of_consul.unwrap_or_default().into_iter().map(|check| (check.name, check.output));
            of_nomad.chain(of_consul).map(|(name, output)| (name, shortened(&output))).collect()
        };
        timeout(TIMEOUT, asked).await.unwrap_or_default()
    }
}

/// A check's output on one line, and not too long.
fn shortened(output: &str) -> String {
    let cut: String = explain::one_line(output).chars().take(OUTPUT).collect();
    if cut.is_empty() { "nothing".to_owned() } else { cut }
}
