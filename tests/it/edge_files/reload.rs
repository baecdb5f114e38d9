//! HAProxy and reload.sh as on an edge host, before masters that this test plays: every client reaches the one that leads,
//! also who comes before it leads, and stays connected to it, however often HAProxy reads its configuration again.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use reqwest::Method;
use tempfile::NamedTempFile;

use crate::support::lab::program;
use crate::support::run::Run;
use crate::support::{at_the_end, free_ports, http, wait_until};

use super::edges::{EdgeFiles, all};
use super::template::Master;

/// What a connection may take to be answered; the old HAProxy needs a while to let go of its ports on a busy machine, and
/// keeps a client for 15 s that it can lead nowhere.
const LIMIT: Duration = Duration::from_secs(30);
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

/// What a played master's UI says; nothing while it stands still.
#[derive(Clone, Default)]
struct Status(Arc<Mutex<Option<&'static str>>>);

impl Status {
    fn of(word: &'static str) -> Self {
        Self(Arc::new(Mutex::new(Some(word))))
    }

    fn set(&self, word: Option<&'static str>) {
        *self.0.lock().unwrap() = word;
    }
}

/// The port of a UI that gives this status.
fn ui(status: &Status) -> u16 {
    let status = status.clone();
    serve(move |_, line| {
        let page = format!("{{ \"status\" : \"{}\" }}", (*status.0.lock().unwrap())?);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        line.is_empty().then_some(answer)
    })
}

/// A master whose RPC port answers every line with its own number.
fn master(status: &Status) -> Master {
    let port = serve(|port, _| Some(format!("{port}\n")));
    Master { address: [127, 0, 0, 1].into(), port, ui_port: ui(status) }
}

/// A master that was killed a moment ago: its RPC port refuses, and HAProxy takes it for up.
fn killed(status: &Status) -> Master {
    let [port] = free_ports();
    Master { address: [127, 0, 0, 1].into(), port, ui_port: ui(status) }
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

    /// A client that comes now: the number of the master that it reaches, in the end.
    fn client(&self) -> JoinHandle<Option<u16>> {
        let session = Session::open(self.port);
        thread::spawn(|| session?.ask())
    }

    /// The lines of its statistics about the servers of the backend of masters.
    fn statistics(&self) -> Vec<String> {
        let page = http::request(Method::GET, &format!("http://127.0.0.1:{}/;csv", self.statistics), None);
        let lines = page.iter().flat_map(|page| page.body.lines());
        lines.filter_map(|line| line.strip_prefix("masters,")).map(str::to_owned).collect()
    }

    /// Whether its statistics say that a master is up.
    fn calls_up(&self, master: Master) -> bool {
        let name = format!("127.0.0.1:{}:", master.port);
        self.statistics().iter().any(|line| line.starts_with(&name) && line.contains(",UP"))
    }

    /// How often it tried a master again that did not take a connection (`wretr` and `wredis`).
    fn retries(&self) -> u64 {
        let lines = self.statistics();
        let backend = lines.iter().find(|line| line.starts_with("BACKEND,"));
        let fields = backend.into_iter().flat_map(|line| line.split(',').skip(14).take(2));
        fields.map(|count| count.parse::<u64>().unwrap()).sum()
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

    /// How many processes there have been to serve clients.
    fn processes(&self) -> usize {
        self.said().matches("New worker").count()
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
    let status = Status::of("ALIVE");
    let (leads, stands_by) = (master(&status), master(&Status::of("STANDBY")));
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
    status.set(None);
    wait_until("HAProxy to take the master for down", LIMIT, || !proxy.calls_up(leads));
    let comes = proxy.client();
    status.set(Some("ALIVE"));
    assert_eq!(comes.join().unwrap(), Some(leads.port), "who came during the stand-still: {}", proxy.said());
    for session in &mut sessions {
        assert_eq!(session.ask(), Some(leads.port), "a session over a stand-still");
    }
    // One process serves what comes, and one each the sessions that came between two reloads.
    wait_until("the other processes of HAProxy to end", LIMIT, || proxy.workers() <= sessions.len() + 1);
}

#[test]
fn who_connects_during_a_takeover_is_led_to_the_next_leader() {
    let (dies, next) = (Status::of("ALIVE"), Status::of("STANDBY"));
    let masters = [killed(&dies), master(&next)];
    let (dead, standby) = (masters[0], masters[1]);
    let mut proxy = Proxy::new();
    proxy.start(&masters);
    wait_until("HAProxy to know who leads", LIMIT, || proxy.calls_up(dead) && !proxy.calls_up(standby));
    let mut clients = vec![proxy.client()];
    wait_until("HAProxy to try the killed master", LIMIT, || proxy.retries() > 2);
    dies.set(None);
    wait_until("HAProxy to call the killed master down", LIMIT, || !proxy.calls_up(dead));
    clients.push(proxy.client());
    // The answer for people, who need not wait.
    let ui = http::request(Method::GET, &format!("http://127.0.0.1:{}/json/", proxy.ui_port), None).unwrap();
    assert_eq!(ui.status, 503, "{}", ui.body);
    assert!(ui.body.starts_with("No Spark master is ALIVE"), "{}", ui.body);
    thread::scope(|scope| {
        // Consul has lost the killed one. A new process would know nothing of those who wait.
        let reload = scope.spawn(|| proxy.reload(&masters[1..]));
        thread::sleep(Duration::from_secs(1));
        clients.push(proxy.client());
        assert_eq!(proxy.processes(), 1, "{}", proxy.said());
        next.set(Some("ALIVE"));
        reload.join().unwrap();
    });
    for (number, client) in clients.into_iter().enumerate() {
        assert_eq!(client.join().unwrap(), Some(standby.port), "client {number}: {}", proxy.said());
    }
    assert_eq!(proxy.processes(), 2, "the killed master is forgotten now: {}", proxy.said());
    assert!(proxy.calls_up(standby), "a new process knows at once who leads");

    // While nobody is up, what is known already needs no new process.
    next.set(None);
    wait_until("HAProxy to call the master down", LIMIT, || !proxy.calls_up(standby));
    let comes = proxy.client();
    proxy.reload(&[standby]);
    assert_eq!(proxy.processes(), 2, "{}", proxy.said());
    // A new master is worth one at once: it may be the only one that ever leads.
    let new = master(&Status::of("ALIVE"));
    proxy.reload(&[standby, new]);
    wait_until("HAProxy to lead to the new master", LIMIT, || proxy.client().join().unwrap() == Some(new.port));
    // Whoever waited in the old process tries again.
    assert_eq!(comes.join().unwrap(), None);

    // Nobody waits for ever.
    proxy.reload(&[standby]);
    wait_until("HAProxy to forget the new master", LIMIT, || !proxy.calls_up(new));
    assert_eq!(proxy.client().join().unwrap(), None);
}

#[test]
fn a_new_process_of_haproxy_knows_at_once_who_leads_and_who_does_not() {
    let (leads, stands_by) = (master(&Status::of("ALIVE")), master(&Status::of("STANDBY")));
    let mut proxy = Proxy::new();
    proxy.start(&[leads]);
    wait_until("HAProxy to lead to the master", LIMIT, || proxy.calls_up(leads));
    proxy.reload(&[leads, stands_by]);
    proxy.reload(&[leads, stands_by]);
    assert_eq!(proxy.processes(), 3, "{}", proxy.said());
    // Longer than a check of HAProxy's takes to come.
    thread::sleep(Duration::from_millis(500));
    // Who is down from the first moment need not be found down: until then nobody would be led anywhere.
    let found_down = format!("Server masters/127.0.0.1:{}:{} is DOWN, reason", stands_by.port, stands_by.ui_port);
    assert!(!proxy.said().contains(&found_down), "{}", proxy.said());
}
