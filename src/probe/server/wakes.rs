//! Whether a server can wake by itself: whether anything but a client can have it go on.
//!
//! When every thread waits without a limit, and no descriptor of the server's is one that something else can make ready,
//! then a reply that has not come does not come. Where the kernel does not tell, the answer is that it can wake.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use socket2::{Domain, SockRef, Type};

use super::keeper;
use super::processes::{self, Processes, new_descriptor};
use super::sockets;
use super::waits::{Wait, Waits};
use crate::net::sock_diag::state;

/// Whether any of the processes can go on although none of their clients does anything: those that are served through the
/// sockets with these inodes. One of which a thread runs need not wake. It is a fact only if the processes are idle before and
/// afterwards, and no thread has run in between.
pub fn can_wake(processes: &Processes, clients: &HashSet<u32>, waits: &mut Waits) -> bool {
    let Processes { pids, tasks } = processes;
    let Ok(threads) = waits.of(tasks) else { return true };
    if waits.some_run() {
        return true;
    }
    let asleep = threads.iter().all(|waiting| {
        let descriptors = || waiting.descriptors().unwrap_or_default();
        waiting.wait() == Wait::Unlimited && !descriptors().iter().any(|fd| has_timeout(waiting.pid, *fd))
    });
    let any_ready = |pid: u32| descriptors(pid).any(|fd| can_be_ready(pid, fd, pids, clients));
    !asleep || pids.iter().any(|pid| has_timer(*pid) || any_ready(*pid))
}

/// Whether a timer can send it a signal: timer_create(2) in /proc/PID/timers; alarm(2) and setitimer(2) cannot be seen
/// themselves, but in whether SIGALRM is caught (proc_pid_status(5)).
fn has_timer(pid: u32) -> bool {
    let timers = fs::read(format!("/proc/{pid}/timers")).is_ok_and(|timers| !timers.is_empty());
    let status = fs::read(format!("/proc/{pid}/status")).unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    timers || caught.is_none_or(|caught| caught >> (libc::SIGALRM - 1) & 1 == 1)
}

/// The descriptors that a process has open.
fn descriptors(pid: u32) -> impl Iterator<Item = RawFd> {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.filter_map(|fd| fd.file_name().to_str()?.parse().ok())
}

/// Whether something that is neither in one of the processes `pids` nor a client can make this descriptor ready. `clients`
/// are the inodes of the sockets through which the clients are served.
fn can_be_ready(pid: u32, fd: RawFd, pids: &[u32], clients: &HashSet<u32>) -> bool {
    // It may have been closed since it was listed.
    let Ok(link) = fs::read_link(format!("/proc/{pid}/fd/{fd}")) else { return is_open(pid, fd) };
    let link = link.to_string_lossy();
    if let Some(inode) = sockets::inode_in(&link) {
        return !clients.contains(&inode) && socket_can_be_ready(pid, fd, pids);
    }
    match link.strip_prefix("anon_inode:").map(|kind| kind.trim_matches(['[', ']'])) {
        // What these stand for is another thread, a signal, a child, or is looked at by itself.
        Some("eventfd" | "eventpoll" | "signalfd" | "pidfd") => false,
        Some("timerfd") => is_armed(pid, fd),
        Some(_) => true,
        // All ends of a pipe of the server's are in its processes, or ours, and we do not write to it.
        None if link.starts_with("pipe:[") => false,
        None => match link.strip_prefix("/dev/") {
            Some(device) => {
                !matches!(device, "null" | "zero" | "full" | "random" | "urandom") && !device.starts_with("shm/")
            }
            // A file, which is always ready, or something of which nothing is known here.
            None => !link.starts_with('/'),
        },
    }
}

fn is_open(pid: u32, fd: RawFd) -> bool {
    fs::symlink_metadata(format!("/proc/{pid}/fd/{fd}")).is_ok()
}

/// Whether a timerfd will expire: proc_pid_fdinfo(5) has the time that is left.
fn is_armed(pid: u32, fd: RawFd) -> bool {
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap_or_default();
    let left = info.lines().find_map(|line| line.strip_prefix("it_value:"));
    left.is_none_or(|left| left.trim() != "(0, 0)")
}

