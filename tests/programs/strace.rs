//! strace sees the same calls, in the same order, as our own trace prints. Linux, and only where strace is installed.

use std::fs;
use std::process::{Command, Stdio};

use crate::common::{command, exe, output};

/// A call: its POSIX name, its first argument if that is a descriptor, and its result, a number or an error's name.
type Call = (String, String, String);

/// The system calls behind the calls of `net`, and the names by which strace knows them.
const NAMES: &[(&str, &str)] = &[
    ("socket", "socket"),
    ("setsockopt", "setsockopt"),
    ("bind", "bind"),
    ("listen", "listen"),
    ("getsockname", "getsockname"),
    ("accept", "accept4"),
    ("recv", "recvfrom"),
    ("send", "sendto"),
    ("getpeername", "getpeername"),
    ("close", "close"),
    ("select", "pselect6"),
    ("select", "select"),
    ("poll", "poll"),
    // What is left of a poll when the process was stopped and goes on (restart_syscall(2)).
    ("poll", "restart_syscall"),
    ("epoll_create1", "epoll_create1"),
    ("epoll_ctl", "epoll_ctl"),
    ("epoll_wait", "epoll_wait"),
    ("ioctl", "ioctl"),
];

/// What strace saw the story's server do, from its first socket on; `None` where strace cannot be had.
fn by_strace(chapter: &str, args: &[&str]) -> Option<Vec<Call>> {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut strace = Command::new("strace");
    strace.args(["-ff", "-qq", "-o"]).arg(folder.join("calls")).arg(exe(chapter)).args(args);
    let Ok(status) = strace.stdout(Stdio::null()).stderr(Stdio::null()).status() else {
        eprintln!("left out: there is no strace on this machine");
        return None;
    };
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let server = files.into_iter().find(|calls| calls.contains("listen(3, 128)"));
    let Some(server) = server else {
        assert!(!status.success(), "strace ran, and saw no server");
        eprintln!("left out: strace may not trace here");
        return None;
    };
    let calls = server.lines().filter_map(|line| {
        let (name, rest) = line.split_once('(')?;
        let (ours, _) = NAMES.iter().find(|(_, theirs)| *theirs == name)?;
        let (args, result) = rest.rsplit_once(" = ")?;
        let result = result.trim();
        let outcome = result.strip_prefix("-1 ").unwrap_or(result).split(' ').next()?;
        Some((ours.to_string(), first(ours, args), outcome.to_string()))
    });
    Some(calls.skip_while(|(name, ..)| name != "socket").collect())
}

/// What our trace says of the same story.
fn by_trace(chapter: &str, args: &[&str]) -> Vec<Call> {
    let args: Vec<&str> = args.iter().copied().chain(["--trace"]).collect();
    let (shown, _) = output(&mut command(chapter, &args));
    let calls = shown.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix(':')?.split_once(' ')?.1.split_once('(')?;
        let (args, result) = rest.rsplit_once(") = ")?;
        // What was set with fcntl takes two system calls.
        NAMES.iter().find(|(ours, _)| *ours == name)?;
        let result = result.strip_prefix("-1 ").unwrap_or(result);
        let outcome = match name {
            "getpeername" | "getsockname" if !result.starts_with(char::is_uppercase) => "0", // a name or an address
            _ => result.split([' ', ',']).next()?,
        };
        Some((name.to_string(), first(name, args), outcome.to_string()))
    });
    calls.collect()
}

/// The descriptor that a call is about. select and poll are about many, and socket about none yet.
fn first(name: &str, args: &str) -> String {
    let about_none = matches!(name, "select" | "poll" | "socket" | "epoll_create1");
    if about_none { String::new() } else { args.split([',', ')']).next().unwrap_or_default().to_string() }
}

#[test]
fn strace_sees_what_the_trace_says() {
    for (chapter, args) in [
        ("01-blocking-server", &[][..]),
        ("03-select-loop", &[]),
        ("04-use-after-close", &[]),
        ("05-log-before-close", &[]),
        ("05-log-before-close", &["--probe", "urgent"]),
        ("12-poll", &["--probe", "stranger"]),
        ("13-second-handle", &[]),
    ] {
        let Some(mut seen) = by_strace(chapter, args) else {
            return;
        };
        let said = by_trace(chapter, args);
        // A call that never returned, as the last one of a server that waits, or that the kernel began again after a
        // stop; the trace knows only those that returned.
        seen.retain(|(.., outcome)| !outcome.starts_with('?'));
        assert_eq!(seen, said, "{chapter} {args:?}");
    }
}

#[test]
fn strace_shows_getpeername_on_the_closed_descriptor_4() {
    let Some(seen) = by_strace("04-use-after-close", &["--probe", "leaves"]) else {
        return;
    };
    let call = |name: &str, fd: &str, outcome: &str| (name.to_string(), fd.to_string(), outcome.to_string());
    assert_eq!(seen[0], call("socket", "", "3"), "the listener is 3");
    assert!(seen.contains(&call("accept", "3", "4")), "the first client is 4");
    assert_eq!(seen[seen.len() - 2..], [call("close", "4", "0"), call("getpeername", "4", "EBADF")]);
}
