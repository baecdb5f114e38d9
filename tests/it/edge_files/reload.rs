//! HAProxy and reload.sh as on an edge host, before masters that this test plays: every client reaches the one that leads,
//! and stays connected to it, however often HAProxy reads its configuration again.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use reqwest::Method;
use tempfile::NamedTempFile;

use crate::support::lab::program;
use crate::support::run::Run;
use crate::support::{at_the_end, free_ports, http, wait_until};

use super::edges::{EdgeFiles, all};
use super::template::Master;

/// What a connection may take to be answered; the old HAProxy needs a while to let go of its ports on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);
/// How often HAProxy reloads.
const RELOADS: usize = 50;

/// Serves a port, line by line, with what an answer is made of: the port's number and the line.
fn serve(answer: impl Fn(u16, &str) -> Option<String> + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || {
                for line in BufReader::new(&connection).lines().map_while(Result::ok) {
                    let answer = answer(port, &line).unwrap_or_default();
                    if (&connection).write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

/// A master whose UI gives this status unless it stands still, and whose RPC port answers every line with its own number.
fn master(status: &str, stands_still: &Arc<AtomicBool>) -> Master {
    let page = format!("{{ \"status\" : \"{status}\" }}");
    let page = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    let stands_still = Arc::clone(stands_still);
    let ui_port = serve(move |_, line| {
        let answers = line.is_empty() && !stands_still.load(Ordering::Relaxed);
        answers.then(|| page.clone())
    });
    let port = serve(|port, _| Some(format!("{port}\n")));
    Master { address: [127, 0, 0, 1].into(), port, ui_port }
}

/// A connection through the address.
struct Session(BufReader<TcpStream>);

impl Session {
    fn open(port: u16) -> Option<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Some(Self(BufReader::new(stream)))
    }

    /// The number of the master at its other end.
    fn ask(&mut self) -> Option<u16> {
        self.0.get_mut().write_all(b"who\n").ok()?;
        let mut line = String::new();
        self.0.read_line(&mut line).ok()?;
        line.trim().parse().ok()
    }
}

/// HAProxy with the configuration that Nomad's client would write.
struct Proxy {
    files: EdgeFiles,
    port: u16,
    ui_port: u16,
    statistics: u16,
    process: Option<Child>,
    log: NamedTempFile,
}

impl Proxy {
    fn new() -> Self {
        let [port, ui_port, statistics] = free_ports();
        let log = NamedTempFile::new().unwrap();
        Self { files: all().remove(0), port, ui_port, statistics, process: None, log }
    }

    /// Writes the configuration for these masters; the floating address is this machine's loopback here.
    fn configure(&self, masters: &[Master]) -> PathBuf {
        let host = &self.files.hosts()[0];
        let state = self.files.task_folder(host).join("servers.state");
        let known = fs::read(&state).ok();
        let path = self.files.task_file(host, "haproxy.cfg", masters);
        // Only the first start gets the state from Nomad.
        if let Some(known) = known {
            fs::write(state, known).unwrap();
        }
        let edge = &self.files.variables.edge;
        let text = fs::read_to_string(&path).unwrap();
        let vip = edge.floating_address();
        let text = text
            .replace(
                &format!("bind {}:{} transparent", vip.address, vip.port),
                &format!("bind 127.0.0.1:{}", self.port),
            )
            .replace(
                &format!("bind {}:{} transparent", vip.address, vip.ui_port),
                &format!("bind 127.0.0.1:{}", self.ui_port),
            )
            .replace(&format!("bind 127.0.0.1:{}", edge.stats_port), &format!("bind 127.0.0.1:{}", self.statistics));
        assert!(!text.contains(&format!("bind {}", vip.address)), "{text}");
        fs::write(&path, text).unwrap();
        path
    }

    fn start(&mut self, masters: &[Master]) {
        let configuration = self.configure(masters);
        let pid = configuration.with_file_name("haproxy.pid");
        let mut command = Command::new(program("haproxy"));
        command.args(["-W", "-db", "-p"]).arg(pid).arg("-f").arg(configuration).stderr(self.log.reopen().unwrap());
        self.process = Some(command.spawn().unwrap());
    }

    /// What Nomad's client does when the masters change.
    fn reload(&self, masters: &[Master]) {
        self.configure(masters);
        let script = self.files.task_file(&self.files.hosts()[0], "reload.sh", &[]);
        Run::program("/bin/bash", [script]).arg(self.statistics.to_string()).run().ok();
    }

    /// Whether its statistics say that a master is up.
    fn calls_up(&self, master: Master) -> bool {
        let page = http::request(Method::GET, &format!("http://127.0.0.1:{}/;csv", self.statistics), None);
        let name = format!("masters,127.0.0.1:{}:", master.port);
        page.is_some_and(|page| page.body.lines().any(|line| line.starts_with(&name) && line.contains(",UP")))
    }

    fn said(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap()
    }

    /// How often a master did not answer HAProxy in time, as on a busy machine.
    fn timeouts(&self, master: Master) -> usize {
        let down = format!("Server masters/127.0.0.1:{}:{} is DOWN, reason: Layer", master.port, master.ui_port);
        let said = self.said();
        let warnings = said.lines().filter(|line| line.starts_with("[WARNING]"));
        warnings.filter(|line| line.contains(&down) && line.contains(" timeout,")).count()
    }

    /// The processes of HAProxy that still serve somebody.
    fn workers(&self) -> usize {
        let parent = self.process.as_ref().unwrap().id();
        let children = format!("/proc/{parent}/task/{parent}/children");
        fs::read_to_string(children).unwrap().split_whitespace().count()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        at_the_end(|| {
            // Its workers end with it, also those that wait for their sessions.
            let pid = nix::unistd::Pid::from_raw(i32::try_from(process.id()).unwrap());
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
            process.wait().unwrap();
        });
    }
}

#[test]
fn every_client_reaches_the_master_that_leads_however_often_haproxy_reloads() {
    let stands_still = Arc::default();
    let (leads, stands_by) = (master("ALIVE", &stands_still), master("STANDBY", &Arc::default()));
    let both = [leads, stands_by];
    let alone = &both[..1];
    let mut proxy = Proxy::new();
    proxy.start(alone);
    let (mut sessions, mut slow) = (Vec::new(), 0);
    wait_until("HAProxy to lead to the master", LIMIT, || {
        let mut session = Session::open(proxy.port);
        let answers = session.as_mut().and_then(Session::ask) == Some(leads.port);
        sessions = session.into_iter().collect();
        answers
    });
    for round in 1..=RELOADS {
        proxy.reload(if round % 2 == 1 { &both } else { alone });
        // Without a wait: what was known before the reload holds after it.
        let mut session = Session::open(proxy.port).unwrap();
        let mut reached = session.ask();
        // HAProxy may find the master too slow, on a machine that is busy, and says so.
        if reached.is_none() && proxy.timeouts(leads) > slow {
            slow = proxy.timeouts(leads);
            wait_until("HAProxy to call the master up", LIMIT, || proxy.calls_up(leads));
            session = Session::open(proxy.port).unwrap();
            reached = session.ask();
        }
        assert_eq!(reached, Some(leads.port), "a client that comes after reload {round}: {}", proxy.said());
        if round % 10 == 0 {
            sessions.push(session);
        }
        for (number, session) in sessions.iter_mut().enumerate() {
            assert_eq!(session.ask(), Some(leads.port), "session {number}, open through reload {round}");
        }
    }
    // A master that does not answer for a while is given nobody new, and loses nobody who is there.
    stands_still.store(true, Ordering::Relaxed);
    wait_until("HAProxy to take the master for down", LIMIT, || {
        Session::open(proxy.port).as_mut().and_then(Session::ask).is_none()
    });
    stands_still.store(false, Ordering::Relaxed);
    wait_until("HAProxy to lead to it again", LIMIT, || {
        Session::open(proxy.port).as_mut().and_then(Session::ask) == Some(leads.port)
    });
    for session in &mut sessions {
        assert_eq!(session.ask(), Some(leads.port), "a session over a stand-still");
    }
    // One process serves what comes, and one each the sessions that came between two reloads.
    wait_until("the other processes of HAProxy to end", LIMIT, || proxy.workers() <= sessions.len() + 1);
}
