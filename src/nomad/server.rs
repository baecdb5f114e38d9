//! Nomad's own words in answers that are errors, and what to do about them.

use crate::http::Server;

/// Nomad, as the client of HTTP needs to know it.
///
/// Source of the capabilities: <https://developer.hashicorp.com/nomad/docs/other-specifications/acl-policy>.
pub static SERVER: Server = Server {
    name: "Nomad",
    token_variable: "NOMAD_TOKEN",
    token_header: "X-Nomad-Token",
    unreachable_hint: "set NOMAD_ADDR to Nomad's address, or start a cluster on this machine with `nomspark lab up`",
    crowded_hint: "find out who holds the connections of this address (`ss -tnp`), or raise \
                   `limits.http_max_conns_per_client` of Nomad's agent (100 by default)",
    // It answers 500 with these words to a token that it does not know.
    refusals: &["Permission denied", "ACL not found"],
    finals: &[
        "Enforcing job modify index",
        "nonexistent",
        "validation failed",
        "error(s) occurred",
        "not allowed",
        "must be",
        "no such",
    ],
    hints: &[("No path to region", "name a region with --region or NOMAD_REGION that `nomad server members` lists")],
    capabilities: &[
        ("/v1/client/fs/logs", "read-logs in the namespace"),
        ("/v1/client/fs", "read-fs in the namespace"),
        ("/exec", "alloc-exec in the namespace (with raw_exec also alloc-node-exec)"),
        ("/signal", "alloc-lifecycle in the namespace"),
        ("/stop", "alloc-lifecycle in the namespace"),
        ("/drain", "node write"),
        ("/v1/jobs/parse", "submit-job in the namespace"),
        ("POST /v1/jobs", "submit-job in the namespace"),
        ("GET /v1/jobs", "list-jobs in the namespace"),
        ("DELETE /v1/job", "submit-job in the namespace"),
        ("/plan", "submit-job in the namespace"),
        ("/v1/node", "node read"),
        ("/v1/job", "read-job in the namespace"),
        ("/v1/event/stream", "read-job in the namespace"),
    ],
};
