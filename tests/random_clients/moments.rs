//! What the clients wait for, staged: moments that are too short to be met by chance.

use std::cell::Cell;
use std::fs;
use std::hint;
use std::io::{Read, Write, pipe};
use std::mem;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use close_call::net::in_flight::LIMIT;
use close_call::net::sock_diag::SockDiag;
use close_call::net::{self, Address, Socket};
use close_call::probe::clients::{Clients, Event};
use close_call::probe::idle::{self, Looks, Threads};
use close_call::probe::server::Server;
use close_call::probe::server::keeper::Keeper;
use close_call::probe::server::output::Line;
use close_call::probe::server::port::Port;
use close_call::probe::server::processes::{self, Processes};
use close_call::probe::server::waits::Waits;
use close_call::probe::verdict::Verdict;

use crate::common::tempdir;
use crate::steps::{chapter, peer};

/// A new process has a copy of every descriptor until its exec, and a connection ends only with the last copy. So a client
/// that leaves waits until no process is being made.
#[test]
fn no_client_closes_while_a_process_is_being_made() {
    let mut server = Server::start(chapter("11-limits"), Port::Announced, LIMIT).unwrap();
    let mut ignore = |_| {};
    let mut clients = Clients::new(&mut server, Duration::ZERO, &mut ignore);
    for (who, leave) in [("alice", Clients::close as Leave), ("bob", Clients::reset)] {
        clients.connect(who).unwrap();
        let (left, waited) = beside_a_process_that_is_being_made(|| leave(&mut clients, who));
        left.unwrap();
        assert!(waited, "{who} was gone before the process had its exec behind it");
    }
}

type Leave<'a> = fn(&mut Clients<'a>, &str) -> Result<(), Verdict>;

/// Does `act` when a process is between its fork and its exec, where it stays until `act` waits for a lock, or is done.
/// Returns what `act` does, and whether it was still at it when the process went on.
fn beside_a_process_that_is_being_made<T>(act: impl FnOnce() -> T) -> (T, bool) {
    let ((mut forked, tell), (wait, mut go_on)) = (pipe().unwrap(), pipe().unwrap());
    let (done, gone_on) = (AtomicBool::new(false), AtomicBool::new(false));
    // SAFETY: gettid has no conditions.
    let thread = unsafe { libc::gettid() };
    let waits_for_a_lock = || {
        let call = fs::read_to_string(format!("/proc/self/task/{thread}/syscall")).unwrap_or_default();
        call.split(' ').next() == Some(&libc::SYS_futex.to_string())
    };
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut command = Command::new("true");
            // SAFETY: bare system calls, which are async-signal-safe, on descriptors that are open until `spawn` returns.
            unsafe {
                command.pre_exec(move || {
                    let mut byte = 0_u8;
                    libc::write(tell.as_raw_fd(), (&raw const byte).cast(), 1);
                    libc::read(wait.as_raw_fd(), (&raw mut byte).cast(), 1);
                    Ok(())
                });
            }
            Keeper::spawn(command).unwrap().end(LIMIT);
        });
        forked.read_exact(&mut [0]).unwrap();
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) && !waits_for_a_lock() {
                thread::yield_now();
            }
            gone_on.store(true, Ordering::SeqCst);
            go_on.write_all(&[0]).unwrap();
        });
        let result = act();
        let waited = gone_on.load(Ordering::SeqCst);
        done.store(true, Ordering::SeqCst);
        (result, waited)
    })
}

/// A server that sleeps is not idle when it is about to be woken by what a client has sent.
#[test]
fn what_is_on_its_way_is_seen_although_the_server_sleeps() {
    let server = Server::start(chapter("11-limits"), Port::Announced, LIMIT).unwrap();
    let listener = net::listen(&Address::any_port()).unwrap();
    let reads_nothing = Socket::new(&Address::any_port()).unwrap();
    reads_nothing.set_recv_buffer_size(4096).unwrap();
    reads_nothing.connect(&listener.local_addr().unwrap()).unwrap();
    let (sends, _) = listener.accept().unwrap();
    sends.set_nonblocking(true).unwrap();
    let ends = [&sends, &reads_nothing].map(|end| end.local_addr().unwrap().as_socket().unwrap());

    let look = || loop {
        let connections = idle::Connections { arriving: vec![(ends[0], ends[1])], others: Vec::new() };
        let look =
            idle::look(&|| server.processes(), server.address(), &connections, &mut idle::Naps::default()).unwrap();
        if look.threads == [Threads::Asleep; 2] {
            break look;
        }
    };
    assert!(look().arrived, "nothing was sent");
    while sends.send(&[0; 65536]).is_ok() {}
    assert!(!look().arrived, "more was sent than the other end takes");
}

/// One look says nothing of a process that was made while it looked.
#[test]
fn a_look_during_which_a_process_is_made_is_not_enough() {
    let server = Server::start(chapter("11-limits"), Port::Announced, LIMIT).unwrap();
    let connections = idle::Connections::default();
    let look = |processes: &dyn Fn() -> Processes| loop {
        let look = idle::look(processes, server.address(), &connections, &mut idle::Naps::default()).unwrap();
        if look.threads == [Threads::Asleep; 2] {
            break look.unbroken;
        }
    };
    // What the kernel does not count, or may not be asked, is never unbroken.
    let counted = processes::schedstats(&server.processes().tasks).is_some();
    let readable = Waits::default().of(&server.processes().tasks).is_ok();
    assert_eq!(look(&|| server.processes()), counted && readable);
    let times = Cell::new(0);
    let one_more = || {
        times.set(times.get() + 1);
        let mut processes = server.processes();
        processes.pids.extend((times.get() % 2 == 0).then_some(std::process::id()));
        processes
    };
    assert!(!look(&one_more));
}

