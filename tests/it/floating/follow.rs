//! What runs a program of Spark with the master that leads, alone: the cluster is what this test says.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use crate::support::lab::CHECKOUT;
use crate::support::run::Run;
use crate::support::{at_the_end, wait_until};

use super::cluster::LIMIT;

/// Notes each start, and hangs when it is told to end.
const STUBBORN: &str = "trap '' TERM; echo \"$1\" >> \"$0\"; while true; do sleep 0.1; done";

/// The web UI of a master at that port, which has given the program up.
fn web_ui(master: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let page = format!(
        "{{\n\"url\" : \"spark://127.0.0.1:{master}\",\n\"workers\" : [ {{\n\"id\" : \"worker-1-127.0.0.1-9\",\n\
         \"state\" : \"DEAD\"\n}} ]\n}}\n"
    );
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let mut lines = BufReader::new(&connection).lines();
            let asked = lines.by_ref().take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()));
            let _ = asked.count();
            // Who asks may have gone meanwhile.
            let _ = write!(&connection, "HTTP/1.0 200 OK\r\n\r\n{page}");
        }
    });
    port
}

/// Ends whatever has this word in its command line when it is dropped.
struct Ended(String);

impl Drop for Ended {
    fn drop(&mut self) {
        at_the_end(|| drop(Run::program("pkill", ["-KILL", "-f", &self.0]).run()));
    }
}

#[test]
fn a_program_that_does_not_end_is_killed_and_started_with_the_master_that_leads() {
    let folder = tempfile::tempdir().unwrap();
    let starts = folder.path().join("starts");
    // Nobody listens at the master's port any more.
    let master = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ui = format!("127.0.0.1:{}", web_ui(master));
    let script = Path::new(CHECKOUT).join("jobs/follow.sh");
    let arguments = [script.to_str().unwrap(), &ui, "URL", "-127.0.0.1-9\"", "/bin/bash", "-c", STUBBORN];
    let _ended = Ended(starts.to_str().unwrap().to_owned());
    let mut run = Run::program("/bin/bash", arguments).args([starts.to_str().unwrap(), "URL"]).spawn();
    run.wait_until_told("knows nothing of this program: starting it again");
    run.wait_until_told("it did not end within 15 s: killed");
    let url = format!("spark://127.0.0.1:{master}\n");
    wait_until("the program to start again", LIMIT, || {
        fs::read_to_string(&starts).is_ok_and(|told| told == url.repeat(2))
    });
}
