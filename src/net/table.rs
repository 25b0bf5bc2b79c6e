//! The process's own table of descriptors, as the kernel has it.

use std::fs;
use std::os::fd::RawFd;
use std::os::unix::fs::MetadataExt;

use super::events::Events;
use super::{errno, sys};

/// The open descriptors from 3 up, with what each is: `listening`, the peer's address for a connected socket, `not
/// connected` for any other socket, `epoll`, `io_uring`, else what /proc says it is (`pipe`, a path). Linux only, by proc_pid_fd(5); empty
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
        let what = match &*link {
            link if link.starts_with("socket:") => socket(fd),
            "anon_inode:[eventpoll]" => "epoll".into(),
            "anon_inode:[io_uring]" => "io_uring".into(),
            link => link.split(":[").next().unwrap_or("").into(),
        };
        (fd, what)
    })
    .collect()
}

/// What an epoll descriptor watches, as the kernel has it.
pub struct Registration {
    /// The number that it was registered under.
    pub fd: RawFd,
    /// What is asked.
    pub events: Events,
    /// What is reported with it.
    pub token: u64,
    /// Whether what was registered is what the number means now. A number that was closed, or given out again, can have a
    /// registration left over from before.
    pub current: bool,
}

/// The registrations of `epoll`, by number; the kernel's own order is that of addresses in its memory. Linux only, by
/// proc_pid_fdinfo(5); empty where there is no /proc.
pub fn registered(epoll: RawFd) -> Vec<Registration> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{epoll}")).unwrap_or_default();
    let mut all: Vec<Registration> = text.lines().filter_map(registration).collect();
    all.sort_by_key(|one| one.fd);
    all
}

/// A line of /proc/PID/fdinfo: `tfd:        5 events:       1d data:                5  pos:0 ino:3687 sdev:9`.
fn registration(line: &str) -> Option<Registration> {
    let mut words = line.split([' ', ':']).filter(|word| !word.is_empty());
    let mut after = |name: &str| words.by_ref().find(|word| *word == name).and_then(|_| words.next());
    let fd = after("tfd")?.parse().ok()?;
    let events = Events::from_bits(u32::from_str_radix(after("events")?, 16).ok()?);
    let token = u64::from_str_radix(after("data")?, 16).ok()?;
    let inode: u64 = u64::from_str_radix(after("ino")?, 16).ok()?;
    let current = fs::metadata(format!("/proc/self/fd/{fd}")).is_ok_and(|file| file.ino() == inode);
    Some(Registration { fd, events, token, current })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_is_read_from_the_kernels_line() {
        let line = "tfd:        5 events: 8000001d data: ffffffffffffffff  pos:0 ino:3687fa sdev:9";
        let one = registration(line).unwrap();
        assert_eq!((one.fd, one.events, one.token), (5, Events::from_bits(0x8000_001d), u64::MAX));
        assert!(registration("pos:\t0").is_none());
        assert!(registered(-1).is_empty());
    }
}
