//! A server as a process of its own, in any language: started, watched, stopped, continued and ended from outside.

mod interrupt;
mod pipe;
pub mod processes;

use std::io;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::{Once, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::sock_diag::SockDiag;
use interrupt::Watched;
use pipe::Pipe;

/// How long a server may take for what it normally does in milliseconds, before it is said not to do it: to begin, to
/// stop, to come to rest. Generous, because a machine can be busy; nothing that goes well waits for it.
pub const LIMIT: Duration = Duration::from_secs(30);

/// How many descriptors a server may have unless a probe says otherwise, if the machine allows it.
const DESCRIPTORS: libc::rlim_t = 4096;

/// Written while a process is being made, read while a client closes. Between its fork and its exec the new process has
/// a copy of every descriptor, also of those that are closed on exec; and a connection ends only with the last copy.
static FORKING: RwLock<()> = RwLock::new(());

/// As long as this is held, what is closed is closed: no other thread is about to make a process.
pub fn no_fork_meanwhile() -> impl Drop {
    FORKING.read().unwrap_or_else(PoisonError::into_inner)
}

/// A line that the server printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Standard error, not standard output.
    pub error: bool,
    /// Without its end of line.
    pub text: String,
}

/// Where a server will listen, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// It chooses itself, and prints `listening on ADDR` on standard error, as our chapters do.
    Announced,
    /// It was told this port, and the kernel is asked whether it listens there.
    Given(u16),
}

/// Why a server could not be had.
#[derive(Debug)]
pub enum NoServer {
    /// The program could not be started at all.
    Unstartable(io::Error),
    /// It ended before it listened; the last lines that it printed.
    Ended(ExitStatus, Vec<String>),
    /// It still runs after this long and does not listen; the last lines that it printed.
    Deaf(Duration, Vec<String>),
}

impl std::fmt::Display for NoServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoServer::Unstartable(error) => write!(f, "it could not be started: {error}"),
            NoServer::Ended(status, _) => write!(f, "it ended before it listened ({})", status_words(*status)),
            NoServer::Deaf(limit, _) => write!(f, "it did not listen within {} s", limit.as_secs()),
        }
    }
}

impl From<io::Error> for NoServer {
    fn from(error: io::Error) -> NoServer {
        NoServer::Unstartable(error)
    }
}

/// A running server, with whatever it has started, in a process group of its own. All of it is ended when this is
/// dropped, and also on Ctrl-C.
pub struct Server {
    child: Child,
    ended: Option<ExitStatus>,
    /// Its id has been given back, and may be anybody's.
    waited: bool,
    out: Pipe,
    err: Pipe,
    address: SocketAddr,
    /// What it said before it was known to listen.
    early: Vec<Line>,
    /// Marks all processes that come of this one, wherever they may go.
    variable: String,
    /// A chapter, which starts no other processes.
    is_ours: bool,
    _watched: Watched,
}

