//! A server as a process of its own, in any language: started, watched, stopped, continued and ended from outside.

pub mod keeper;
pub mod output;
pub mod port;
pub mod processes;
pub mod sockets;

use std::fmt;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::net::in_flight::LIMIT;
use keeper::Keeper;
use output::{Line, Output};
use port::{Port, listens_at};
use sockets::Elsewhere;

/// How many lines are shown of a server that did not get as far as to listen.
const LAST: usize = 20;

/// Why there is no server.
#[derive(Debug)]
pub enum NoServer {
    /// The program could not be started at all.
    Unstartable(io::Error),
    /// It ended before it listened; the last lines that it printed.
    Ended(ExitStatus, Vec<String>),
    /// It still runs after this long and does not listen; the last lines that it printed, and where it can be reached
    /// instead.
    Deaf(Duration, Vec<String>, Option<Elsewhere>),
}

impl fmt::Display for NoServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoServer::Unstartable(error) => write!(f, "it could not be started: {error}"),
            NoServer::Ended(status, _) => write!(f, "it ended before it listened ({})", status_words(*status)),
            NoServer::Deaf(limit, ..) => write!(f, "it did not listen within {} s", limit.as_secs()),
        }
    }
}

impl From<io::Error> for NoServer {
    fn from(error: io::Error) -> NoServer {
        NoServer::Unstartable(error)
    }
}

/// A running server, with whatever it has started. All of it is ended when this is dropped, or when this process ends.
pub struct Server {
    keeper: Keeper,
    out: Output,
    err: Output,
    address: SocketAddr,
    /// What it said before it was known to listen.
    early: Vec<Line>,
}

impl Server {
    /// Starts `command`, and returns when it listens, for which it has as long as `wait`. Its environment has `PORT`
    /// where the port is given.
    pub fn start(command: Command, port: Port, wait: Duration) -> Result<Server, NoServer> {
        Server::start_with(command, port, wait, None)
    }

