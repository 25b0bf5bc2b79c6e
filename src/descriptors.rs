//! The process's own descriptor table, as the kernel has it.

use std::fs;
use std::os::fd::{BorrowedFd, RawFd};

use socket2::SockRef;

use crate::{errno, net};

/// The open descriptors from 3 up, with what each is: `listening`, the peer's address for a connected socket, `not
/// connected` for another one, else what /proc says it is (`pipe`, a path). Linux only, by proc_pid_fd(5); empty where
/// there is no /proc.
pub fn table() -> Vec<(RawFd, String)> {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else {
        return Vec::new();
    };
    let mut fds: Vec<RawFd> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    fds.sort_unstable();
    // The listing was itself read through a descriptor, which is closed by now and has no link any more.
    let linked = |fd: RawFd| fs::read_link(format!("/proc/self/fd/{fd}")).ok().map(|link| (fd, link));
    let open = fds.into_iter().filter(|&fd| fd > 2).filter_map(linked);
    open.map(|(fd, link)| {
        let link = link.to_string_lossy();
        let what = if link.starts_with("socket:") { socket(fd) } else { link.split(":[").next().unwrap_or("").into() };
        (fd, what)
    })
    .collect()
}

fn socket(fd: RawFd) -> String {
    // SAFETY: /proc has just listed `fd`, this process opens and closes on one thread while it traces, and the borrow
    // ends with this function.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    if SockRef::from(&borrowed).is_listener().unwrap_or(false) {
        return "listening".into();
    }
    match net::peer_name_untraced(fd) {
        Ok(address) => address.to_string(),
        Err(error) if error.raw_os_error() == Some(libc::ENOTCONN) => "not connected".into(),
        Err(error) => error.raw_os_error().and_then(errno::name).unwrap_or("unknown").into(),
    }
}