/// A socket that is not a client's, as far as is known. A listener is nobody's but a client's; one end of a pair whose
/// other end is the server's own is like a pipe; and a server may have kept the socket of a client that has gone.
fn socket_can_be_ready(pid: u32, fd: RawFd, pids: &[u32]) -> bool {
    let answer = with_copy(pid, fd, |copy| {
        let socket = SockRef::from(copy);
        if socket.is_listener()? {
            return Ok(false);
        }
        let domain = socket.domain()?;
        let internal = domain == Domain::UNIX && peer(copy)?.is_some_and(|peer| pids.contains(&peer));
        let over = matches!(domain, Domain::IPV4 | Domain::IPV6) && is_over(copy)?;
        Ok(!internal && !over)
    });
    answer.unwrap_or(true)
}

/// Whether nothing more comes to a TCP connection that a server has kept: it was reset, or its client has finished and is
/// owed nothing. A keepalive would find out that such a client has gone.
fn is_over(socket: &OwnedFd) -> io::Result<bool> {
    let options = SockRef::from(socket);
    if options.r#type()? != Type::STREAM {
        return Ok(false);
    }
    match tcp_state(socket)? {
        state::CLOSE => Ok(true),
        state::CLOSE_WAIT => Ok(!options.keepalive()? && not_acknowledged(socket)? == 0),
        _ => Ok(false),
    }
}

/// The state of a TCP socket, which is the first byte of struct tcp_info. tcp(7), TCP_INFO.
fn tcp_state(socket: &OwnedFd) -> io::Result<u8> {
    let (mut state, mut length) = (0_u8, 1);
    let at = (&raw mut state).cast();
    // SAFETY: a bare system call; it writes at most `length` bytes, which is one, into `state`, which is ours.
    let result = unsafe { libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, at, &mut length) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(state) }
}

/// How many bytes the other end has not acknowledged. tcp(7), SIOCOUTQ, whose number is TIOCOUTQ's.
fn not_acknowledged(socket: &OwnedFd) -> io::Result<libc::c_int> {
    let mut bytes = 0;
    // SAFETY: a bare system call on a descriptor that is open; the kernel writes an int into `bytes`.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(bytes) }
}

/// The process that made the other end of a pair of Unix sockets, or that connected: unix(7), SO_PEERCRED. There is none
/// where the socket is not connected.
fn peer(socket: &OwnedFd) -> io::Result<Option<u32>> {
    let mut peer = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: a bare system call; it writes at most `length` bytes into `peer`, which is ours and that long.
    let result = unsafe {
        let peer = (&raw mut peer).cast();
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, peer, &mut length)
    };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(u32::try_from(peer.pid).ok().filter(|pid| *pid != 0))
}

/// Whether a call that waits at this descriptor gives up after a time of its own: socket(7), SO_RCVTIMEO.
fn has_timeout(pid: u32, fd: RawFd) -> bool {
    let link = fs::read_link(format!("/proc/{pid}/fd/{fd}"));
    if link.is_ok_and(|link| sockets::inode_in(&link.to_string_lossy()).is_none()) {
        return false;
    }
    let timeout = with_copy(pid, fd, |copy| {
        let socket = SockRef::from(copy);
        Ok(socket.read_timeout()?.or(socket.write_timeout()?).is_some())
    });
    timeout.unwrap_or(true)
}

/// What `look` says of a copy of a process's descriptor, which is there only meanwhile: pidfd_getfd(2). Fails where that
/// is not allowed.
fn with_copy<T>(pid: u32, fd: RawFd, look: impl FnOnce(&OwnedFd) -> io::Result<T>) -> io::Result<T> {
    // A server that is about to be started would have a copy of the copy.
    let _alone = keeper::no_fork_meanwhile();
    let process = processes::pidfd(pid)?;
    // SAFETY: a bare system call, whose result is new, and nobody else's.
    let copy = unsafe { new_descriptor(libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0))? };
    look(&copy)
}
