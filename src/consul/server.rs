//! Consul's own words in answers that are errors, and what to do about them.

use crate::http::Server;

/// Consul, as the client of HTTP needs to know it.
pub static SERVER: Server = Server {
    name: "Consul",
    token_variable: "CONSUL_HTTP_TOKEN",
    token_header: "X-Consul-Token",
    unreachable_hint: "set CONSUL_HTTP_ADDR to Consul's address, or start a cluster on this machine with `nomspark lab up`",
    crowded_hint: "find out who holds the connections of this address (`ss -tnp`), or raise \
                   `limits.http_max_conns_per_client` of Consul's agent (200 by default)",
    // It answers 500 with these words to a token that it does not know.
    refusals: &["Permission denied", "ACL not found"],
    ..Server::open("Consul")
};