impl Server {
    /// Starts `command`, and returns when it listens, for which it has as long as `wait`. Its environment has `PORT`
    /// where the port is given.
    pub fn start(mut command: Command, port: Port, wait: Duration) -> Result<Server, NoServer> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let variable = format!("{}{}", interrupt::mark(), STARTED.fetch_add(1, Ordering::Relaxed));
        let (name, value) = variable.split_once('=').unwrap_or_default();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).env(name, value);
        if let Port::Given(port) = port {
            command.env("PORT", port.to_string());
        }
        // SAFETY: between fork and exec only async-signal-safe calls are allowed; `prepare` makes bare system calls.
        unsafe { command.pre_exec(prepare) };
        raise_our_limit();
        // Whom its parent leaves behind becomes our child, so that it can be found, ended and waited for.
        // SAFETY: a bare system call.
        unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };

        let (mut child, watched) = interrupt::watched(|| {
            let _alone = FORKING.write();
            command.spawn()
        })?;
        let out = Pipe::new(child.stdout.take(), false)?;
        let err = Pipe::new(child.stderr.take(), true)?;
        let mut server = Server {
            child,
            ended: None,
            waited: false,
            out,
            err,
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            early: Vec::new(),
            variable,
            is_ours: port == Port::Announced,
            _watched: watched,
        };
        server.wait_until_it_listens(port, wait)?;
        Ok(server)
    }

    fn wait_until_it_listens(&mut self, port: Port, wait: Duration) -> Result<(), NoServer> {
        let begun = Instant::now();
        let mut pause = Duration::from_micros(200);
        while begun.elapsed() < wait {
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
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
        Err(NoServer::Deaf(wait, self.last_lines()))
    }

    /// The last lines of what it has said so far.
    fn last_lines(&mut self) -> Vec<String> {
        const ENOUGH: usize = 20;
        let lines = self.said();
        lines.iter().skip(lines.len().saturating_sub(ENOUGH)).map(|line| line.text.clone()).collect()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it printed since the last time, standard output before standard error.
    pub fn said(&mut self) -> Vec<Line> {
        // Read in the other order: what stood on standard output before a line of standard error is there by then.
        let errors = self.err.lines();
        let mut lines = mem::take(&mut self.early);
        lines.extend(self.out.lines());
        lines.extend(errors);
        lines
    }

    /// The exit status of the process that was started, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = peek(self.child.id());
        }
        self.ended
    }

    /// Its process, and all that have come of it.
    pub fn processes(&self) -> Vec<u32> {
        processes::tree(self.child.id())
    }

    /// Whether every thread of it sleeps.
    pub fn sleeps(&self) -> bool {
        processes::states(&self.processes()).iter().all(|&state| state == b'S')
    }

    /// Whether a thread of it sleeps only for time to pass.
    pub fn naps(&self) -> bool {
        processes::any_waits_for_a_time(&self.processes())
    }

    /// Stops it (SIGSTOP): what happens to its sockets from here on it will see at once, when it goes on.
    /// Gives whether it did stop.
    pub fn stop(&mut self) -> bool {
        self.signal(libc::SIGSTOP);
        let begun = Instant::now();
        // A signal that is sent is not yet one that is taken. `t` is a stop under a debugger or strace.
        while !processes::states(&self.processes()).iter().all(|state| matches!(state, b'T' | b't')) {
            if begun.elapsed() > LIMIT || self.ended().is_some() {
                return false;
            }
            thread::sleep(Duration::from_micros(50));
        }
        true
    }

    /// Lets it go on (SIGCONT).
    pub fn go_on(&mut self) {
        self.signal(libc::SIGCONT);
    }

    /// Ends all of it (SIGKILL), and returns when it is gone.
    pub fn end(&mut self) {
        interrupt::stop_here_if_ending();
        if self.waited {
            return;
        }
        let status = self.ended();
        self.signal(libc::SIGKILL);
        // Only now is the process waited for: until then its id, which is the group's, cannot become anybody else's.
        let waited = self.child.wait();
        self.waited = true;
        self.ended = status.or(waited.ok());
        if self.is_ours {
            return;
        }
        // Those that have made themselves a group of their own, until there are none: one may have been about to start
        // another. Whom its parent leaves behind becomes our child, and is ours to wait for.
        let begun = Instant::now();
        let mut killed: Vec<libc::pid_t> = Vec::new();
        // Several looks in a row that find nobody: one who was listed may have made another and ended before it was looked
        // at, and that other one is only in the next list.
        let mut nobody = 0;
        while nobody < 3 && begun.elapsed() < LIMIT {
            let strays = processes::with_variable(|entry| entry == self.variable);
            let strays = strays.into_iter().filter_map(|pid| libc::pid_t::try_from(pid).ok());
            let before = killed.len();
            for pid in strays {
                // SAFETY: a bare system call. A process that carries this server's mark comes of it.
                unsafe { libc::kill(pid, libc::SIGKILL) };
                killed.push(pid);
            }
            for &pid in &killed {
                // SAFETY: a bare system call, which does nothing unless `pid` is a child of ours that has ended. No other
                // thread waits for it: it is not one that this process has started.
                unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG) };
            }
            nobody = if killed.len() == before { nobody + 1 } else { 0 };
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn signal(&mut self, signal: i32) {
        if let Ok(group) = libc::pid_t::try_from(self.child.id()) {
            // SAFETY: a bare system call. The group is the one that was made for this child, whose id is its own until
            // it is waited for, which `end` does last.
            unsafe { libc::kill(-group, signal) };
        }
        // And those of its descendants that have left the group.
        for pid in self.processes().into_iter().filter_map(|pid| libc::pid_t::try_from(pid).ok()) {
            // SAFETY: a bare system call. That a descendant ends between the look and the call, and its id is given out
            // anew in between, is as good as impossible: ids go round.
            unsafe { libc::kill(pid, signal) };
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Gives this process as many descriptors as it may have: the clients of a crowd are all here.
fn raise_our_limit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `limit` is ours. That the limit stays as it is shows when a descriptor is wanted.
        unsafe {
            if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
                limit.rlim_cur = limit.rlim_max;
                libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
            }
        }
    });
}

