//! The keeper: a small process between this one and a server, which ends everything that comes of the server.
//!
//! A server may start others, and they may leave their parent, their process group, their session and their
//! environment. What they cannot leave is their nearest ancestor that is a *subreaper*: a process whose parent has ended
//! becomes that one's child (prctl(2), PR_SET_CHILD_SUBREAPER). So each server has a subreaper of its own, and all that
//! comes of the server is found below it.
//!
//! The keeper holds the reading end of a pipe, the lifeline, whose writing end this process holds and never writes to.
//! When the lifeline is dropped, or when this process ends in whatever way (Ctrl-C, a panic, SIGKILL), the keeper reads
//! the end of the pipe, and ends its children until it has none. So nothing here has to handle a signal.
//!
//! The keeper may be ended itself: to end one's parent is a supervisor's habit, and the parent of all that has lost its own
//! is the keeper. So there are two of them, this process's child, the *guard*, and the keeper below it. When the keeper is
//! ended, what it kept is the guard's, which ends it. When the guard is, the keeper still holds the lifeline.
//!
//! Both are forks that never call exec. What they do after the fork are bare system calls.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::mem;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};
use std::ptr;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::output::set_nonblocking;
use super::processes::{self, Processes};

/// How many descriptors a server may have unless a probe says otherwise, if the machine allows it.
const DESCRIPTORS: libc::rlim_t = 4096;

/// Written while a process is being made, read while a client closes. Between its fork and its exec the new process has
/// a copy of every descriptor, even of those that are closed on exec; and a connection ends only with the last copy.
static FORKING: RwLock<()> = RwLock::new(());

/// As long as this is held, what is closed is closed: no server is about to be started in another thread.
pub fn no_fork_meanwhile() -> impl Drop {
    FORKING.read().unwrap_or_else(PoisonError::into_inner)
}

/// What the keeper and the guard write: a kind, a process id, and for [`ENDED`] and [`LOST`] a status as wait(2) has it.
const KEEPER: i32 = 0;
const STARTED: i32 = 1;
const ENDED: i32 = 2;
const REFUSED: i32 = 3;
/// The keeper itself has ended, with all that it kept.
const LOST: i32 = 4;
type Report = [i32; 3];

/// A keeper that runs, and what it has reported.
pub struct Keeper {
    guard: Child,
    lifeline: Option<PipeWriter>,
    reports: PipeReader,
    unread: Vec<u8>,
    id: Option<u32>,
    /// What tells that the keeper has ended, where the kernel has that (pidfd_open(2), Linux 5.3).
    exit: Option<OwnedFd>,
    server: Option<u32>,
    ended: Option<ExitStatus>,
    /// How the keeper has ended.
    lost: Option<ExitStatus>,
    refused: Vec<i32>,
}

impl Keeper {
    /// Starts `command` under a keeper; its pipes, if it has any, are in [`Keeper::guard`]. Fails as `Command::spawn`
    /// does, for instance because there is no such program.
    pub fn spawn(command: Command) -> io::Result<Keeper> {
        Keeper::spawn_with(command, None)
    }

    /// Starts `command` under a keeper, as [`Keeper::spawn`] does. With `descriptors` the server may have so many of them,
    /// and raise that no more.
    pub fn spawn_with(mut command: Command, descriptors: Option<u64>) -> io::Result<Keeper> {
        let (lifeline_end, lifeline) = io::pipe()?;
        let (reports, reporter) = io::pipe()?;
        set_nonblocking(reports.as_raw_fd())?;
        let (lifeline_fd, reports_fd) = (lifeline_end.as_raw_fd(), reporter.as_raw_fd());
        // A group of its own, which the terminal's signals do not reach.
        command.process_group(0);
        // SAFETY: between fork and exec only async-signal-safe calls are allowed; `split` makes bare system calls.
        unsafe { command.pre_exec(move || split(lifeline_fd, reports_fd, descriptors)) };
        let guard = {
            let _alone = FORKING.write();
            command.spawn()?
        };
        let mut keeper = Keeper {
            guard,
            lifeline: Some(lifeline),
            reports,
            unread: Vec::new(),
            id: None,
            exit: None,
            server: None,
            ended: None,
            lost: None,
            refused: Vec::new(),
        };
        // It was written before the exec of which `spawn` has just heard.
        keeper.read();
        keeper.exit = keeper.id.and_then(|id| processes::pidfd(id).ok());
        Ok(keeper)
    }

