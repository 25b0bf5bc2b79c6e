//! One processor for the server and its clients. Whatever we start inherits it.
//!
//! On two, the time that a message costs has two values, and which one is a matter of chance: a processor that has
//! nothing to do sleeps, and to wake it is work that is counted as the server's or not.

use anyhow::Context;
use std::io;
use std::mem;

/// Keeps this process, and whatever it starts from now on, on the last of the processors that it may use.
/// sched_setaffinity(2).
pub fn to_one_processor() -> anyhow::Result<()> {
    let size = mem::size_of::<libc::cpu_set_t>();
    // SAFETY: all zeroes are a cpu_set_t, the empty set. Its size is given, and CPU_SET is told a number that is in it.
    let result = unsafe {
        let mut set: libc::cpu_set_t = mem::zeroed();
        match libc::sched_getaffinity(0, size, &mut set) {
            0 => {
                let most = 8 * size;
                let last = (0..most).rev().find(|&cpu| libc::CPU_ISSET(cpu, &set)).unwrap_or(0);
                libc::CPU_ZERO(&mut set);
                libc::CPU_SET(last, &mut set);
                libc::sched_setaffinity(0, size, &set)
            }
            failed => failed,
        }
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()).context("sched_setaffinity") }
}
