//! What /proc tells of processes that are not ours.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Command, Stdio};

use close_call::server::processes::{any_waits_for_a_time, states};

#[test]
fn a_process_that_waits_for_a_time_is_told_from_one_that_waits_for_something() {
    for (program, argument, waits) in [("sleep", "600", true), ("cat", "-", false)] {
        let mut child = Command::new(program).arg(argument).stdin(Stdio::piped()).spawn().unwrap();
        while states(&[child.id()]) != [b'S'] {}
        assert_eq!(any_waits_for_a_time(&[child.id()]), waits, "{program}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