    /// The keeper's guard, as a child of this process.
    pub fn guard(&mut self) -> &mut Child {
        &mut self.guard
    }

    /// The processes that have come of the server, wherever they have gone since.
    pub fn kept(&self) -> Processes {
        // It has one thread, and so has its guard. One without children has ended, or is about to.
        let keeper = self.id.filter(|_| self.lost.is_none());
        let kept = keeper.map(Processes::below_single).filter(|kept| !kept.pids.is_empty());
        kept.unwrap_or_else(|| {
            let mut all = Processes::below_single(self.guard.id());
            all.pids.retain(|pid| Some(*pid) != self.id);
            all.tasks.retain(|task| Some(task.pid) != self.id);
            all
        })
    }

    /// The server's process id, which is its process group's too.
    pub fn server(&self) -> Option<u32> {
        self.server
    }

    /// The exit status of the server, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.read();
        self.ended
    }

    /// How the keeper has ended, if somebody has ended it: then all that it kept is being ended too.
    pub fn lost(&mut self) -> Option<ExitStatus> {
        const LIMIT: Duration = Duration::from_secs(30);
        let begun = Instant::now();
        loop {
            // Asked first: what it has reported is there when it is seen to have ended.
            let runs = self.runs();
            let open = self.read();
            if self.ended.is_some() || self.lost.is_some() {
                return self.lost;
            }
            if !open {
                // Nobody was left to report it: a guard that has closed the pipe is about to exit.
                self.lost = self.guard.wait().ok();
            } else if runs || begun.elapsed() > LIMIT {
                return None;
            } else {
                // Its end took the server with it, which may have been seen first. The guard is about to report it.
                self.wait_for_a_report(LIMIT);
            }
        }
    }

    /// Whether the keeper runs. One that has not said who it is may.
    fn runs(&self) -> bool {
        match (&self.exit, self.id) {
            (Some(exit), _) => {
                let mut pollfd = libc::pollfd { fd: exit.as_raw_fd(), events: libc::POLLIN, revents: 0 };
                // SAFETY: `pollfd` is ours, and there is one.
                unsafe { libc::poll(&mut pollfd, 1, 0) != 1 }
            }
            (None, Some(keeper)) => processes::runs(keeper) || processes::is_hidden(keeper),
            (None, None) => true,
        }
    }

    /// Returns when the keeper or its guard has reported something, or when both have ended; or after `limit`.
    fn wait_for_a_report(&self, limit: Duration) {
        let mut pollfd = libc::pollfd { fd: self.reports.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let millis = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1);
        // SAFETY: `pollfd` is ours, and there is one.
        unsafe { libc::poll(&mut pollfd, 1, millis) };
    }

    /// Ends all that has come of the server, and returns when it is gone: the process ids of those that may not be
    /// signalled (kill(2), EPERM), which are left. After `limit` it returns anyway, with all that is still there.
    pub fn end(&mut self, limit: Duration) -> Vec<i32> {
        if self.lifeline.take().is_none() {
            return Vec::new();
        }
        let begun = Instant::now();
        // The end of the pipe is the end of both.
        while self.read() {
            let left = limit.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return self.kept().pids.into_iter().filter_map(|pid| pid.try_into().ok()).collect();
            }
            self.wait_for_a_report(left);
        }
        // A guard that has closed the pipe is about to exit, and waits for nothing.
        let _ = self.guard.wait();
        mem::take(&mut self.refused)
    }

    /// Reads what the keeper has reported. False at the end of the pipe.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 1024];
        let open = loop {
            match self.reports.read(&mut buffer) {
                Ok(0) => break false,
                Ok(n) => self.unread.extend(&buffer[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break true,
            }
        };
        let whole = self.unread.len() / size_of::<Report>() * size_of::<Report>();
        let words: Vec<u8> = self.unread.drain(..whole).collect();
        let words: Vec<i32> = words.chunks_exact(4).map(|b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]])).collect();
        for report in words.chunks_exact(3) {
            match report[0] {
                KEEPER => self.id = u32::try_from(report[1]).ok(),
                STARTED => self.server = u32::try_from(report[1]).ok(),
                ENDED => self.ended = Some(ExitStatus::from_raw(report[2])),
                LOST => self.lost = Some(ExitStatus::from_raw(report[2])),
                _ => self.refused.push(report[1]),
            }
        }
        open
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end(Duration::from_secs(30));
    }
}

