//! Chapters 17 and 18: what io_uring does, the same on every run, and what is said where it may not be used.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::common::{built, command, left_out, settings, terminal, times};
use close_call::command::ladder;
use insta::assert_snapshot;

const CHAPTER: &str = "17-io-uring";

/// What is typed to start it.
fn typed() -> String {
    ladder::by_name(CHAPTER).unwrap().command()
}

/// What it shows, or nothing where it was not built or the kernel forbids io_uring, which is then said.
fn shown() -> Option<String> {
    if !built(CHAPTER) {
        return None;
    }
    let (shown, status) = terminal(&mut command(CHAPTER, &[]));
    if status.code() == Some(1) && shown.starts_with("io_uring_setup: ") && shown.lines().count() == 1 {
        left_out(&format!("{CHAPTER}: {}", shown.trim_end()));
        return None;
    }
    assert!(status.success(), "{shown}");
    Some(shown)
}

#[test]
fn what_becomes_of_a_number_is_as_the_book_shows_on_every_run() {
    let Some(first) = shown() else { return };
    let _settings = settings();
    assert_snapshot!(CHAPTER, format!("$ {}\n{first}", typed()));
    for _ in 0..times() {
        assert_eq!(shown().as_ref(), Some(&first));
    }
}

/// Fails io_uring_setup(2) with EPERM in the program to come, as a container does: seccomp(2).
fn forbid_io_uring(command: &mut Command) {
    let forbid = || {
        let jump = |code, k, jt, jf| libc::sock_filter { code, jt, jf, k };
        let mut filter = [
            jump((libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, 0, 0, 0), // the number of the system call
            jump((libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16, libc::SYS_io_uring_setup as u32, 0, 1),
            jump((libc::BPF_RET | libc::BPF_K) as u16, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32, 0, 0),
            jump((libc::BPF_RET | libc::BPF_K) as u16, libc::SECCOMP_RET_ALLOW, 0, 0),
        ];
        let program = libc::sock_fprog { len: 4, filter: filter.as_mut_ptr() };
        // SAFETY: two bare system calls; the program and its filter are ours for the call.
        let result = unsafe {
            match libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) {
                0 => libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program),
                failed => failed,
            }
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; prctl is a bare system call.
    unsafe { command.pre_exec(forbid) };
}

#[test]
fn where_it_is_forbidden_that_is_said_in_one_line() {
    let _settings = settings();
    if built(CHAPTER) {
        let mut command = command(CHAPTER, &[]);
        forbid_io_uring(&mut command);
        let (shown, status) = terminal(&mut command);
        assert_eq!((shown.lines().count(), status.code()), (1, Some(1)), "{shown}");
        assert_snapshot!(format!("forbidden-{CHAPTER}"), format!("$ {}\n{shown}", typed()));
    }
    // A server has said by then where it listens.
    if built("18-completions") {
        let mut command = command("18-completions", &["--listen", "127.0.0.1:0"]);
        forbid_io_uring(&mut command);
        let (shown, status) = terminal(&mut command);
        let said: Vec<&str> = shown.lines().collect();
        assert_eq!((said.len(), status.code()), (2, Some(1)), "{shown}");
        assert_eq!(said[1], "io_uring_setup: Operation not permitted (os error 1)");
    }
}
