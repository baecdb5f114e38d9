//! The programs that the files are for, asked what they think of them.

use std::path::Path;

use nomspark::plan::EdgeVariables;
use nomspark::spec::EdgeHost;

use crate::support::lab::program;
use crate::support::run::Run;

/// A network of its own, so that an interface of any name can be there with the host's address; a bridge, because every
/// kernel that runs the lab has those.
const ON_THE_HOST: &str = r#"
set -e
ip link set lo up
ip link add "$1" type bridge
ip address add "$2" dev "$1"
ip link set "$1" up
exec "$3" --config-test --log-console --use-file "$4"
"#;

/// Namespaces are root's.
pub(super) fn need_root() {
    let root = nix::unistd::geteuid().is_root();
    assert!(root, "an interface to try with needs root: run this test as root, such as with `sudo -E make test`");
}

/// Runs a check. What a program says at all counts as well: it warns about what it does not understand.
fn check(run: Run) -> Result<(), String> {
    let done = run.run();
    let said = done.text() + &done.stderr;
    let silent = said.lines().all(|line| line == "Configuration file is valid");
    if done.status.success() && silent { Ok(()) } else { Err(format!("{}: {said}", done.status)) }
}

/// Has HAProxy check its configuration.
pub(super) fn haproxy(configuration: &Path) -> Result<(), String> {
    check(Run::program(program("haproxy"), ["-c", "-f"]).arg(configuration))
}

/// Has keepalived check its configuration, on a host with the interface and the address that it is for.
pub(super) fn keepalived(configuration: &Path, edge: &EdgeVariables, host: &EdgeHost) -> Result<(), String> {
    need_root();
    let address = format!("{}/{}", host.address, edge.edge.vip.prefix_len());
    let run = Run::program("unshare", ["--net", "bash", "-c", ON_THE_HOST, "bash", host.interface.as_str(), &address]);
    check(run.arg(program("keepalived")).arg(configuration))
}

/// Has bash read a script without running it.
pub(super) fn bash(script: &Path) -> Result<(), String> {
    check(Run::program("bash", ["-n"]).arg(script))
}

/// Has Consul check the definitions in a folder.
pub(super) fn consul(folder: &Path) -> Result<(), String> {
    let done = Run::program(program("consul"), ["validate"]).arg(folder).run();
    let said = done.text() + &done.stderr;
    if done.status.success() { Ok(()) } else { Err(said) }
}
