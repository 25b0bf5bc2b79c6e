//! What the threads of a server wait for, as the kernel has it: in which call, for which descriptors, and whether there is
//! a limit to it. proc_pid_syscall(5) has the call with its arguments, for whoever may trace the process (ptrace(2)).

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::RawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use libc::c_long;

use super::processes::{self, Task};

/// How long a thread waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until a descriptor is ready, or another thread or process does something. Nothing else wakes it.
    Unlimited,
    /// Until a descriptor is ready, and not for ever.
    Limited,
    /// Until a time has passed, or another thread does something: it wakes by itself, and looks at no descriptor.
    Nap,
    /// In a call of which nothing is known here.
    Unknown,
}

/// A thread that waits.
pub struct Waiting {
    /// Its folder in /proc.
    pub thread: PathBuf,
    /// Its process.
    pub pid: u32,
    /// The call, if it is known.
    call: Option<Call>,
}

/// A call as the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Call {
    number: c_long,
    args: [u64; 6],
    stack: u64,
    program: u64,
}

/// What is known of the threads of a server from one question to the next.
#[derive(Default)]
pub struct Waits {
    /// In which call each was seen last. A stop (SIGSTOP) ends some calls, and the kernel goes on with them by
    /// restart_syscall(2), which does not say what it goes on with.
    last: HashMap<PathBuf, Call>,
    /// Not all of them waited when they were last asked.
    some_run: bool,
}

impl Waits {
    /// What the threads wait for, but those that run. Fails where what they wait for may not be read.
    ///
    /// To the kernel a thread waits once it has left the processor. Its state says that it sleeps a moment before that,
    /// and so it may say of one that finds, in that moment, that it need not.
    pub fn of(&mut self, tasks: &[Task]) -> io::Result<Vec<Waiting>> {
        let mut all = Vec::new();
        self.some_run = false;
        for task in tasks {
            let (thread, pid) = (task.folder.clone(), task.pid);
            if let Some(call) = call_of(&thread).inspect_err(|_| self.some_run = false)? {
                let call = self.remembered(&thread, call);
                all.push(Waiting { thread, pid, call });
            } else {
                self.some_run = true;
            }
        }
        Ok(all)
    }

    /// Whether one of the threads ran, or has ended meanwhile, when they were last asked.
    pub fn some_run(&self) -> bool {
        self.some_run
    }

    /// The call that the thread is in; for one that goes on after a stop, the one that it was in before. `None` where
    /// that is not known.
    fn remembered(&mut self, thread: &Path, call: Call) -> Option<Call> {
        if call.number == libc::SYS_restart_syscall {
            let before = self.last.get(thread)?;
            return (before.stack == call.stack && before.program == call.program).then_some(*before);
        }
        self.last.insert(thread.into(), call);
        Some(call)
    }
}

impl Waiting {
    /// How long it waits.
    pub fn wait(&self) -> Wait {
        // What goes on after a stop, and was not seen before, is a sleep, a wait for a lock with a limit, or poll(2).
        self.call.map_or(Wait::Nap, |call| match form(&call) {
            Some(Form::Nap) => Wait::Nap,
            Some(Form::Others { limited: false } | Form::At(_, false)) => Wait::Unlimited,
            Some(Form::Others { limited: true }) => Wait::Nap,
            Some(Form::At(_, true)) => Wait::Limited,
            None => Wait::Unknown,
        })
    }

    /// The descriptors at which it waits for something to be read or accepted. `None` where that is not known.
    pub fn descriptors(&self) -> Option<Vec<RawFd>> {
        let call = self.call?;
        let [first, second, ..] = call.args;
        match form(&call)? {
            Form::At(At::Descriptor, _) => Some(vec![first as RawFd]),
            Form::At(At::Polled, _) => polled(self.pid, first, second),
            Form::At(At::Selected, _) => selected(self.pid, second, first),
            Form::At(At::Registered, _) => registered(self.pid, first as RawFd),
            Form::Others { .. } | Form::Nap => Some(Vec::new()),
        }
    }
}

