//! The process's own table of descriptors, as the kernel has it.

use std::fs;
use std::os::fd::RawFd;

use super::{errno, sys};

/// The open descriptors from 3 up, with what each is: `listening`, the peer's address for a connected socket, `not
/// connected` for any other socket, else what /proc says it is (`pipe`, a path). Linux only, by proc_pid_fd(5); empty
/// where there is no /proc.
pub fn open() -> Vec<(RawFd, String)> {
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
    let mut listening: libc::c_int = 0;
    let mut length = size_of_val(&listening) as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes at `listening`. A number that was closed since it was listed is
    // EBADF, and one that was given out again is described as what it is now.
    let result = unsafe {
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_ACCEPTCONN, (&raw mut listening).cast(), &mut length)
    };
    if result == 0 && listening != 0 {
        return "listening".into();
    }
    match sys::peer_name(fd) {
        Ok(address) => address.to_string(),
        Err(error) if error.raw_os_error() == Some(libc::ENOTCONN) => "not connected".into(),
        Err(error) => error.raw_os_error().and_then(errno::name).unwrap_or("unknown").into(),
    }
}