/// Runs in the new process, between fork and exec: forks twice, and returns in the grandchild, which goes on to exec and is
/// the server. Its parent becomes the keeper, the first process the guard, and these do not return.
fn split(lifeline: RawFd, reports: RawFd, descriptors: Option<u64>) -> io::Result<()> {
    // SAFETY: bare system calls, which are async-signal-safe.
    unsafe {
        // An ignored SIGCHLD would be inherited, and then no status would be left to wait for.
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        done(libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1))?;
        match fork()? {
            0 => {}
            keeper => guard(keeper, lifeline, reports),
        }
        // A child does not inherit it.
        done(libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1))?;
        match fork()? {
            0 => prepare_server(descriptors),
            server => keep(server, lifeline, reports),
        }
    }
}

/// fork(2). Not fork(3), which takes the locks of an allocator that another thread may have held at the first fork.
unsafe fn fork() -> io::Result<libc::pid_t> {
    // SAFETY: a bare system call. The child has a copy of this thread's memory, and goes on here.
    let pid = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } as libc::pid_t;
    done(pid).map(|()| pid)
}

/// What a call says that returns -1 when it fails.
fn done(result: i32) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What the server's process does before exec.
unsafe fn prepare_server(descriptors: Option<u64>) -> io::Result<()> {
    // SAFETY: bare system calls; `limit` is ours.
    unsafe {
        done(libc::setpgid(0, 0))?;
        // Should the keeper be killed, the server goes with it.
        done(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
        // Whatever descriptors were left open to us stay with us, so that the server's listener is 3.
        if libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) == -1 {
            for_each_descriptor(|fd| if fd < 3 { 0 } else { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) })?;
        }
        // Room for a crowd.
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        done(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit))?;
        // The hard limit too, where there is one to be kept: some runtimes raise the soft one to it at their start.
        limit.rlim_max = descriptors.unwrap_or(limit.rlim_max).min(limit.rlim_max);
        limit.rlim_cur = DESCRIPTORS.min(limit.rlim_max);
        done(libc::setrlimit(libc::RLIMIT_NOFILE, &limit))
    }
}

/// The status of a guard or a keeper that could not do its part. Whatever it has started it has ended.
const UNABLE: i32 = 2;

/// The guard's whole life.
unsafe fn guard(keeper: libc::pid_t, lifeline: RawFd, reports: RawFd) -> ! {
    // SAFETY: bare system calls on memory and descriptors of our own.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, c"guard".as_ptr());
        let Ok(children) = detach([lifeline, reports]) else {
            report(reports, [LOST, keeper, UNABLE << 8]);
            libc::kill(keeper, libc::SIGKILL);
            end_children(reports, None)
        };
        let mut lifeline = lifeline;
        loop {
            let mut status = 0;
            if libc::waitpid(keeper, &mut status, libc::WNOHANG) == keeper {
                if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) != UNABLE {
                    libc::_exit(0);
                }
                report(reports, [LOST, keeper, status]);
                end_children(reports, None);
            }
            if wait_for_either(lifeline, children) {
                // The keeper's turn. Should somebody have stopped it, it goes on.
                libc::kill(keeper, libc::SIGCONT);
                lifeline = -1; // which poll(2) leaves out
            }
        }
    }
}

