//! How many descriptors a process may have on this machine, and what is left out where that is not enough.

#![allow(dead_code)]

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::thread;

use close_call::probe::probes::CROWD_NEEDS;
use close_call::probe::server::raise_our_limit;

/// Whether a process may have as many descriptors here as a crowd of clients takes.
pub fn room_for_a_crowd() -> bool {
    room_for(CROWD_NEEDS)
}

/// Whether a process may have so many descriptors here. Where it may not, the test that asks is left out.
pub fn room_for(needed: u64) -> bool {
    let (thread, may_have) = (thread::current(), raise_our_limit());
    if may_have < needed {
        let test = thread.name().unwrap_or_default();
        left_out(&format!("{test}: it needs {needed} descriptors, and may have {may_have} (ulimit -Hn)"));
    }
    may_have >= needed
}

/// Says why something is left out on this machine: once, and past libtest, which keeps to itself what a test prints.
pub fn left_out(why: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(why.into()) {
        let _ = writeln!(io::stderr(), "    ... left out: {why}");
    }
}
