//! What a child process inherits keeps a registration alive. Alone in its program: a test beside it that starts a process
//! would hand its descriptors to that one, too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use close_call::epoll::{Epoll, Events};
use close_call::net::{self, Socket};

const NOW: Option<Duration> = Some(Duration::ZERO);

/// A process that sleeps until this is dropped.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Sleeper {
        let mut command = Command::new("sleep");
        Sleeper(command.arg("600").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A socket is registered, a child is started, the socket's number is closed, and its client leaves.
fn closed_while_a_child_runs(ours: Socket, peer: Socket) -> (Epoll, Sleeper) {
    let epoll = Epoll::new().unwrap();
    epoll.add(&ours, Events::IN, 5).unwrap();
    let child = Sleeper::start();
    drop(ours);
    drop(peer);
    (epoll, child)
}

#[test]
fn without_close_on_exec_a_childs_copy_keeps_the_registration() {
    let (ours, peer, _) = net::connection().unwrap();
    // SAFETY: a bare system call on an open descriptor. The flags of a descriptor have one bit, FD_CLOEXEC.
    assert_eq!(unsafe { libc::fcntl(ours.as_raw_fd(), libc::F_SETFD, 0) }, 0);
    let (epoll, child) = closed_while_a_child_runs(ours, peer);
    for _ in 0..3 {
        // Again and again, and no number in this process removes it.
        assert_eq!(epoll.wait(None).unwrap(), [(5, Events::IN)]);
    }
    drop(child);
    assert_eq!(epoll.wait(NOW).unwrap(), [], "it ends with the child");

    // With it, which is the default here, the registration ends when the child has become another program.
    let (ours, peer, _) = net::connection().unwrap();
    let (epoll, _child) = closed_while_a_child_runs(ours, peer);
    let begun = Instant::now();
    while !epoll.wait(NOW).unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the child has a copy");
    }
}