/// The call that a thread waits in. `None` if it runs, or has ended.
fn call_of(thread: &Path) -> io::Result<Option<Call>> {
    match processes::line(&thread.join("syscall")) {
        Ok(text) => Ok(parse(&String::from_utf8_lossy(&text))),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        Err(_) => Ok(None), // it has ended since it was listed
    }
}

/// `7 0x7ffd1c 0x2 0xffffffff 0x0 0x0 0x0 0x7ffd0 0x7f12`: the number, six arguments, the stack and the program. A thread
/// that runs is `running`; one that waits outside a call has the number -1.
fn parse(text: &str) -> Option<Call> {
    let mut words = text.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let mut hex = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
    if number == -1 {
        return Some(Call { number, args: [0; 6], stack: hex()?, program: hex()? });
    }
    let args = [hex()?, hex()?, hex()?, hex()?, hex()?, hex()?];
    Some(Call { number, args, stack: hex()?, program: hex()? })
}

/// epoll_pwait2(2), which has the same number everywhere.
const EPOLL_PWAIT2: c_long = 441;

/// What a call waits for.
enum Form {
    /// Something at descriptors; and whether there is a limit.
    At(At, bool),
    /// Something that others do.
    Others { limited: bool },
    /// Nothing but a time.
    Nap,
}

/// At which descriptors.
enum At {
    /// The one that is the first argument.
    Descriptor,
    /// Those in poll's list.
    Polled,
    /// Those in select's sets.
    Selected,
    /// Those that are registered with the epoll instance that is the first argument.
    Registered,
}

/// A limit in milliseconds, in an int: there is none if it is negative.
fn milliseconds(argument: u64) -> bool {
    argument as i32 >= 0
}

/// poll(2) and select(2) without descriptors are an older way to sleep.
fn at(at: At, number: u64, limited: bool) -> Form {
    if number == 0 && limited { Form::Nap } else { Form::At(at, limited) }
}

fn form(call: &Call) -> Option<Form> {
    let args = call.args;
    Some(match call.number {
        libc::SYS_accept | libc::SYS_accept4 | libc::SYS_read | libc::SYS_readv => Form::At(At::Descriptor, false),
        libc::SYS_recvfrom | libc::SYS_recvmsg => Form::At(At::Descriptor, false),
        // A client that reads nothing keeps these, and no time ends that.
        libc::SYS_write | libc::SYS_writev | libc::SYS_sendto | libc::SYS_sendmsg => Form::Others { limited: false },
        libc::SYS_sendfile | libc::SYS_splice => Form::Others { limited: false },
        libc::SYS_ppoll => at(At::Polled, args[1], args[2] != 0),
        libc::SYS_pselect6 => at(At::Selected, args[0], args[4] != 0),
        libc::SYS_epoll_pwait => Form::At(At::Registered, milliseconds(args[3])),
        EPOLL_PWAIT2 => Form::At(At::Registered, args[3] != 0),
        libc::SYS_futex => Form::Others { limited: args[3] != 0 },
        libc::SYS_rt_sigtimedwait => Form::Others { limited: args[2] != 0 },
        libc::SYS_rt_sigsuspend | libc::SYS_wait4 | libc::SYS_waitid => Form::Others { limited: false },
        libc::SYS_flock | libc::SYS_semop => Form::Others { limited: false },
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => Form::Nap,
        _ => return older(call),
    })
}

/// The calls that x86-64 has beside those: on aarch64 there are only the newer ones.
#[cfg(target_arch = "x86_64")]
fn older(call: &Call) -> Option<Form> {
    let args = call.args;
    Some(match call.number {
        libc::SYS_poll => at(At::Polled, args[1], milliseconds(args[2])),
        libc::SYS_select => at(At::Selected, args[0], args[4] != 0),
        libc::SYS_epoll_wait => Form::At(At::Registered, milliseconds(args[3])),
        libc::SYS_pause => Form::Others { limited: false },
        _ => return None,
    })
}

