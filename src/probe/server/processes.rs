//! What /proc says of processes. Linux only, proc(5).
//!
//! It is read as bytes: the name of a process may be any, and the kernel cuts it at 15 of them, which may be in the middle
//! of a character.

use std::fs;
use std::io::{self, Read};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::process;
use std::ptr;
use std::time::Duration;

use crate::net::text::printable;

/// Fails unless /proc shows the processes of our own PID namespace (pid_namespaces(7)): in another one's, our numbers are
/// those of other processes.
pub fn are_ours() -> io::Result<()> {
    let ours = fs::read_link("/proc/self").map_err(|e| io::Error::other(format!("/proc/self: {e}")))?;
    if ours == Path::new(&process::id().to_string()) {
        return Ok(());
    }
    let why =
        "/proc shows the processes of another PID namespace; mount this one's there, as unshare --mount-proc does";
    Err(io::Error::other(why))
}

/// Processes, and their threads, as they were when they were listed.
pub struct Processes {
    /// Their numbers: children, and then the children of these.
    pub pids: Vec<u32>,
    /// All threads of all of them.
    pub tasks: Vec<Task>,
}

/// A thread, as it was when it was listed.
pub struct Task {
    /// Its process.
    pub pid: u32,
    /// Its folder in /proc.
    pub folder: PathBuf,
    /// Its state's letter, as proc_pid_stat(5) has it: `S` sleeps, `R` runs, `T` is stopped, `Z` and `X` have ended.
    pub state: u8,
}

impl Processes {
    /// These.
    pub fn of(pids: &[u32]) -> Processes {
        Processes { pids: pids.to_vec(), tasks: pids.iter().flat_map(|pid| tasks(*pid)).collect() }
    }

    /// All descendants of a process.
    pub fn below(pid: u32) -> Processes {
        Processes::below_threads(&threads(pid))
    }

    /// All descendants of a process of a single thread.
    pub fn below_single(pid: u32) -> Processes {
        Processes::below_threads(&[first_thread(pid)])
    }

    fn below_threads(parent: &[PathBuf]) -> Processes {
        let mut all =
            Processes { pids: parent.iter().flat_map(|thread| children(thread)).collect(), tasks: Vec::new() };
        let mut at = 0;
        while let Some(&pid) = all.pids.get(at) {
            for task in tasks(pid) {
                all.pids.extend(children(&task.folder));
                all.tasks.push(task);
            }
            at += 1;
        }
        all
    }

    /// The state letters of all threads, but of those that have ended and wait for their parent to take note.
    pub fn states(&self) -> Vec<u8> {
        self.tasks.iter().map(|task| task.state).filter(|state| !matches!(state, b'Z' | b'X')).collect()
    }
}

/// The processes that this thread of a process has made.
fn children(thread: &Path) -> Vec<u32> {
    let list = line(&thread.join("children")).unwrap_or_default();
    list.split(|byte| *byte == b' ').filter_map(|pid| number(pid)?.try_into().ok()).collect()
}

/// All threads of a process.
fn tasks(pid: u32) -> Vec<Task> {
    let state = |stat: &[u8]| fields(stat)?.next()?.first().copied();
    let task = |folder, stat: &[u8]| Some(Task { pid, folder, state: state(stat)? });
    match alone(pid) {
        Some(stat) => task(first_thread(pid), &stat).into_iter().collect(),
        None => listed(pid).filter_map(|thread| task(thread.clone(), &line(&thread.join("stat")).ok()?)).collect(),
    }
}

/// What /proc/PID/stat says of a process with a single thread, which is all that there is to know of its threads: most
/// servers have one, and a folder is more to read than a file.
fn alone(pid: u32) -> Option<Vec<u8>> {
    let stat = line(Path::new(&format!("/proc/{pid}/stat"))).ok()?;
    let threads = number(fields(&stat)?.nth(17)?)?;
    (threads == 1).then_some(stat)
}

/// A file of one line. /proc has it at once, in one call if there is room for it: this is asked thousands of times.
pub fn line(file: &Path) -> io::Result<Vec<u8>> {
    let mut line = vec![0; 1024];
    let length = fs::File::open(file)?.read(&mut line)?;
    if length == line.len() {
        return fs::read(file);
    }
    line.truncate(length);
    Ok(line)
}

/// The folders of all threads of a process, in /proc.
pub fn threads(pid: u32) -> Vec<PathBuf> {
    match alone(pid) {
        Some(_) => vec![first_thread(pid)],
        None => listed(pid).collect(),
    }
}

