//! Jobs of the driver docker, on a real Docker engine: what keeps a container from running, and what ends it.

use super::{File, LIMIT, ONE_TRY};
use crate::support::docker::IMAGE;
use crate::support::lab::{with_docker, with_docker_that_stops};
use crate::support::run::Failure;
use crate::support::wait_until;

/// Tried again when the engine has ended, also on a busy machine.
const SOON: &str = "restart {\nattempts = 20\ninterval = \"10m\"\ndelay = \"15s\"\nmode = \"delay\"\n}";

/// Runs a program of an image and watches it fail.
fn failed(id: &str, image: &str, command: &str, arguments: &str) -> Failure {
    let file = File::command(id, "batch", command).driver("docker");
    let file = file.config(&format!("image = \"{image}\"\nnetwork_mode = \"host\"\nargs = [{arguments}]"));
    file.reserve(20, 64).group(ONE_TRY).run_in(with_docker()).watch().run().fails(6)
}

#[test]
fn an_image_that_cannot_be_fetched_is_told() {
    // Nothing listens at that port.
    let told = failed("image", "127.0.0.1:1/nothing:1", "true", "");
    told.shows("its driver could not start it: Failed to pull `")
        .says("127.0.0.1:1/nothing:1")
        .says("connection refused")
        .hints("check the image's name and tag");
}

#[test]
fn a_program_that_its_image_lacks_is_told() {
    let told = failed("image-program", IMAGE, "/opt/nothing", "");
    told.shows("its driver could not start it: its image has no program ").says("/opt/nothing").hints("--spark-home");
    let told = failed("image-path", IMAGE, "nothing", "");
    told.says("its driver could not start it: its image has no program nothing").hints("PATH");
}

#[test]
fn a_capability_that_docker_s_plugin_refuses_is_told() {
    let file = File::command("image-capability", "batch", "true").driver("docker");
    let file = file.config(&format!("image = \"{IMAGE}\"\nnetwork_mode = \"host\"\ncap_add = [\"net_admin\"]"));
    let told = file.group(ONE_TRY).run_in(with_docker()).watch().run().fails(6);
    told.shows("driver does not allow the following capabilities: net_admin").hints("`allow_caps`");
}

#[test]
fn a_system_job_that_nomad_gave_up_because_docker_was_restarted_is_told() {
    let file = File::command("image-system", "system", "sleep").driver("docker");
    let file = file
        .config(&format!("image = \"{IMAGE}\"\nnetwork_mode = \"host\"\nargs = [\"600\"]"))
        .reserve(20, 64)
        .group(SOON);
    let job = file.run_in(with_docker_that_stops());
    let statuses = || -> Vec<String> {
        let allocations = job.lab.allocations(&job.id);
        allocations.iter().map(|allocation| allocation["ClientStatus"].as_str().unwrap().to_owned()).collect()
    };
    wait_until("the container to run", LIMIT, || statuses() == ["running"]);
    let watching = job.watch().spawn();
    job.lab.engine().stop();
    let told = watching.wait().fails(6).shows("its driver could not start it: failed to fetch docker daemon info");
    told.hints("Docker").hints(&format!("`nomad job eval {}`", job.id));

    job.lab.engine().start_again();
    wait_until("Nomad to find Docker well", LIMIT, || {
        job.lab.nomad_get("/v1/nodes")[0]["Drivers"]["docker"]["Healthy"] == true
    });
    // The plugin may call Docker well a moment before it can use it: what failed once more is asked for once more.
    let mut failed = 0;
    wait_until("the container to run again", LIMIT, || {
        let statuses = statuses();
        if statuses.len() > failed && statuses[0] == "failed" {
            failed = statuses.len();
            job.lab.nomad(&["job", "eval", "-detach", &job.id]).ok();
        }
        statuses[0] == "running"
    });
}
