//! What runs a program of Spark with the master that leads, alone: the cluster is what this test says.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use crate::support::lab::CHECKOUT;
use crate::support::run::Run;
use crate::support::{at_the_end, free_ports, wait_until};

use super::cluster::LIMIT;

/// Notes each start, and hangs when it is told to end.
const STUBBORN: &str = "trap '' TERM; echo \"$1\" >> \"$0\"; while true; do sleep 0.1; done";

/// Notes each start, and runs until it is told to end.
const DOCILE: &str = "echo \"$1\" >> \"$0\"; exec sleep 600";

/// A web UI; a path for which there is no page gets no answer.
fn web_ui(mut page: impl FnMut(&str) -> Option<String> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let lines = BufReader::new(&connection).lines().map_while(Result::ok);
            let asked: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let path = asked.first().and_then(|line| line.split(' ').nth(1));
            if let Some(page) = page(path.unwrap_or_default()) {
                // Who asks may have gone meanwhile.
                let _ = write!(&connection, "HTTP/1.0 200 OK\r\n\r\n{page}");
            }
        }
    });
    address
}

/// What the master at that port says, which has a worker in that state.
fn master(port: u16, state: &str) -> String {
    format!(
        "{{\n\"url\" : \"spark://127.0.0.1:{port}\",\n\"workers\" : [ {{\n\"id\" : \"worker-1-127.0.0.1-9\",\n\
         \"state\" : \"{state}\"\n}} ]\n}}\n"
    )
}

/// The command that follows the masters of a web UI with a program, which gets a file and the master's URL.
fn follow(script: &Path, ui: &str, program: &str, starts: &Path) -> Run {
    let words = ["-127.0.0.1-9\"", "/bin/bash", "-c", program];
    Run::program("/bin/bash", [script]).args([ui, "URL"]).args(words).arg(starts).arg("URL")
}

/// Ends whatever has this word in its command line when it is dropped.
struct Ended(String);

impl Drop for Ended {
    fn drop(&mut self) {
        at_the_end(|| drop(Run::program("pkill", ["-KILL", "-f", &self.0]).run()));
    }
}

#[test]
fn a_program_that_would_not_end_is_started_with_the_master_that_leads() {
    let folder = tempfile::tempdir().unwrap();
    let starts = folder.path().join("starts");
    let [port] = free_ports();
    let ui = web_ui(move |_| Some(master(port, "DEAD")));
    let _ended = Ended(starts.to_str().unwrap().to_owned());
    let mut run = follow(&Path::new(CHECKOUT).join("jobs/follow.sh"), &ui, STUBBORN, &starts).spawn();
    run.wait_until_told("knows nothing of this program: starting it again");
    let url = format!("spark://127.0.0.1:{port}\n");
    wait_until("the program to start again", LIMIT, || {
        fs::read_to_string(&starts).is_ok_and(|told| told == url.repeat(2))
    });
}

#[test]
fn a_program_that_a_new_master_gave_up_while_nobody_could_ask_it_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let starts = folder.path().join("starts");
    // The same with shorter waits.
    let script = fs::read_to_string(Path::new(CHECKOUT).join("jobs/follow.sh")).unwrap();
    let hasty = script.replace("connected 30 ", "connected 1 ").replace("patience=20", "patience=1");
    assert_eq!(script.len() - hasty.len(), 2, "the waits have other names now");
    fs::write(folder.path().join("follow.sh"), hasty).unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let [first] = free_ports();
    let second = listener.local_addr().unwrap().port();
    let mut looks = 0;
    let ui = web_ui(move |path| {
        looks += u32::from(path == "/json/");
        match looks {
            1 => Some(master(first, "ALIVE")),
            2 => Some(master(second, "ALIVE")),
            // The address is on its way just when the program's new master is asked for it.
            3 if path == "/json/" => None,
            _ => Some(master(second, "DEAD")),
        }
    });
    let _ended = Ended(starts.to_str().unwrap().to_owned());
    let mut run = follow(&folder.path().join("follow.sh"), &ui, DOCILE, &starts).spawn();
    run.wait_until_told("knows nothing of this program: starting it again");
    let urls = [first, second].map(|port| format!("spark://127.0.0.1:{port}\n")).concat();
    wait_until("the program to start again", LIMIT, || fs::read_to_string(&starts).is_ok_and(|told| told == urls));
}
