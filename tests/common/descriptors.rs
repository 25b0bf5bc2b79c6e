//! How many descriptors a process may have on this machine, and what is left out where that is not enough.

#![allow(dead_code)]

use std::io::{self, Write};
use std::thread;

use close_call::probe::probes::CROWD_NEEDS;
use close_call::probe::server::raise_our_limit;

/// Whether a process may have as many descriptors here as a crowd of clients takes.
pub fn room_for_a_crowd() -> bool {
    room_for(CROWD_NEEDS)
}

/// Whether a process may have so many descriptors here. Where it may not, the test that asks is left out, and that is said,
/// past libtest, which keeps to itself what a test prints.
pub fn room_for(needed: u64) -> bool {
    let (thread, may_have) = (thread::current(), raise_our_limit());
    if may_have < needed {
        let test = thread.name().unwrap_or_default();
        let words =
            format!("    ... left out: {test}: it needs {needed} descriptors, and may have {may_have} (ulimit -Hn)");
        let _ = writeln!(io::stderr(), "{words}");
    }
    may_have >= needed
}