/// A thread that was woken while the connections were looked at, and was given no processor yet, has not run; but it is not
/// idle either.
#[test]
fn a_look_during_which_a_thread_is_woken_is_not_enough() {
    let server = Server::start(chapter("11-limits"), Port::Announced, LIMIT).unwrap();
    // SAFETY: bare system calls. A set of zeros is empty, and a parameter of zero is that of SCHED_IDLE, sched(7).
    let on_the_first = |pid| unsafe {
        let (mut first, none): (libc::cpu_set_t, libc::sched_param) = (mem::zeroed(), mem::zeroed());
        let found = libc::sched_getaffinity(0, size_of_val(&first), &mut first);
        let cpu = (0..libc::CPU_SETSIZE as usize).find(|cpu| libc::CPU_ISSET(*cpu, &first)).unwrap();
        libc::CPU_ZERO(&mut first);
        libc::CPU_SET(cpu, &mut first);
        found == 0
            && libc::sched_setaffinity(pid, size_of_val(&first), &first) == 0
            && (pid == 0 || libc::sched_setscheduler(pid, libc::SCHED_IDLE, &none) == 0)
    };
    let pid = server.pids()[0];
    assert!(on_the_first(pid.try_into().unwrap()), "{}", std::io::Error::last_os_error());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let busy = scope.spawn(|| {
            assert!(on_the_first(0));
            while !over.load(Ordering::Relaxed) {
                hint::spin_loop();
            }
        });
        let mut woken = None;
        while woken.is_none() {
            let client = Cell::new(None);
            let times = Cell::new(0);
            let wakes = || {
                times.set(times.get() + 1);
                if times.get() == 2 {
                    client.set(TcpStream::connect(server.address()).ok());
                }
                server.processes()
            };
            let look = idle::look(&wakes, server.address(), &Default::default(), &mut idle::Naps::default());
            // A test that fails must not leave the other thread busy for ever.
            let look = look.inspect_err(|_| over.store(true, Ordering::Relaxed)).unwrap();
            woken = client.take().map(|_| Looks::default().idle(&look, Duration::ZERO, Duration::ZERO));
        }
        over.store(true, Ordering::Relaxed);
        busy.join().unwrap();
        assert_eq!(woken, Some(false));
    });
}

/// It sleeps for a moment after each read, and all that moves stands still meanwhile.
#[test]
fn a_server_that_rests_between_its_reads_is_waited_for_until_it_has_taken_all() {
    let Some((mut server, _port)) = peer("hoarding_server.py") else { return };
    let at = server.address();
    let named = Cell::new(None);
    let mut watch = |event| {
        if let Event::Named { address, .. } = event {
            named.set(Some(address));
        }
    };
    let mut clients = Clients::new(&mut server, Duration::ZERO, &mut watch);
    clients.connect("alice").unwrap();
    clients.send_repeatedly("alice", 4 << 20).unwrap();
    clients.until_taken("alice").unwrap();
    let (alice, mut kernel) = (named.get().unwrap(), SockDiag::open().unwrap());
    assert_eq!(kernel.find(alice, at).unwrap().unwrap().send_queue, 0, "all that alice sent has arrived");
    assert_eq!(kernel.find(at, alice).unwrap().unwrap().receive_queue, 0, "and is received");
}

/// The child of a server that has ended sleeps on, so the threads alone do not tell.
#[test]
fn a_server_that_ends_during_the_last_look_is_not_idle() {
    let folder = tempdir();
    let (never, printed) = (folder.path().join("never"), folder.path().join("printed"));
    // It prints a line at each SIGUSR1; its child opens a FIFO that nobody else opens.
    let script = "mkfifo \"$0\"; trap 'echo a line; echo >> \"$1\"' USR1; cat \"$0\" & \
                  echo listening on 127.0.0.1:9 >&2; while :; do wait; done";
    let mut command = Command::new("sh");
    command.args(["-c", script]).args([&never, &printed]);
    let mut server = Server::start(command, Port::Announced, LIMIT).unwrap();
    let pid = *server.pids().first().unwrap();
    let keeper = parent(pid);
    // SAFETY: a bare system call on a process that only this test ends.
    let signal = |signal| assert_eq!(unsafe { libc::kill(pid as i32, signal) }, 0);
    let lines = || fs::read(&printed).map_or(0, |lines| lines.len());
    let print_a_line = || {
        let before = lines();
        signal(libc::SIGUSR1);
        while lines() == before || idle::threads(&Processes::of(&[pid])) != Threads::Asleep {}
    };
    let end = || {
        signal(libc::SIGKILL);
        // The keeper waits again when it has reported the end. Its state says that it sleeps when it is about to look.
        while Path::new(&format!("/proc/{pid}")).exists() || !waits(keeper) {}
    };

    // What is printed is read before each look. So there is something to read before the second, and then it ends.
    let mut read = 0;
    let mut watch = |event| {
        if let Event::Said(Line { error: false, .. }) = event {
            read += 1;
            if read == 1 { print_a_line() } else { end() }
        }
    };
    let mut clients = Clients::new(&mut server, Duration::ZERO, &mut watch);
    clients.until_idle().unwrap();
    print_a_line();
    let verdict = clients.until_idle().unwrap_err();
    assert_eq!(verdict.cell(), "signal 9", "{}", verdict.sentence());
}

/// Whether the only thread of a process waits in a call; where that may not be read, whether it sleeps.
fn waits(pid: u32) -> bool {
    let now = Processes::of(&[pid]);
    Waits::default()
        .of(&now.tasks)
        .map_or_else(|_| idle::threads(&now) == Threads::Asleep, |waiting| !waiting.is_empty())
}

fn parent(pid: u32) -> u32 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().parse().unwrap()
}
