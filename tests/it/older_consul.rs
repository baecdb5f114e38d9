//! Debian's Consul, which `make demo` sets up because it takes seconds to fetch: the core works with it too.

use std::ffi::OsString;
use std::path::Path;

use tempfile::TempDir;

use crate::support::at_the_end;
use crate::support::lab::CHECKOUT;
use crate::support::run::Run;

/// Not those of the labs that tests share.
const NOMAD_PORT: &str = "14906";
const CONSUL_PORT: &str = "19560";

/// A lab with Debian's Consul; it ends with this.
struct Older {
    folder: TempDir,
}

impl Older {
    fn nomspark(&self, arguments: &[&str]) -> Run {
        let consul = Path::new(CHECKOUT).join(".tools/consul-debian");
        assert!(consul.join("consul").is_file(), "Debian's Consul is missing: run `tools/setup.sh --for-tests` first");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path: OsString = std::env::join_paths([consul].into_iter().chain(std::env::split_paths(&path))).unwrap();
        let run = Run::nomspark(arguments).args(["-o", "json"]).env("PATH", path).dir(CHECKOUT);
        let run = run.env("XDG_STATE_HOME", self.folder.path());
        run.env("NOMAD_ADDR", format!("http://127.0.0.1:{NOMAD_PORT}"))
            .env("CONSUL_HTTP_ADDR", format!("http://127.0.0.1:{CONSUL_PORT}"))
    }
}

impl Drop for Older {
    fn drop(&mut self) {
        at_the_end(|| drop(self.nomspark(&["lab", "down"]).run().ok()));
    }
}

#[test]
fn a_cluster_is_deployed_and_words_are_counted_with_debian_s_consul() {
    let older = Older { folder: tempfile::tempdir().unwrap() };
    older.nomspark(&["lab", "up", "--nomad-port", NOMAD_PORT, "--consul-port", CONSUL_PORT]).run().ok();
    let lab = older.nomspark(&["lab", "status"]).run().ok().json();
    assert!(lab.to_string().contains("1.8.7"), "{lab:#}");
    older.nomspark(&["deploy"]).run().ok();
    let counted = older.nomspark(&["wordcount", "--input", "examples/alice.txt", "--top", "1"]).run().ok().json();
    assert_eq!(counted["top"][0][0], "the", "{counted:#}");
    let status = older.nomspark(&["status"]).run().ok().json();
    assert_eq!(status["masters"][0]["state"], "ALIVE", "{status:#}");
    older.nomspark(&["stop", "--yes"]).run().ok();
}