/// The folder of the first thread of a process, which is there as long as the process is.
fn first_thread(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/task/{pid}"))
}

/// The folders of all threads of a process, of which there may be many.
fn listed(pid: u32) -> impl Iterator<Item = PathBuf> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    tasks.into_iter().flatten().flatten().map(|thread| thread.path())
}

/// A thread of a process.
pub struct Thread {
    /// Its folder in /proc.
    folder: PathBuf,
    /// Its name.
    pub name: String,
}

impl Thread {
    /// Whether it has not ended.
    pub fn is_there(&self) -> bool {
        self.folder.exists()
    }
}

/// The threads of a process, with their names.
pub fn threads_of(pid: u32) -> impl Iterator<Item = Thread> {
    threads(pid).into_iter().map(|folder| {
        let name = fs::read(folder.join("comm")).unwrap_or_default();
        Thread { folder, name: String::from_utf8_lossy(&name).trim().to_string() }
    })
}

/// For how long each of the threads has been on a processor, how long it has waited for one, and how often it was given
/// one: the scheduler's counts, as the kernel prints them (/proc/PID/schedstat, Documentation/scheduler/sched-stats.rst).
/// `None` where it does not count.
pub fn schedstats(tasks: &[Task]) -> Option<Vec<Vec<u8>>> {
    let counts = tasks.iter().map(|task| line(&task.folder.join("schedstat")).ok());
    counts.map(|counts| counts.filter(|counts| !counts.starts_with(b"0 0 0"))).collect()
}

/// The processor time that the processes have used, to the nanosecond: the scheduler's count (schedstat), which not every
/// kernel keeps. Threads that have ended do not count.
pub fn time_on_cpu(pids: &[u32]) -> Duration {
    let counts = pids
        .iter()
        .flat_map(|pid| threads(*pid))
        .filter_map(|thread| fs::read_to_string(thread.join("schedstat")).ok());
    Duration::from_nanos(counts.filter_map(|count| count.split(' ').next()?.parse::<u64>().ok()).sum())
}

/// The processor time that the processes have used, in the kernel's ticks of a hundredth of a second.
pub fn cpu_time(pids: &[u32]) -> Duration {
    let ticks = pids.iter().filter_map(|pid| {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let mut times = fields(&stat)?.skip(11).map(number);
        Some(times.next()?? + times.next()??)
    });
    Duration::from_millis(10 * ticks.sum::<u64>())
}

/// The memory that the processes hold, in bytes, without what belongs to files (RssAnon in proc_pid_status(5)).
pub fn memory(pids: &[u32]) -> u64 {
    let kilobytes = pids.iter().filter_map(|pid| {
        let status = fs::read(format!("/proc/{pid}/status")).ok()?;
        let line = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"RssAnon:"))?;
        number(line.trim_ascii().split(|byte| *byte == b' ').next()?)
    });
    1024 * kilobytes.sum::<u64>()
}

/// The name of a process, as it has been started or has given itself, and as it can be shown.
pub fn name(pid: u32) -> String {
    let comm = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    printable(comm.strip_suffix(b"\n").unwrap_or(&comm))
}

/// Whether a process is there of which /proc shows no thread, as where it is mounted with `hidepid`: of such a one nothing
/// can be known.
pub fn is_hidden(pid: u32) -> bool {
    let shown = first_thread(pid).exists();
    // SAFETY: a bare system call that sends no signal. Asked second: what is there now was there before.
    let is_there =
        |pid| unsafe { libc::kill(pid, 0) == 0 } || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM);
    !shown && libc::pid_t::try_from(pid).is_ok_and(is_there)
}

/// Whether a process runs: it is there, and has not ended and waits for its parent to take note.
pub fn runs(pid: u32) -> bool {
    !Processes::of(&[pid]).states().is_empty()
}

/// A descriptor of the process, by which it is known even when another one has its number. pidfd_open(2).
pub fn pidfd(pid: u32) -> io::Result<OwnedFd> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: a bare system call, whose result is new, and nobody else's.
    unsafe { new_descriptor(libc::syscall(libc::SYS_pidfd_open, pid, 0)) }
}

