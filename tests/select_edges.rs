//! select(2) at the edges of an fd_set's words and of the set itself. Alone in its program, because it takes descriptors
//! by number, which another test beside it may be using.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Write, pipe};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

#[path = "common/descriptors.rs"]
mod descriptors;

use close_call::net;
use close_call::select::{Ready, select};
use descriptors::room_for;

/// None is ready.
fn nothing() -> Ready<RawFd> {
    Ready { readable: vec![], writable: vec![], exceptional: vec![] }
}

#[test]
fn each_edge_is_told_from_its_neighbours() {
    if !room_for(libc::FD_SETSIZE as u64) {
        return;
    }
    // Whatever was left open to this process by the one that started it: the edges must be free.
    // SAFETY: a bare system call. Nothing here owns a descriptor from 30 up.
    unsafe { libc::syscall(libc::SYS_close_range, 30, u32::MAX, 0) };
    let (reader, mut writer) = pipe().unwrap();
    let (silent, _held) = pipe().unwrap();
    writer.write_all(b"x").unwrap();
    let dup_to = |from: i32, to: i32| {
        // SAFETY: bare system calls; `to` is not open, which the first of them asserts.
        unsafe {
            assert_eq!(libc::fcntl(to, libc::F_GETFD), -1, "descriptor {to} is free");
            assert_eq!(libc::dup3(from, to, libc::O_CLOEXEC), to, "{}", std::io::Error::last_os_error());
        }
    };
    let edges = [31, 32, 33, 63, 64, 65, 1022, 1023];
    for ready in edges {
        for fd in edges {
            dup_to(if fd == ready { reader.as_raw_fd() } else { silent.as_raw_fd() }, fd);
        }
        let said = select(&edges, &[], &edges, Some(Duration::ZERO)).unwrap();
        assert_eq!(said, Ready { readable: vec![ready], ..nothing() });
        for fd in edges {
            net::close(fd).unwrap();
        }
    }
    let beyond = select(&[1023, 1024], &[], &[], Some(Duration::ZERO)).unwrap_err();
    let words = "select: descriptor 1024 is out of range: an fd_set ends below FD_SETSIZE, 1024";
    assert_eq!(beyond.to_string(), words, "refused before descriptor 1023, which is closed, is found out");
}
