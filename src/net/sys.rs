//! Bare system calls: their results as Rust has them, and getpeername without a trace.

use std::io;
use std::os::fd::RawFd;

use socket2::SockAddr;

use super::address::Address;

/// getpeername(2), which the trace's own table of descriptors asks too, and which must not appear in the trace then.
pub fn peer_name(fd: RawFd) -> io::Result<Address> {
    // SAFETY: the closure is given room for any address and its length; getpeername writes at most that much, and the
    // true length, which is what `try_init` asks for.
    let ((), address) = unsafe {
        SockAddr::try_init(|address, length| check(libc::getpeername(fd, address.cast(), length)).map(|_| ()))
    }?;
    Ok(Address(address))
}

/// A call's -1 as the error that errno holds.
pub fn check(result: i32) -> io::Result<i32> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// What a call that counts bytes has returned, as a Result.
pub fn count(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
