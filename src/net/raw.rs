//! Calls on a raw descriptor, the bare number that POSIX makes of a socket.
//!
//! They are safe for memory, and for nothing else: the number may be closed, or may already belong to another socket,
//! and then they fail or, worse, succeed. That is what chapters 3 to 8 are about. (By RFC 3128, I/O safety, such
//! functions would be `unsafe`; chapter 9 comes to that.)

use std::os::fd::RawFd;

use socket2::SockAddr;

use super::address::Address;
use super::error::{Error, Result};
use super::{sys, trace};

/// Takes the next connection that waits at listener `fd`, or waits for one: its descriptor, which is the lowest number
/// that is free, and its peer's address. Fails as accept(2) says.
#[track_caller]
pub fn accept(fd: RawFd) -> Result<(RawFd, Address)> {
    let mut accepted = -1;
    // SAFETY: the closure is given room for any address and its length; accept4 writes at most that much, and the true
    // length, which is what `try_init` asks for.
    let result = unsafe {
        SockAddr::try_init(|address, length| {
            accepted = sys::check(libc::accept4(fd, address.cast(), length, libc::SOCK_CLOEXEC))?;
            Ok(())
        })
    };
    let result = result.map(|((), address)| (accepted, Address(address))).map_err(|e| Error::new("accept", e));
    trace::call("accept", result.as_ref().map(|(new, address)| format!("{new}, {address}")), || fd.to_string());
    result
}

/// Receives what is there, at most `buffer.len()` bytes, or waits for some, and returns how many. 0 is the end: the peer
/// sends no more. Fails as recv(2) says.
#[track_caller]
pub fn recv(fd: RawFd, buffer: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes at most `buffer.len()` bytes at `buffer`, which is ours alone for the call.
    let result = sys::count(unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), 0) });
    let result = result.map_err(|e| Error::new("recv", e));
    trace::call("recv", result.as_ref(), || {
        let got = result.as_ref().map_or(&[][..], |&n| &buffer[..n]);
        format!("{fd}, {}, {}", trace::bytes(got), buffer.len())
    });
    result
}

/// Sends from `bytes`, and returns how many were taken, which can be fewer than there are. To a peer that is gone it
/// fails with EPIPE and raises no SIGPIPE (MSG_NOSIGNAL). Fails as send(2) says.
#[track_caller]
pub fn send(fd: RawFd, bytes: &[u8]) -> Result<usize> {
    // SAFETY: the kernel reads at most `bytes.len()` bytes at `bytes`.
    let result = sys::count(unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) });
    let result = result.map_err(|e| Error::new("send", e));
    trace::call("send", result.as_ref(), || format!("{fd}, {}, {}", trace::bytes(bytes), bytes.len()));
    result
}

/// Closes `fd`. The number is free at once: the next descriptor that the process opens may be the same. close(2).
#[track_caller]
pub fn close(fd: RawFd) -> Result<()> {
    // SAFETY: no memory depends on a descriptor. Whether other code still counts on it is for the caller to know, and is
    // what this book is about.
    let result = sys::check(unsafe { libc::close(fd) }).map_err(|e| Error::new("close", e));
    trace::call("close", result.as_ref(), || fd.to_string());
    result.map(|_| ())
}

/// The address of the peer that `fd` is connected to: getpeername(2) on a bare descriptor.
///
/// EBADF: `fd` is not open. ENOTSOCK: it is not a socket. ENOTCONN: it is not connected, or no longer, as
/// after a reset, although the descriptor is open. An address from accept stays right in all these cases.
#[track_caller]
pub fn peer_name(fd: RawFd) -> Result<Address> {
    let result = sys::peer_name(fd).map_err(|e| Error::new("getpeername", e));
    trace::call("getpeername", result.as_ref(), || fd.to_string());
    result
}