/// The keeper's whole life.
unsafe fn keep(server: libc::pid_t, lifeline: RawFd, reports: RawFd) -> ! {
    // SAFETY: bare system calls on memory and descriptors of our own.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, c"keeper".as_ptr());
        // Reported before the descriptors are closed, because `spawn` returns when they are.
        report(reports, [KEEPER, libc::getpid(), 0]);
        report(reports, [STARTED, server, 0]);
        let Ok(children) = detach([lifeline, reports]) else {
            libc::kill(server, libc::SIGKILL);
            libc::_exit(UNABLE)
        };
        loop {
            reap(reports, Some(server));
            if wait_for_either(lifeline, children) {
                end_children(reports, Some(server));
            }
        }
    }
}

/// Closes all descriptors but those two, and blocks all signals: none of those that a terminal, or a server, sends is for
/// us. Returns a descriptor that tells of children that end.
unsafe fn detach(kept: [RawFd; 2]) -> io::Result<RawFd> {
    // SAFETY: bare system calls on memory of our own, and on descriptors that this process, a fork, uses no more.
    unsafe {
        let mut signals: libc::sigset_t = mem::zeroed();
        libc::sigfillset(&mut signals);
        done(libc::sigprocmask(libc::SIG_SETMASK, &signals, ptr::null_mut()))?;
        let (low, high) = (kept[0].min(kept[1]) as u32, kept[0].max(kept[1]) as u32);
        for (first, last) in [(0, low - 1), (low + 1, high - 1), (high + 1, u32::MAX)] {
            if first <= last && libc::syscall(libc::SYS_close_range, first, last, 0) == -1 {
                let others = first as RawFd..=last.min(RawFd::MAX as u32) as RawFd;
                // It is closed whatever close(2) says of what was written to it.
                let close = |fd| {
                    if others.contains(&fd) {
                        libc::close(fd);
                    }
                    0
                };
                // The first three at once: to ask for the others takes a descriptor.
                (0..3).for_each(|fd| _ = close(fd));
                for_each_descriptor(close)?;
            }
        }
        libc::sigemptyset(&mut signals);
        libc::sigaddset(&mut signals, libc::SIGCHLD);
        let children = libc::signalfd(-1, &signals, libc::SFD_NONBLOCK);
        done(children).map(|()| children)
    }
}

/// What close_range(2) does, without it: the kernel may be older than 5.9, or a sandbox may not know the call. Does `what`
/// with each descriptor of this process, and fails with the first that fails.
unsafe fn for_each_descriptor(what: impl Fn(RawFd) -> i32) -> io::Result<()> {
    // SAFETY: bare system calls on memory of our own.
    unsafe {
        let folder = libc::open(c"/proc/self/fd".as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC);
        done(folder)?;
        let mut buffer = [0_u8; 4096];
        loop {
            let length = libc::syscall(libc::SYS_getdents64, folder, buffer.as_mut_ptr(), buffer.len());
            if length <= 0 {
                libc::close(folder);
                return done(length as i32);
            }
            // struct linux_dirent64: inode, offset, the entry's length, its type; then the name, and a zero.
            let mut entries = &buffer[..length as usize];
            while let (Some(&[low, high]), Some(name)) = (entries.get(16..18), entries.get(19..)) {
                let fd = name.split(|byte| *byte == 0).next().and_then(number);
                if let Some(fd) = fd.filter(|fd| *fd != folder) {
                    done(what(fd))?;
                }
                entries = entries.get(usize::from(u16::from_ne_bytes([low, high]))..).unwrap_or_default();
            }
        }
    }
}

