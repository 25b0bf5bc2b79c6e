//! A server as a process of its own, in any language: started, watched, stopped, continued and ended from outside.

pub mod keeper;
pub mod output;
pub mod port;
pub mod processes;
pub mod sockets;
pub mod waits;
pub mod wakes;

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
use crate::net::sock_diag::SockDiag;
use keeper::Keeper;
use output::{Line, Output};
use port::{Listener, Port, listens_at};
use processes::Processes;
use sockets::{Elsewhere, Holder};

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
    /// What listens on the port that it was given is none of what was started: the port, and the process that does, with
    /// its name, if that can be seen.
    Foreign(u16, Option<(u32, String)>),
}

impl fmt::Display for NoServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoServer::Unstartable(error) => write!(f, "it could not be started: {error}"),
            NoServer::Ended(status, _) => write!(f, "it ended before it listened ({})", status_words(*status)),
            NoServer::Deaf(limit, ..) => write!(f, "it did not listen within {} s", limit.as_secs()),
            NoServer::Foreign(port, process) => {
                write!(f, "something else listens on port {port}")?;
                if let Some((pid, name)) = process {
                    write!(f, ": process {pid}, {name}")?;
                }
                // Why there is no option for it.
                write!(f, "; what is not started here can be neither stopped nor ended (check a container from inside)")
            }
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
    /// Nothing of what it prints is read.
    unread: bool,
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
        processes::are_ours()?;
        raise_our_limit();
        let mut keeper = Keeper::spawn_with(command, descriptors)?;
        // A chapter's lines are whole: one that is cut is no JSON.
        let longest = if port == Port::Announced { usize::MAX } else { output::LONGEST };
        let out = Output::new(keeper.guard().stdout.take(), false, longest)?;
        let err = Output::new(keeper.guard().stderr.take(), true, longest)?;
        let address = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut server = Server { keeper, out, err, address, early: Vec::new(), unread: false };
        server.wait_until_it_listens(port, wait)?;
        Ok(server)
    }

    fn wait_until_it_listens(&mut self, port: Port, wait: Duration) -> Result<(), NoServer> {
        /// How many looks in a row must say that it is another's: they see no descriptor that is on its way between two
        /// processes, nor a process that is just being adopted.
        const LOOKS: u32 = 5;
        let begun = Instant::now();
        let mut pause = Duration::from_micros(200);
        let mut foreign = 0;
        loop {
            // Read before the look: however busy the machine, a server that listens in time is seen to.
            let late = begun.elapsed() >= wait;
            let ended = self.ended();
            let mut lines = self.said();
            let found = match port {
                Port::Announced => announced(&mut lines).map(|address| Listener { address, inode: None }),
                Port::Given(port) => listens_at(port)?,
            };
            keep_the_last(&mut self.early, lines);
            if let Some(why) = self.lost() {
                return Err(NoServer::Unstartable(io::Error::other(why)));
            }
            if let Some(listener) = found {
                let holder = |inode| sockets::holder(&self.pids(), inode);
                if listener.inode.is_none_or(|inode| holder(inode) != Holder::Another) {
                    self.address = listener.address;
                    return Ok(());
                }
                foreign += 1;
                if foreign == LOOKS {
                    let process = listener.inode.and_then(sockets::process_with);
                    let process = process.map(|pid| (pid, processes::name(pid)));
                    return Err(NoServer::Foreign(listener.address.port(), process));
                }
            }
            if let Some(status) = ended {
                return Err(NoServer::Ended(status, self.last_lines()));
            }
            if late {
                let instead = sockets::elsewhere(&self.pids());
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
        if self.unread {
            return Vec::new();
        }
        // Read in the other order: what was printed on standard output before a line of standard error is there by then.
        let errors = self.err.lines();
        let mut lines = mem::take(&mut self.early);
        lines.extend(self.out.lines());
        lines.extend(errors);
        lines
    }

    /// Reads nothing of what it prints, whose pipes are as small as they can be then, or all of it again.
    pub fn leave_unread(&mut self, unread: bool) {
        self.unread = unread;
        for output in [&self.out, &self.err] {
            output.set_room(if unread { output::LEAST_ROOM } else { output::ROOM });
        }
    }

    /// How many bytes it has printed.
    pub fn printed(&self) -> u64 {
        self.out.bytes() + self.err.bytes()
    }

    /// The processes that serve, besides the one that was started: each holds the listener. With their names.
    pub fn workers(&self) -> Vec<(u32, String)> {
        let others: Vec<u32> = self.pids().into_iter().filter(|pid| Some(*pid) != self.keeper.server()).collect();
        if others.is_empty() {
            return Vec::new();
        }
        let listener = SockDiag::open().and_then(|mut kernel| kernel.listener(self.address));
        let Ok(Some(listener)) = listener else { return Vec::new() };
        let holds = |pid: &u32| sockets::holder(&[*pid], listener.inode) == sockets::Holder::Ours;
        let holders = others.into_iter().filter(holds);
        holders.map(|pid| (pid, processes::name(pid))).collect()
    }

    /// The exit status of the process that was started, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.keeper.ended()
    }

    /// Why nothing more can be known of it, if that is so, although it was not seen to end.
    pub fn lost(&mut self) -> Option<String> {
        if let Some(status) = self.keeper.lost() {
            return Some(format!(
                "the keeper has ended ({}), which adopts what loses its parent",
                status_words(status)
            ));
        }
        let server = self.keeper.server().filter(|_| self.keeper.ended().is_none());
        let hidden = server.filter(|pid| processes::is_hidden(*pid))?;
        Some(format!("/proc shows no thread of process {hidden}, which runs; is it mounted with hidepid?"))
    }

    /// Its process, and all that have come of it, wherever they have gone since.
    pub fn processes(&self) -> Processes {
        self.keeper.kept()
    }

    /// The numbers of its processes.
    pub fn pids(&self) -> Vec<u32> {
        self.processes().pids
    }

    /// Suspends it (SIGSTOP): what happens to its sockets from here on it sees at once, when it goes on. False if it ends
    /// instead, or does not stop. Fails as kill(2) does.
    pub fn suspend(&mut self) -> io::Result<bool> {
        self.signal(libc::SIGSTOP)?;
        let begun = Instant::now();
        // A signal that was sent has not been acted on yet. `t` is a stop under a debugger or strace.
        let stopped = |states: Vec<u8>| !states.is_empty() && states.iter().all(|state| matches!(state, b'T' | b't'));
        while !stopped(self.processes().states()) {
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

    /// Tells the process that was started to stop, as whoever operates it would: SIGTERM. Fails as kill(2) does.
    pub fn tell_to_stop(&mut self) -> io::Result<()> {
        let running = if self.ended().is_none() { self.keeper.server() } else { None };
        let Some(pid) = running.and_then(|pid| libc::pid_t::try_from(pid).ok()) else { return Ok(()) };
        // SAFETY: a bare system call. The process is a child of the keeper's, which has not waited for it.
        if unsafe { libc::kill(pid, libc::SIGTERM) } == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Ends all of it, and returns when it is gone. What may not be ended is said on standard error.
    pub fn end(&mut self) {
        for pid in self.keeper.end(LIMIT) {
            eprintln!("process {pid}, which the server has started, could not be ended, and still runs");
        }
    }

    fn signal(&mut self, signal: i32) -> io::Result<()> {
        let mut group = self.keeper.server().and_then(|pid| libc::pid_t::try_from(pid).ok());
        // SAFETY: a bare system call. The group is the one that was made for this server, which has not ended.
        group = group.filter(|group| self.keeper.ended().is_none() && unsafe { libc::kill(-group, signal) } == 0);
        // Those that have left the group, and those that refuse.
        let mut refused = None;
        for pid in self.pids().into_iter().filter_map(|pid| libc::pid_t::try_from(pid).ok()) {
            // SAFETY: two bare system calls. That a descendant ends between the look and the call, and its id is given to
            // another process in between, is as good as impossible: ids are used in turn.
            let result = unsafe {
                // Once is enough: under strace a second SIGCONT reaches the recv to which the first one has let the server go.
                // No signal, 0, only asks whether it may be sent one.
                let has_had_it = group.is_some_and(|group| libc::getpgid(pid) == group);
                libc::kill(pid, if has_had_it { 0 } else { signal })
            };
            if result == -1 {
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
