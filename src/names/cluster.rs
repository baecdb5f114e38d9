//! A cluster, the runs of applications in it, and what Nomad and Consul call their parts.

use super::require;

/// `[a-z0-9]([a-z0-9-]*[a-z0-9])?`, at most `longest` characters.
pub(super) fn is_dns_label(text: &str, longest: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=longest).contains(&text.len())
        && text.bytes().all(|byte| plain(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

name! {
    /// The name of a cluster: the prefix of its Nomad jobs and Consul services. Default `spark`.
    ///
    /// Consul serves services by DNS, so the name is a DNS label (RFC 1123): `[a-z0-9]([a-z0-9-]*[a-z0-9])?`. It has at
    /// most 40 characters, so that `NAME-wordcount-ID` stays within a label's 63.
    ///
    /// ```
    /// use nomspark::names::ClusterName;
    ///
    /// let name: ClusterName = "books".parse().unwrap();
    /// assert_eq!(name.master_job(), "books-master");
    /// assert!("Books!".parse::<ClusterName>().is_err());
    /// ```
    ClusterName, "a cluster's name", |text: &str| require(
        is_dns_label(text, 40),
        "1 to 40 lowercase letters, digits and hyphens, with no hyphen at either end, \
         because it becomes a DNS name in Consul",
    )
}

impl Default for ClusterName {
    fn default() -> Self {
        Self("spark".to_owned())
    }
}

impl ClusterName {
    /// The Nomad jobs that a deployment may register: those of the master, of the workers and of the edge.
    #[must_use]
    pub fn deployable_jobs(&self) -> [String; 3] {
        [self.master_job(), self.worker_job(), self.edge_job()]
    }

    /// The Nomad job of the master.
    #[must_use]
    pub fn master_job(&self) -> String {
        format!("{self}-master")
    }

    /// The Nomad job of the workers.
    #[must_use]
    pub fn worker_job(&self) -> String {
        format!("{self}-worker")
    }

    /// The Nomad job of `HAProxy` and keepalived on the edge hosts.
    #[must_use]
    pub fn edge_job(&self) -> String {
        format!("{self}-edge")
    }

    /// The Nomad job that looks at the edge hosts before anything changes, once.
    #[must_use]
    pub fn preflight_job(&self, id: &RunId) -> String {
        format!("{self}-preflight-{id}")
    }

    /// The Nomad job of one run of `WordCount`.
    #[must_use]
    pub fn wordcount_job(&self, id: &RunId) -> String {
        format!("{self}-wordcount-{id}")
    }

    /// The run whose [job](Self::wordcount_job) that is.
    #[must_use]
    pub fn wordcount_run(&self, job: &str) -> Option<RunId> {
        job.strip_prefix(&format!("{self}-wordcount-"))?.parse().ok()
    }

    /// The Nomad job of one run of a user's application.
    #[must_use]
    pub fn app_job(&self, id: &RunId) -> String {
        format!("{self}-app-{id}")
    }

    /// The Consul service of the master's RPC port.
    #[must_use]
    pub fn master_service(&self) -> String {
        format!("{self}-master")
    }

    /// The Consul service of the master's UI port.
    #[must_use]
    pub fn master_ui_service(&self) -> String {
        format!("{self}-master-ui")
    }

    /// The Consul service of the workers.
    #[must_use]
    pub fn worker_service(&self) -> String {
        format!("{self}-worker")
    }

    /// Where everything of the cluster stands in Consul's KV store.
    #[must_use]
    pub fn key_prefix(&self) -> String {
        format!("nomspark/{self}/")
    }

    /// The key of Consul's KV store that names the edge host which holds the floating address.
    #[must_use]
    pub fn holder_key(&self) -> String {
        self.key_prefix() + "edge/holder"
    }

    /// The key of Consul's KV store that the leading master holds.
    #[must_use]
    pub fn leader_key(&self) -> String {
        self.key_prefix() + "master/leader"
    }

    /// The Consul service of the edge hosts.
    #[must_use]
    pub fn edge_service(&self) -> String {
        format!("{self}-edge")
    }
}

name! {
    /// What tells one run of an application from the others: the `ID` in `NAME-wordcount-ID`.
    ///
    /// A DNS label of at most 12 characters: with the longest cluster name and `-wordcount-` that makes 63.
    RunId, "a run's id", |text: &str| require(
        is_dns_label(text, 12),
        "1 to 12 lowercase letters, digits and hyphens, with no hyphen at either end",
    )
}

impl From<u32> for RunId {
    /// Eight hexadecimal digits.
    fn from(number: u32) -> Self {
        Self(format!("{number:08x}"))
    }
}