/// Waits for the end of the lifeline, or for a child that ends. True if it is the lifeline.
unsafe fn wait_for_either(lifeline: RawFd, children: RawFd) -> bool {
    let mut fds = [lifeline, children].map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    let mut info = [0_u8; size_of::<libc::signalfd_siginfo>()];
    // SAFETY: bare system calls on memory of our own.
    unsafe {
        libc::poll(fds.as_mut_ptr(), 2, -1);
        while libc::read(children, info.as_mut_ptr().cast(), info.len()) > 0 {}
    }
    fds[0].revents != 0
}

/// Waits for all children that have ended, and exits when there are none left.
unsafe fn reap(reports: RawFd, server: Option<libc::pid_t>) {
    loop {
        let mut status = 0;
        // SAFETY: bare system calls; `status` is ours.
        unsafe {
            match libc::waitpid(-1, &mut status, libc::WNOHANG) {
                0 => return,
                -1 => libc::_exit(0),
                pid if Some(pid) == server => report(reports, [ENDED, pid, status]),
                _ => {}
            }
        }
    }
}

/// Kills the children until there are none. The children of one that is killed become ours, and their turn comes next.
unsafe fn end_children(reports: RawFd, server: Option<libc::pid_t>) -> ! {
    /// How many looks in a row, a millisecond apart, at children that all refuse the signal are enough.
    const LOOKS: usize = 100;
    let mut refusals = 0;
    loop {
        // SAFETY: bare system calls on memory of our own. A child's id is its own until it is waited for.
        unsafe {
            reap(reports, server);
            let mut buffer = [0_u8; 4096];
            let file = libc::open(c"/proc/thread-self/children".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
            let length = libc::read(file, buffer.as_mut_ptr().cast(), buffer.len());
            libc::close(file);
            let list = &buffer[..usize::try_from(length).unwrap_or(0)];
            let mut pids = [0; 64];
            let (mut killed, mut refused) = (0, 0);
            // What does not fit has its turn in the next round.
            for pid in whole_words(list).filter_map(number).filter(|pid| *pid > 0).take(pids.len()) {
                if libc::kill(pid, libc::SIGKILL) == -1 {
                    pids[refused] = pid;
                    refused += 1;
                } else {
                    killed += 1;
                }
            }
            refusals = if killed == 0 && refused > 0 { refusals + 1 } else { 0 };
            if refusals == LOOKS {
                for pid in &pids[..refused] {
                    report(reports, [REFUSED, *pid, 0]);
                }
                libc::_exit(1);
            }
            let pause = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
            libc::nanosleep(&pause, ptr::null_mut());
        }
    }
}

/// The words that have a space after them, as each in proc_pid_children's list has. A number that is cut off at the end of a
/// buffer would be another process's.
fn whole_words(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = list.iter().rposition(|byte| *byte == b' ').unwrap_or(0);
    list[..end].split(|byte| *byte == b' ')
}

/// A number of decimal digits, of a process or a descriptor.
fn number(digits: &[u8]) -> Option<i32> {
    let mut number: i32 = 0;
    for digit in digits {
        let digit = char::from(*digit).to_digit(10)?;
        number = number.checked_mul(10)?.checked_add(i32::try_from(digit).ok()?)?;
    }
    (!digits.is_empty()).then_some(number)
}

unsafe fn report(reports: RawFd, report: Report) {
    // SAFETY: a pipe takes so few bytes whole; if its reader has gone, nothing is left to be told.
    unsafe { libc::write(reports, report.as_ptr().cast(), size_of::<Report>()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_cut_off_is_none() {
        let numbers = |list| whole_words(list).filter_map(number).collect::<Vec<i32>>();
        assert_eq!(numbers(b"12 345 "), [12, 345]);
        assert_eq!(numbers(b"12 345 67"), [12, 345], "67 may be the beginning of 678");
        assert_eq!(numbers(b"12"), []);
        assert_eq!(numbers(b""), []);
    }
}
