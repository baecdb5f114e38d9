//! A cluster with a floating address in a lab of three hosts, and what kills it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use reqwest::Method;
use serde_json::Value;

use super::processes::{SlowExecutors, is_executor, network_of, processes_in, send};
use super::samples::Place;
use crate::support::hosts::Hosts;
use crate::support::lab::{CHECKOUT, lock, program};
use crate::support::run::{Run, Running};
use crate::support::{http, wait_for, wait_until};

/// What everything may take on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_mins(2);
/// What a count may take, with every fault that comes meanwhile.
const COUNTED: Duration = Duration::from_mins(10);
/// The hosts in the order of their priorities, and the last parts of their addresses.
pub(crate) const HOSTS: [(&str, u8); 3] = [("borie", 11), ("republique", 12), ("wacken", 13)];
/// Where Consul keeps who holds the address.
const HOLDER_KEY: &str = "nomspark/spark/edge/holder";
/// The last part of the floating address.
const ADDRESS: u8 = 100;

/// A lab of three hosts with a cluster behind an address.
pub(crate) struct Floating {
    pub(crate) hosts: Hosts,
    pub(crate) place: Place,
    /// The end of the address of the host whose agents are asked.
    asked: u8,
    /// The port of HAProxy's statistics.
    pub(crate) statistics: u16,
    /// Two such labs at once are too much for a small machine, where time-outs of a tenth of a second are looked at.
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Floating {
    /// Starts the lab; nothing is deployed yet.
    pub(crate) fn up(network: &'static str) -> Self {
        Self::of(Hosts::new(network))
    }

    /// The same on hosts of a kind of their own.
    pub(crate) fn of(hosts: Hosts) -> Self {
        let alone = lock(&ALONE);
        let place = Place { address: hosts.address(ADDRESS), hosts: Vec::new() };
        let mut floating = Self { hosts, place, asked: HOSTS[0].1, statistics: 8404, _alone: alone };
        floating.start_agents();
        floating
    }

    /// Starts the agents that do not run.
    pub(crate) fn start_agents(&mut self) {
        self.hosts.up();
        let state = self.hosts.state();
        let pid = |host: &Value| (host["name"].as_str().unwrap().to_owned(), host["nomad"]["pid"].as_i64().unwrap());
        self.place.hosts = state["hosts"].as_array().unwrap().iter().map(pid).collect();
    }

    /// Asks the agents of this host from now on.
    pub(crate) fn ask(&mut self, host: &str) {
        self.asked = HOSTS.iter().find(|(name, _)| *name == host).unwrap().1;
    }

    /// Writes a spec. `edge` is added to its block of that name.
    pub(crate) fn spec(&self, edge: &str) -> PathBuf {
        let path = self.hosts.folder.path().join("nomspark.hcl");
        fs::write(&path, spec_text(&self.hosts, ADDRESS, edge)).unwrap();
        path
    }

    /// nomspark with JSON.
    pub(crate) fn nomspark(&self, arguments: &[&str]) -> Run {
        self.plain(arguments).args(["-o", "json"])
    }

    /// nomspark for people.
    pub(crate) fn plain(&self, arguments: &[&str]) -> Run {
        let run = Run::nomspark(arguments).env("NOMAD_ADDR", self.hosts.nomad_at(self.asked));
        run.env("CONSUL_HTTP_ADDR", self.hosts.consul_at(self.asked))
    }

    /// Nomad's API.
    pub(crate) fn nomad(&self) -> String {
        self.hosts.nomad_at(self.asked)
    }

    /// What Nomad says at a path.
    pub(crate) fn nomad_get(&self, path: &str) -> Value {
        http::get_when_led(&format!("{}{path}", self.hosts.nomad_at(self.asked)))
    }

    /// What Consul says at a path.
    pub(crate) fn consul_get(&self, path: &str) -> Value {
        http::get_when_led(&format!("http://{}{path}", self.hosts.consul_at(self.asked)))
    }

    /// Who holds the address, as Consul's records say.
    pub(crate) fn recorded(&self) -> Option<String> {
        let url = format!("http://{}/v1/kv/{HOLDER_KEY}?raw", self.hosts.consul_at(self.asked));
        let answer = http::request(Method::GET, &url, None)?;
        answer.status.is_success().then_some(answer.body)
    }

    /// Writes down somebody else.
    pub(crate) fn record(&self, host: &str) {
        let consul = format!("-http-addr={}", self.hosts.consul_at(self.asked));
        Run::program(program("consul"), ["kv", "put", &consul, HOLDER_KEY, host]).run().ok();
    }

    /// The nodes of a job's running allocations.
    pub(crate) fn nodes(&self, job: &str) -> Vec<String> {
        let allocations = self.nomad_get(&format!("/v1/job/{job}/allocations"));
        let running =
            allocations.as_array().unwrap().iter().filter(|allocation| allocation["ClientStatus"] == "running");
        running.map(|allocation| allocation["NodeName"].as_str().unwrap().to_owned()).collect()
    }

    /// The id of a job's newest allocation.
    pub(crate) fn allocation(&self, job: &str) -> String {
        let allocations = self.nomad_get(&format!("/v1/job/{job}/allocations"));
        let newest = allocations.as_array().unwrap().iter().max_by_key(|it| it["CreateIndex"].as_u64());
        newest.unwrap_or_else(|| panic!("{job} has no allocation"))["ID"].as_str().unwrap().to_owned()
    }

    /// What a task of a job's newest allocation has written to standard error.
    pub(crate) fn log(&self, job: &str, task: &str) -> String {
        self.hosts.nomad(&["alloc", "logs", "-stderr", "-task", task, &self.allocation(job)]).text()
    }

    /// Waits until every host is well and one has the address and answers; gives that one.
    pub(crate) fn settled(&self) -> String {
        wait_until("three edge hosts to be well", LIMIT, || {
            let instances = self.consul_get("/v1/health/service/spark-edge?passing=true");
            let allocations = self.nomad_get("/v1/job/spark-edge/allocations");
            let tasks =
                allocations.as_array().unwrap().iter().filter(|allocation| allocation["ClientStatus"] == "running");
            let running = tasks.flat_map(|allocation| allocation["TaskStates"].as_object().unwrap().clone());
            let running = running.filter(|(_, task)| task["State"] == "running").count();
            instances.as_array().unwrap().len() == 3 && running == 6 && HOSTS.iter().all(|(host, _)| self.answers(host))
        });
        wait_for("one host to have the address", LIMIT, || {
            let (holders, answer) = (self.place.holders(), self.place.answer()?);
            (holders.len() == 1 && holders.contains(&answer)).then_some(answer)
        })
    }

    /// Whether `HAProxy` runs on a host; Consul hears of it later.
    fn answers(&self, host: &str) -> bool {
        let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{}", self.statistics);
        self.hosts.lab(&["exec", host, "--", "bash", "-c", &connect]).run().status.success()
    }

    /// The URL of the master to which the address leads.
    pub(crate) fn master(&self) -> Option<String> {
        let state = http::find(&format!("http://{}:8080/json/", self.place.address))?;
        (state["status"] == "ALIVE").then(|| state["url"].as_str().unwrap().to_owned())
    }

    /// The masters that a host's `HAProxy` knows, as its statistics tell.
    pub(crate) fn servers(&self, host: &str) -> Vec<String> {
        let rows = self.statistics_of_masters(host);
        let names = rows.iter().filter_map(|row| row.split(',').next());
        names.filter(|name| name.contains(':')).map(str::to_owned).collect()
    }

    /// How often a host's `HAProxy` has tried for a client again to reach a master (`wretr` and `wredis`).
    pub(crate) fn retries(&self, host: &str) -> u64 {
        let rows = self.statistics_of_masters(host);
        let backend = rows.iter().find(|row| row.starts_with("BACKEND,")).expect("the backend of masters");
        backend.split(',').skip(14).take(2).map(|count| count.parse::<u64>().unwrap()).sum()
    }

    /// What a host's `HAProxy` says of the backend of masters and its servers, without the backend's name.
    fn statistics_of_masters(&self, host: &str) -> Vec<String> {
        let port = self.statistics;
        let get = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET /;csv HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3");
        let statistics = self.hosts.lab(&["exec", host, "--", "bash", "-c", &get]).run().ok().text();
        statistics.lines().filter_map(|line| line.strip_prefix("masters,")).map(str::to_owned).collect()
    }

    /// Kills the processes of a host whose command lines and environments satisfy a condition, all at the same moment: none of
    /// them has the time to notice the end of another one, such as keepalived's child that of its parent.
    pub(crate) fn kill(&self, host: &str, condition: impl Fn(&str, &str) -> bool) {
        self.send(host, &[Signal::SIGSTOP, Signal::SIGKILL], condition);
    }

    /// Sends a signal to the processes of a host whose command lines and environments satisfy a condition.
    pub(crate) fn signal(&self, host: &str, signal: Signal, condition: impl Fn(&str, &str) -> bool) {
        self.send(host, &[signal], condition);
    }

    /// Sends signals one after the other, each to all.
    fn send(&self, host: &str, signals: &[Signal], condition: impl Fn(&str, &str) -> bool) {
        let wanted = self.processes(host, condition);
        assert!(!wanted.is_empty(), "nothing to send {signals:?} to on {host}");
        for signal in signals {
            send(*signal, &wanted);
        }
    }

    /// The processes of a host whose command lines and environments satisfy a condition.
    pub(crate) fn processes(&self, host: &str, condition: impl Fn(&str, &str) -> bool) -> Vec<Pid> {
        let pid = self.place.hosts.iter().find(|(name, _)| name == host).unwrap().1;
        processes_in(&[network_of(pid)], condition)
    }

    /// Has all executors of the hosts run a fifth of the time.
    pub(crate) fn slow_executors(&self) -> SlowExecutors {
        SlowExecutors::start(self.place.hosts.iter().map(|(_, pid)| network_of(*pid)).collect())
    }

    /// Lets an application's only executor stand still; gives the host where it is.
    pub(crate) fn pause_executor(&self) -> String {
        let host = self.nodes("spark-worker").remove(0);
        wait_until("the executor to run", LIMIT, || !self.processes(&host, is_executor).is_empty());
        self.signal(&host, Signal::SIGSTOP, is_executor);
        host
    }

    /// Kills all processes of the edge's allocation on a host at once.
    pub(crate) fn kill_edge(&self, host: &str) {
        self.kill(host, |_, environment| environment.contains("NOMAD_JOB_ID=spark-edge "));
    }

    /// Begins to count a book, so many times over; hosts read it where it is.
    pub(crate) fn count(&self, copies: usize) -> Counting {
        let book = fs::read_to_string(CHECKOUT.to_owned() + "/examples/alice.txt").unwrap();
        let text = self.hosts.folder.path().join("books.txt");
        fs::write(&text, book.repeat(copies)).unwrap();
        let input = format!("file://{}", text.display());
        let run = self.nomspark(&["wordcount", "--input", &input, "--top", "3"]).limit(COUNTED).spawn();
        Counting { run, book, copies: copies as u64, text }
    }
}

/// A WordCount that runs.
pub(crate) struct Counting {
    pub(crate) run: Running,
    book: String,
    copies: u64,
    text: PathBuf,
}

impl Counting {
    /// Waits for its end, and that it counted right.
    pub(crate) fn counts_right(self) {
        let counted = self.run.wait().ok().json();
        let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
        for word in self.book.split_ascii_whitespace() {
            *expected.entry(word).or_default() += self.copies;
        }
        assert_eq!(counted["total_words"], expected.values().sum::<u64>(), "{counted:#}");
        assert_eq!(counted["distinct_words"], expected.len(), "{counted:#}");
        for word in counted["top"].as_array().unwrap() {
            assert_eq!(word[1], expected[word[0].as_str().unwrap()], "{counted:#}");
        }
        fs::remove_file(self.text).unwrap();
    }
}

/// A spec whose floating address ends with this number; `edge` is added to its block of that name.
///
/// Advertisements are slow and the priorities far apart, so that on a machine with much to do a host whose turn it is has
/// half a second before the next one thinks that it is its own.
pub(crate) fn spec_text(hosts: &Hosts, address: u8, edge: &str) -> String {
    let block = |((name, last), priority): ((&str, u8), u8)| {
        let address = hosts.address(last);
        format!("host \"{name}\" {{\naddress = \"{address}\"\ninterface = \"eth0\"\npriority = {priority}\n}}\n")
    };
    let blocks: String = HOSTS.into_iter().zip([254, 128, 2]).map(block).collect();
    let vip = format!("vip = \"{}/24\"\nadvert_interval = \"1s\"", hosts.address(address));
    format!("runtime {{\ndriver = \"raw_exec\"\n}}\nedge {{\n{vip}\n{edge}\n{blocks}}}\n")
}