#[cfg(not(target_arch = "x86_64"))]
fn older(_: &Call) -> Option<Form> {
    None
}

/// How many descriptors are looked at in one call.
const MOST: u64 = 65_536;

/// The descriptors in a list of poll's.
fn polled(pid: u32, list: u64, number: u64) -> Option<Vec<RawFd>> {
    let bytes = memory(pid, list, number.min(MOST) * size_of::<libc::pollfd>() as u64)?;
    let descriptor = |entry: &[u8]| RawFd::from_ne_bytes([entry[0], entry[1], entry[2], entry[3]]);
    Some(bytes.chunks_exact(size_of::<libc::pollfd>()).map(descriptor).filter(|fd| *fd >= 0).collect())
}

/// The descriptors in select's first set, those that are waited for to be read. They are still there as they were asked
/// for: the kernel writes its answer when the call returns.
fn selected(pid: u32, set: u64, number: u64) -> Option<Vec<RawFd>> {
    if set == 0 {
        return Some(Vec::new());
    }
    let number = number.min(MOST);
    let bytes = memory(pid, set, number.div_ceil(64) * 8)?;
    let is_in = |fd: &u64| bytes[*fd as usize / 8] >> (fd % 8) & 1 == 1;
    Some((0..number).filter(is_in).map(|fd| fd as RawFd).collect())
}

/// The descriptors that are registered with an epoll instance: proc_pid_fdinfo(5). An instance may be registered with
/// another.
fn registered(pid: u32, epoll: RawFd) -> Option<Vec<RawFd>> {
    let of = |epoll: RawFd| -> Option<Vec<RawFd>> {
        let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{epoll}")).ok()?;
        let lines = info.lines().filter_map(|line| line.strip_prefix("tfd:"));
        Some(lines.filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect())
    };
    let mut all = of(epoll)?;
    for inner in all.clone().into_iter().filter(|fd| is_epoll(pid, *fd)) {
        all.extend(of(inner)?);
    }
    Some(all)
}

fn is_epoll(pid: u32, fd: RawFd) -> bool {
    let link = fs::read_link(format!("/proc/{pid}/fd/{fd}"));
    link.is_ok_and(|link| link.as_os_str() == "anon_inode:[eventpoll]")
}

