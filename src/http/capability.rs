//! Which capability of a token a request needs.

/// What Nomad's ACL asks for, by the request that was refused.
///
/// Source: <https://developer.hashicorp.com/nomad/docs/other-specifications/acl-policy>.
pub(super) fn capability(what: &str) -> Option<&'static str> {
    const CAPABILITIES: [(&str, &str); 14] = [
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
    ];
    CAPABILITIES.iter().find(|(path, _)| what.contains(path)).map(|(_, capability)| *capability)
}