/// The descriptor that a system call has returned. Fails as it did.
///
/// # Safety
///
/// It must be new, and nobody else's.
pub unsafe fn new_descriptor(result: libc::c_long) -> io::Result<OwnedFd> {
    match RawFd::try_from(result) {
        // SAFETY: the caller's promise.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// How many descriptors a process has open: none, if it has ended. Fails where that may not be read.
pub fn descriptors(pid: u32) -> io::Result<usize> {
    match fs::read_dir(format!("/proc/{pid}/fd")) {
        Ok(open) => Ok(open.count()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        Err(_) => Ok(0),
    }
}

/// The highest descriptor that a process has open.
pub fn highest_descriptor(pid: u32) -> io::Result<u64> {
    let open = fs::read_dir(format!("/proc/{pid}/fd"))?;
    Ok(open.flatten().filter_map(|fd| fd.file_name().to_str()?.parse::<u64>().ok()).max().unwrap_or(0))
}

/// Lets a process have descriptors below `at_least`, or as many as `room` above the highest that it has, and no others.
/// prlimit(2), RLIMIT_NOFILE.
pub fn limit_descriptors(pid: u32, at_least: u64, room: u64) -> io::Result<()> {
    let highest = highest_descriptor(pid)?;
    let limit = at_least.max(highest + 1 + room);
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    let mut old = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // The soft limit alone: only a privileged process may raise a hard one again.
    // SAFETY: `old` is ours; first it is written and no new limit is read, then the reverse.
    let result = unsafe {
        match libc::prlimit(pid, libc::RLIMIT_NOFILE, ptr::null(), &mut old) {
            0 => {
                let new = libc::rlimit { rlim_cur: limit, ..old };
                libc::prlimit(pid, libc::RLIMIT_NOFILE, &new, ptr::null_mut())
            }
            failed => failed,
        }
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The fields of a line of /proc/PID/stat from the third on, after the name, which is in parentheses and may hold any
/// character.
fn fields(stat: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    // The number and the name are shorter than this, and behind them there are only numbers.
    let name = stat[..stat.len().min(100)].iter().rposition(|byte| *byte == b')')?;
    Some(stat.get(name + 2..)?.split(|byte| *byte == b' '))
}

fn number(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::waits::Waits;
    use super::*;

    #[test]
    fn the_state_is_found_after_any_name() {
        for (stat, state) in [
            (&b"42 (04-use-after-cl) S 1 42"[..], &b"S"[..]),
            (b"42 (a) R b) T 1 42", b"T"),
            (b"42 (\xd1\x81\xd0) S 1 42", b"S"),
        ] {
            assert_eq!(fields(stat).unwrap().next(), Some(state));
        }
        assert!(fields(b"42").is_none());
    }

    #[test]
    fn this_process_runs_and_holds_memory() {
        let ours = [std::process::id()];
        assert!(Processes::of(&ours).states().contains(&b'R'), "the thread that asks is running");
        assert!(memory(&ours) > 0);
        assert!(are_ours().is_ok() && !is_hidden(ours[0]));
    }

    #[test]
    fn the_scheduler_counts_when_a_thread_runs_and_only_then() {
        let mut child = process::Command::new("cat");
        let mut child = child.stdin(process::Stdio::piped()).stdout(process::Stdio::piped()).spawn().unwrap();
        let (mut to, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut echo = || {
            std::io::Write::write_all(&mut to, b"x").unwrap();
            from.read_exact(&mut [0]).unwrap();
        };
        // To say in which call it waits, the kernel waits until it has left the processor.
        let pids = [child.id()];
        let rests = || loop {
            let tasks = Processes::of(&pids).tasks;
            if Waits::default().of(&tasks).ok()?.iter().any(|thread| thread.descriptors() == Some(vec![0])) {
                break schedstats(&tasks);
            }
        };
        echo();
        let first = rests();
        if first.is_some() {
            assert_eq!(rests(), first, "it sleeps");
            echo();
            assert_ne!(rests(), first, "it has run");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Other tests' threads of this process begin and end meanwhile: only this test's own are asked about.
    #[test]
    fn a_thread_is_there_until_it_ends() {
        let own = || threads_of(std::process::id()).find(|thread| thread.name == "held-by-a-test");
        let (release, held) = std::sync::mpsc::channel::<()>();
        let thread =
            std::thread::Builder::new().name("held-by-a-test".into()).spawn(move || held.recv().is_err()).unwrap();
        // The name is set by the thread itself, once it runs.
        let seen = std::iter::repeat_with(own).flatten().next().unwrap();
        assert!(seen.is_there());
        drop(release);
        assert!(thread.join().unwrap());
        // join() returns when the kernel clears the thread's id, a moment before its entry in /proc is gone.
        while seen.is_there() {
            std::thread::yield_now();
        }
        assert!(own().is_none());
    }
}
