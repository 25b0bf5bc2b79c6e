//! What /proc tells of processes that are not ours.

use std::process::{Command, Stdio};

use close_call::probe::idle::habit;
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

#[test]
fn a_thread_that_sleeps_beside_others_that_wait_has_the_habit_and_one_that_is_alone_has_not() {
    let two = "import threading, time; threading.Thread(target=lambda: time.sleep(600)).start(); input()";
    for (line, threads, sleeping) in [(two, 2, 1), ("import time; time.sleep(600)", 1, 0)] {
        let python = Command::new("python3").args(["-c", line]).stdin(Stdio::piped()).spawn();
        let Ok(mut child) = python else {
            return eprintln!("left out: there is no python3 on this machine");
        };
        // A wrapper that has not become python yet sleeps as well, and waits for its child.
        while states(&[child.id()]) != vec![b'S'; threads] || in_timed_sleep(&[child.id()]).unwrap().is_empty() {}
        assert_eq!(habit(&[child.id()]).len(), sleeping, "{line}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