/// Some of a process's memory.
fn memory(pid: u32, address: u64, length: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    if !bytes.is_empty() {
        File::open(format!("/proc/{pid}/mem")).ok()?.read_exact_at(&mut bytes, address).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::mem;
    use std::os::fd::AsRawFd;
    use std::ptr;
    use std::sync::mpsc;
    use std::thread;

    use super::super::processes::Processes;
    use super::*;

    #[test]
    fn a_call_is_read_with_its_arguments() {
        let call = parse("7 0x7ffd1c 0x2 0xffffffff 0x0 0x0 0x0 0x7ffd0 0x7f12\n").unwrap();
        assert_eq!((call.number, call.args[0], call.args[2]), (7, 0x7f_fd1c, 0xffff_ffff));
        assert_eq!((call.stack, call.program), (0x7ffd0, 0x7f12));
        assert_eq!(parse("running\n"), None);
        assert_eq!(parse("-1 0x7ffd0 0x7f12\n").unwrap().number, -1);
        assert!(!milliseconds(0xffff_ffff) && milliseconds(0) && milliseconds(500));
    }

    #[test]
    fn a_call_that_goes_on_after_a_stop_is_the_one_before_it_or_unknown() {
        let call = |number| Call { number, args: [1; 6], stack: 5, program: 6 };
        let mut waits = Waits::default();
        let [thread, other] = ["/proc/1/task/1", "/proc/1/task/2"].map(Path::new);
        assert_eq!(waits.remembered(thread, call(libc::SYS_nanosleep)), Some(call(libc::SYS_nanosleep)));
        assert_eq!(waits.remembered(thread, call(libc::SYS_restart_syscall)), Some(call(libc::SYS_nanosleep)));
        assert_eq!(waits.remembered(other, call(libc::SYS_restart_syscall)), None);
        let elsewhere = Call { stack: 7, ..call(libc::SYS_restart_syscall) };
        assert_eq!(waits.remembered(thread, elsewhere), None);
    }

    /// What a thread that does `work` with the reading end of a pipe waits for, once it waits for that.
    fn wait_in(work: fn(RawFd)) -> Option<(Wait, Option<Vec<RawFd>>, RawFd)> {
        let (reader, writer) = io::pipe().unwrap();
        let fd = reader.as_raw_fd();
        let (sender, receiver) = mpsc::channel();
        let worker = thread::spawn(move || {
            // SAFETY: a bare system call.
            sender.send(unsafe { libc::gettid() }).unwrap();
            work(reader.as_raw_fd());
        });
        let folder = PathBuf::from(format!("/proc/{0}/task/{1}", std::process::id(), receiver.recv().unwrap()));
        let mut waits = Waits::default();
        let found = loop {
            let all = match waits.of(&Processes::of(&[std::process::id()]).tasks) {
                Err(error) => {
                    eprintln!("left out: /proc/PID/syscall may not be read: {error}");
                    break None;
                }
                Ok(all) => all,
            };
            // On its way it may wait for a lock.
            let found = all.into_iter().find(|waiting| waiting.thread == folder);
            match found.map(|waiting| (waiting.wait(), waiting.descriptors())) {
                Some((wait, descriptors)) if wait == Wait::Nap || descriptors != Some(Vec::new()) => {
                    break Some((wait, descriptors, fd));
                }
                _ => thread::yield_now(),
            }
        };
        drop(writer);
        worker.join().unwrap();
        found
    }

    fn poll(fd: RawFd, millis: i32) {
        let mut pollfd = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        // SAFETY: `pollfd` is ours, and there is one.
        unsafe { libc::poll(&mut pollfd, 1, millis) };
    }

    fn select(fd: RawFd) {
        // SAFETY: the set is ours, and the descriptor is below its end.
        unsafe {
            let mut set: libc::fd_set = mem::zeroed();
            libc::FD_SET(fd, &mut set);
            libc::select(fd + 1, &mut set, ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        }
    }

    fn epoll(fd: RawFd) {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 0 };
        // SAFETY: bare system calls; `event` is ours.
        unsafe {
            let epoll = libc::epoll_create1(0);
            libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut event);
            libc::epoll_wait(epoll, &mut event, 1, -1);
            libc::close(epoll);
        }
    }

    fn read(fd: RawFd) {
        let mut byte = 0_u8;
        // SAFETY: a bare system call on memory of its own.
        unsafe { libc::read(fd, (&raw mut byte).cast(), 1) };
    }

    #[test]
    fn each_call_says_for_which_descriptors_it_waits_and_whether_for_ever() {
        type Work = fn(RawFd);
        let cases: [(&str, Work, Wait); 5] = [
            ("poll for ever", |fd| poll(fd, -1), Wait::Unlimited),
            ("poll for a minute", |fd| poll(fd, 60_000), Wait::Limited),
            ("select", select, Wait::Unlimited),
            ("epoll", epoll, Wait::Unlimited),
            ("read", read, Wait::Unlimited),
        ];
        for (what, work, expected) in cases {
            let Some((wait, descriptors, fd)) = wait_in(work) else { return };
            assert_eq!((wait, descriptors), (expected, Some(vec![fd])), "{what}");
        }
    }

    #[test]
    fn a_sleep_is_a_nap_in_whatever_call() {
        fn usleep(_: RawFd) {
            // SAFETY: a bare system call.
            unsafe { libc::usleep(300_000) };
        }
        fn poll_nothing(_: RawFd) {
            // SAFETY: a bare system call; there is no memory in its list of none.
            unsafe { libc::poll(ptr::null_mut(), 0, 300) };
        }
        let sleeps: [fn(RawFd); 2] = [usleep, poll_nothing];
        for sleep in sleeps {
            let Some((wait, ..)) = wait_in(sleep) else { return };
            assert_eq!(wait, Wait::Nap);
        }
    }
}