/// What a server's process does between fork and exec.
fn prepare() -> io::Result<()> {
    // SAFETY: bare system calls; `limit` is ours.
    unsafe {
        // Should this process be killed, the server goes with it.
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        // Whatever descriptors were left open to us stay with us: the server's listener is to be 3.
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        // Room for a crowd.
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = DESCRIPTORS.min(limit.rlim_max);
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
    Ok(())
}

/// A child's exit status, without taking note of it: its id stays its own.
fn peek(pid: u32) -> Option<ExitStatus> {
    // SAFETY: all zeroes is a valid siginfo_t, and what waitid leaves where no child has ended.
    let mut info: libc::siginfo_t = unsafe { mem::zeroed() };
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: `info` is ours; waitid fills it in, so that its fields for a child are those to be read.
    let (found, status) = unsafe {
        let result = libc::waitid(libc::P_PID, pid, &mut info, flags);
        (result == 0 && info.si_pid() != 0, info.si_status())
    };
    let raw = if info.si_code == libc::CLD_EXITED { status << 8 } else { status };
    found.then(|| ExitStatus::from_raw(raw))
}

/// The address in the line `listening on ADDR`, which is taken out.
fn announced(lines: &mut Vec<Line>) -> Option<SocketAddr> {
    let address = |line: &Line| line.text.strip_prefix("listening on ")?.parse().ok();
    let at = lines.iter().position(|line| address(line).is_some())?;
    address(&lines.remove(at))
}

/// The loopback address at which somebody listens on `port`.
fn listens_at(port: u16) -> io::Result<Option<SocketAddr>> {
    let mut kernel = SockDiag::open()?;
    for ip in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
        let address = SocketAddr::new(ip, port);
        if kernel.listener(address)?.is_some() {
            return Ok(Some(address));
        }
    }
    Ok(None)
}

/// Adds `more`; of a server that floods its output, the last lines.
fn keep_the_last(lines: &mut Vec<Line>, more: Vec<Line>) {
    lines.extend(more);
    lines.drain(..lines.len().saturating_sub(1000));
}

/// A port on which nobody listens, and which is taken from no other check that runs on this machine.
pub struct FreePort {
    /// Its number.
    pub number: u16,
    /// A name that only one can have at a time, and that goes with its owner (unix(7), abstract).
    _reserved: UnixListener,
}

impl FreePort {
    /// Finds one, not among those from 32768 up, which the kernel gives to clients of its own accord (ip(7),
    /// ip_local_port_range).
    pub fn find() -> io::Result<FreePort> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        const PORTS: std::ops::Range<u16> = 11_000..32_000;
        // Not always the same: those that were used a minute ago are in TIME_WAIT.
        let start = u16::try_from(u64::from(std::process::id()) * 64 % 20_000).unwrap_or(0);
        for _ in PORTS {
            let next = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
            let number = PORTS.start + next % (PORTS.end - PORTS.start);
            let name = UnixAddress::from_abstract_name(format!("close-call-port-{number}"))?;
            let reserved = match UnixListener::bind_addr(&name) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => continue,
                other => other?,
            };
            if is_free(Ipv4Addr::LOCALHOST.into(), number) && is_free(Ipv6Addr::LOCALHOST.into(), number) {
                return Ok(FreePort { number, _reserved: reserved });
            }
        }
        Err(io::Error::from_raw_os_error(libc::EADDRINUSE))
    }
}

/// Whether a server can listen there, also one that does not ask for SO_REUSEADDR, as std's listener does. Where there is
/// no such address, nobody is in the way.
fn is_free(ip: IpAddr, port: u16) -> bool {
    let address = SocketAddr::new(ip, port);
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None);
    let bound = socket.and_then(|socket| socket.bind(&address.into()));
    !bound.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// What became of a process, in words: `exit status 1`, `signal 9`.
pub fn status_words(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => format!("signal {}", status.signal().unwrap_or(0)),
    }
}
