//! What runs the edge's programs.

use super::*;

#[test]
fn docker_needs_an_image_and_exec_cannot_be() {
    let image = "driver = \"docker\"\nimage = \"registry.example/edge:1\"";
    let docker = edge(&format!("vip = \"10.0.0.9/24\"\n{image}{HOSTS}")).unwrap();
    assert_eq!(docker.driver, EdgeDriver::Docker { image: "registry.example/edge:1".parse().unwrap() });
    let raw_exec = edge(&format!("vip = \"10.0.0.9/24\"\ndriver = \"raw_exec\"{HOSTS}")).unwrap();
    assert_eq!(raw_exec.driver, EdgeDriver::default());
    refused(&[
        ("driver = \"docker\"", "1:1: block `edge` has the driver `docker` and no `image`; write `image = "),
        ("driver = \"docker\"", "that holds HAProxy, keepalived, bash, "),
        ("driver = \"docker\"\nimage = \"an image\"", "3:9: `an image` is not an image reference"),
        ("image = \"edge:1\"", "2:9: `image` is for the driver `docker`"),
        ("driver = \"raw_exec\"\nimage = \"edge:1\"", "3:9: `image` is for the driver `docker`"),
        (
            "driver = \"exec\"",
            "2:10: `exec` cannot run an edge: its tasks have no right to change the host's addresses",
        ),
        ("driver = \"podman\"", "`podman` is not a driver that nomspark knows; write `raw_exec`, or `docker`"),
        ("driver = docker", "expected a string"),
        ("container = \"edge:1\"", "did you mean `image`?"),
    ]);
}