    /// Starts a server as [`Server::start`] does. With `descriptors` it may have so many of them from its start on.
    pub fn start_with(
        mut command: Command,
        port: Port,
        wait: Duration,
        descriptors: Option<u64>,
    ) -> Result<Server, NoServer> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Port::Given(port) = port {
            command.env("PORT", port.to_string());
        }
        raise_our_limit();
        let mut keeper = Keeper::spawn_with(command, descriptors)?;
        let out = Output::new(keeper.process().stdout.take(), false)?;
        let err = Output::new(keeper.process().stderr.take(), true)?;
        let address = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut server = Server { keeper, out, err, address, early: Vec::new() };
        server.wait_until_it_listens(port, wait)?;
        Ok(server)
    }

    fn wait_until_it_listens(&mut self, port: Port, wait: Duration) -> Result<(), NoServer> {
        let begun = Instant::now();
        let mut pause = Duration::from_micros(200);
        loop {
            // Read before the look: however busy the machine, a server that listens in time is seen to.
            let late = begun.elapsed() >= wait;
            let ended = self.ended();
            let mut lines = self.said();
            let address = match port {
                Port::Announced => announced(&mut lines),
                Port::Given(port) => listens_at(port)?,
            };
            keep_the_last(&mut self.early, lines);
            if let Some(address) = address {
                self.address = address;
                return Ok(());
            }
            if let Some(status) = ended {
                return Err(NoServer::Ended(status, self.last_lines()));
            }
            if late {
                let instead = sockets::elsewhere(&self.processes());
                return Err(NoServer::Deaf(wait, self.last_lines(), instead));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
    }

    /// The last lines of what it has said so far, as much of each as a reader looks at.
    fn last_lines(&mut self) -> Vec<String> {
        let lines = self.said();
        let beginning = |line: &Line| line.text.chars().take(4096).collect();
        lines.iter().skip(lines.len().saturating_sub(LAST)).map(beginning).collect()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it printed since the last time, standard output before standard error.
    pub fn said(&mut self) -> Vec<Line> {
        // Read in the other order: what was printed on standard output before a line of standard error is there by then.
        let errors = self.err.lines();
        let mut lines = mem::take(&mut self.early);
        lines.extend(self.out.lines());
        lines.extend(errors);
        lines
    }

    /// How many bytes it has printed.
    pub fn printed(&self) -> u64 {
        self.out.bytes() + self.err.bytes()
    }

    /// The processes that serve, besides the one that was started: each holds the listener. With their names.
    pub fn workers(&self) -> Vec<(u32, String)> {
        let others: Vec<u32> = self.processes().into_iter().filter(|pid| Some(*pid) != self.keeper.server()).collect();
        if others.is_empty() {
            return Vec::new();
        }
        let holders = sockets::holders(&others, self.address.port());
        holders.into_iter().map(|pid| (pid, processes::name(pid))).collect()
    }

    /// The exit status of the process that was started, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.keeper.ended()
    }

    /// Its process, and all that have come of it, wherever they have gone since.
    pub fn processes(&self) -> Vec<u32> {
        processes::below(self.keeper.id())
    }

    /// Stops it (SIGSTOP): what happens to its sockets from here on it sees at once, when it goes on. False if it ends
    /// instead, or does not stop. Fails as kill(2) does.
    pub fn suspend(&mut self) -> io::Result<bool> {
        self.signal(libc::SIGSTOP)?;
        let begun = Instant::now();
        // A signal that was sent has not been acted on yet. `t` is a stop under a debugger or strace.
        while !processes::states(&self.processes()).iter().all(|state| matches!(state, b'T' | b't')) {
            if begun.elapsed() > LIMIT || self.ended().is_some() {
                return Ok(false);
            }
            thread::sleep(Duration::from_micros(50));
        }
        Ok(self.ended().is_none())
    }

    /// Lets it go on (SIGCONT). Fails as kill(2) does.
    pub fn resume(&mut self) -> io::Result<()> {
        self.signal(libc::SIGCONT)
    }

    /// Ends all of it, and returns when it is gone. What may not be ended is said on standard error.
    pub fn end(&mut self) {
        for pid in self.keeper.end(LIMIT) {
            eprintln!("process {pid}, which the server has started, could not be ended, and still runs");
        }
    }

    fn signal(&mut self, signal: i32) -> io::Result<()> {
        if self.ended().is_none()
            && let Some(group) = self.keeper.server().and_then(|pid| libc::pid_t::try_from(pid).ok())
        {
            // SAFETY: a bare system call. The group is the one that was made for this server, which has not ended.
            unsafe { libc::kill(-group, signal) };
        }
        // Those that have left the group, and those that refuse.
        let mut refused = None;
        for pid in self.processes().into_iter().filter_map(|pid| libc::pid_t::try_from(pid).ok()) {
            // SAFETY: a bare system call. That a descendant ends between the look and the call, and its id is given to
            // another process in between, is as good as impossible: ids are used in turn.
            if unsafe { libc::kill(pid, signal) } == -1 {
                let error = io::Error::last_os_error();
                refused = refused.or((error.raw_os_error() == Some(libc::EPERM)).then_some(error));
            }
        }
        refused.map_or(Ok(()), Err)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Lets this process have as many descriptors as it may: the clients of a crowd are all here. Returns how many that are.
/// getrlimit(2), RLIMIT_NOFILE.
pub fn raise_our_limit() -> u64 {
    static DESCRIPTORS: OnceLock<u64> = OnceLock::new();
    *DESCRIPTORS.get_or_init(|| {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `limit` is ours. If the limit stays as it is, a descriptor that is not to be had says so.
        unsafe {
            if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
                let raised = libc::rlimit { rlim_cur: limit.rlim_max, ..limit };
                if libc::setrlimit(libc::RLIMIT_NOFILE, &raised) == 0 {
                    limit = raised;
                }
            }
        }
        limit.rlim_cur
    })
}

/// The address in the line `listening on ADDR`, which is taken out.
fn announced(lines: &mut Vec<Line>) -> Option<SocketAddr> {
    let address = |line: &Line| line.text.strip_prefix("listening on ")?.parse().ok();
    let at = lines.iter().position(|line| address(line).is_some())?;
    address(&lines.remove(at))
}

/// Adds `more`; of a server that floods its output, the last lines.
fn keep_the_last(lines: &mut Vec<Line>, more: Vec<Line>) {
    lines.extend(more);
    lines.drain(..lines.len().saturating_sub(1000));
}

/// What became of a process, in words: `exit status 1`, `signal 9`.
pub fn status_words(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => format!("signal {}", status.signal().unwrap_or(0)),
    }
}
