//! What /proc tells of processes that are not ours.

use std::process::{Command, Stdio};

use close_call::probe::server::processes::{in_timed_sleep, states};

#[test]
fn a_process_that_waits_for_a_time_is_told_from_one_that_waits_for_something() {
    for (program, argument, waits) in [("sleep", "600", true), ("cat", "-", false)] {
        let mut child = Command::new(program).arg(argument).stdin(Stdio::piped()).spawn().unwrap();
        while states(&[child.id()]) != [b'S'] {}
        assert_eq!(!in_timed_sleep(&[child.id()]).unwrap().is_empty(), waits, "{program}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
