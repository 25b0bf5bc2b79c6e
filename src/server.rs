//! A server as a process of its own, in any language: started, watched, stopped, continued and ended from outside.

use std::fs;
use std::io::{self, Read};
use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take for what it normally does in milliseconds, before it is said not to do it: to begin, to
/// stop, to have nothing left to do. Generous, because a machine can be busy; nothing that goes well waits for it.
pub const LIMIT: Duration = Duration::from_secs(20);

/// A line that the server printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Standard error, not standard output.
    pub error: bool,
    /// Without its end of line.
    pub text: String,
}

/// A running server, in a process group of its own. It is ended when this is dropped.
pub struct Server {
    child: Child,
    ended: Option<ExitStatus>,
    out: Pipe,
    err: Pipe,
    address: SocketAddr,
    /// What it said before it was heard to listen.
    early: Vec<Line>,
}

impl Server {
    /// Starts a chapter's server on a free port, and returns when it says `listening on ADDR`.
    pub fn start(mut command: Command) -> io::Result<Server> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        // SAFETY: between fork and exec only async-signal-safe calls are allowed; these two are bare system calls.
        unsafe {
            command.pre_exec(|| {
                // Should this process be killed, the server goes with it.
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                // Whatever descriptors were left open to us stay with us: the server's listener is to be 3.
                libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
                Ok(())
            });
        }
        let mut child = command.spawn()?;
        let out = Pipe::new(child.stdout.take())?;
        let err = Pipe::new(child.stderr.take())?;
        let address = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut server = Server {
            child,
            ended: None,
            out,
            err,
            address,
            early: Vec::new(),
        };
        server.wait_until_listening()?;
        Ok(server)
    }

    fn wait_until_listening(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            let ended = self.ended().is_some();
            let mut lines = self.said();
            let listening = |line: &Line| Some(line.text.strip_prefix("listening on ")?.to_string());
            if let Some(at) = lines.iter().position(|line| listening(line).is_some()) {
                let address = listening(&lines.remove(at)).unwrap_or_default();
                self.address = address.parse().map_err(io::Error::other)?;
                self.early.extend(lines);
                return Ok(());
            }
            self.early.extend(lines);
            if ended {
                let last = self.early.last().map_or("nothing", |line| &line.text);
                return Err(io::Error::other(format!(
                    "the server ended before it listened, saying: {last}"
                )));
            }
            thread::sleep(Duration::from_micros(200));
        }
        Err(io::Error::other(format!(
            "the server did not say that it listens within {} s",
            LIMIT.as_secs()
        )))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it printed since the last time, standard output before standard error.
    pub fn said(&mut self) -> Vec<Line> {
        let mut lines = mem::take(&mut self.early);
        lines.extend(self.out.lines(false));
        lines.extend(self.err.lines(true));
        lines
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended
    }

    /// Whether every thread of it sleeps, waiting for something to happen.
    pub fn sleeps(&self) -> bool {
        self.states()
            .is_some_and(|states| states.iter().all(|&state| state == b'S'))
    }

    /// Stops it (SIGSTOP): what happens to its sockets from here on it will see at once, when it goes on.
    pub fn stop(&mut self) {
        self.signal(libc::SIGSTOP);
        let begun = Instant::now();
        // A signal that is sent is not yet one that is taken. `t` is a stop under a debugger or strace.
        while begun.elapsed() < LIMIT
            && self.ended().is_none()
            && !self
                .states()
                .is_some_and(|states| states.iter().all(|state| matches!(state, b'T' | b't')))
        {
            thread::sleep(Duration::from_micros(50));
        }
    }

    /// Lets it go on (SIGCONT).
    pub fn go_on(&mut self) {
        self.signal(libc::SIGCONT);
    }

    /// Ends it (SIGKILL), and returns when it is gone.
    pub fn end(&mut self) {
        self.signal(libc::SIGKILL);
        if self.ended.is_none() {
            self.ended = self.child.wait().ok();
        }
    }

    /// The state letter of each of its threads, as proc_pid_stat(5) has them.
    fn states(&self) -> Option<Vec<u8>> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).ok()?;
        tasks
            .map(|task| state_in(&fs::read_to_string(task.ok()?.path().join("stat")).ok()?))
            .collect()
    }

    fn signal(&mut self, signal: i32) {
        // A process that has been waited for has given its id back, and then the id may be anybody's.
        if self.ended().is_none()
            && let Ok(group) = i32::try_from(self.child.id())
        {
            // SAFETY: a bare system call. The group is the one that was made for this child, which is not yet waited for.
            unsafe { libc::kill(-group, signal) };
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// What became of a process, in words: `exit status 1`, `signal 9`.
pub fn status_words(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => format!("signal {}", status.signal().unwrap_or(0)),
    }
}

/// The state letter in a line of /proc/PID/stat: after the name, which is in parentheses and may hold any character.
fn state_in(stat: &str) -> Option<u8> {
    stat.rsplit_once(") ")?.1.bytes().next()
}

/// The reading end of a pipe that never waits, and what has been read of a line that is not whole.
struct Pipe {
    reader: Box<dyn Read + Send>,
    partial: Vec<u8>,
}

impl Pipe {
    fn new<P: Read + AsRawFd + Send + 'static>(pipe: Option<P>) -> io::Result<Pipe> {
        let pipe = pipe.ok_or_else(|| io::Error::other("the server has no pipe to speak through"))?;
        set_nonblocking(pipe.as_raw_fd())?;
        Ok(Pipe {
            reader: Box::new(pipe),
            partial: Vec::new(),
        })
    }

    /// The whole lines that are there; at the end of the stream also an unfinished one.
    fn lines(&mut self, error: bool) -> Vec<Line> {
        let mut buffer = [0; 65536];
        let mut at_end = false;
        loop {
            match self.reader.read(&mut buffer) {
                Ok(0) => {
                    at_end = true;
                    break;
                }
                Ok(n) => self.partial.extend(&buffer[..n]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let whole = match self.partial.iter().rposition(|&b| b == b'\n') {
            _ if at_end => self.partial.len(),
            Some(newline) => newline + 1,
            None => 0,
        };
        let text: Vec<u8> = self.partial.drain(..whole).collect();
        String::from_utf8_lossy(&text)
            .lines()
            .map(|text| Line {
                error,
                text: text.to_string(),
            })
            .collect()
    }
}

fn set_nonblocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: two bare system calls on a descriptor that the caller holds.
    let result = unsafe { libc::fcntl(fd, libc::F_SETFL, libc::fcntl(fd, libc::F_GETFL) | libc::O_NONBLOCK) };
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_found_behind_any_name() {
        assert_eq!(state_in("42 (04-use-after-cl) S 1 42"), Some(b'S'));
        assert_eq!(state_in("42 (a) R b) T 1 42"), Some(b'T'));
        assert_eq!(state_in("42"), None);
    }
}
