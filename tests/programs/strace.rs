//! strace sees the same calls, in the same order, as our own trace prints. Linux, and only where strace is installed.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::common::{built, command, exe, left_out, output, runs, settings, tempdir};
use close_call::probe::server::processes::Processes;
use insta::assert_snapshot;
use tempfile::TempDir;

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

/// The name of a call as the book has it. Not every machine's kernel has `poll` and `epoll_wait`: on aarch64 the C
/// library makes the newer calls in their place, which say which signals may come meanwhile (syscalls(2)).
fn as_in_the_book(name: &str) -> &str {
    match name {
        "ppoll" => "poll",
        "epoll_pwait" => "epoll_wait",
        name => name,
    }
}

/// What strace wrote of the story's server, a line each; `None` where strace cannot be had.
fn straced(chapter: &str, args: &[&str]) -> Option<Vec<String>> {
    let folder = tempdir();
    let folder = folder.path();
    let mut strace = Command::new("strace");
    strace.args(["-ff", "-qq", "-o"]).arg(folder.join("calls")).arg(exe(chapter)).args(args);
    let Ok(status) = strace.stdout(Stdio::null()).stderr(Stdio::null()).status() else {
        left_out("there is no strace on this machine");
        return None;
    };
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let server = files.into_iter().find(|calls| calls.contains("listen(3, 128)"));
    let Some(server) = server else {
        assert!(!status.success(), "strace ran, and saw no server");
        left_out("strace may not trace here");
        return None;
    };
    Some(server.lines().map(String::from).collect())
}

/// What strace saw the story's server do, from its first socket on; `None` where strace cannot be had.
fn by_strace(chapter: &str, args: &[&str]) -> Option<Vec<Call>> {
    let server = straced(chapter, args)?;
    // Without a trace its log asks whether standard output has room. That is no part of the loop.
    let calls = server.iter().filter(|line| !line.starts_with("poll([{fd=1,")).filter_map(|line| {
        let (name, rest) = line.split_once('(')?;
        let (ours, _) = NAMES.iter().find(|(_, theirs)| *theirs == as_in_the_book(name))?;
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
        ("14-epoll", &[]),
    ] {
        let Some(mut seen) = by_strace(chapter, args) else {
            return;
        };
        let mut said = by_trace(chapter, args);
        // A stop interrupts epoll_wait. Under strace so does a signal that is ignored otherwise: SIGCONT.
        for calls in [&mut seen, &mut said] {
            calls.retain(|(name, _, outcome)| (&name[..], &outcome[..]) != ("epoll_wait", "EINTR"));
        }
        // A call that never returned, as the last one of a server that waits, or that the kernel began again after a
        // stop; the trace knows only those that returned.
        seen.retain(|(.., outcome)| !outcome.starts_with('?'));
        // Or that a SIGCONT has just interrupted when the server is ended, which it does not live to print.
        if seen.len() == said.len() + 1 && seen.last().is_some_and(|(.., outcome)| outcome == "EINTR") {
            seen.pop();
        }
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

/// A server that listens under strace, which writes its calls into a file. `None` where there is no strace.
struct Traced {
    strace: Child,
    address: String,
    file: PathBuf,
    _folder: TempDir,
}

impl Traced {
    fn start(server: &str, log: &str) -> Option<Traced> {
        let folder = tempdir();
        let file = folder.path().join("calls");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o"]).arg(&file).arg(exe(server)).args(["--listen", "127.0.0.1:0"]).env("LOG", log);
        let Ok(mut strace) = strace.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
            left_out("there is no strace on this machine");
            return None;
        };
        let mut line = String::new();
        BufReader::new(strace.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.strip_prefix("listening on ") else {
            strace.wait().unwrap();
            left_out(&format!("strace may not trace here: {line}"));
            return None;
        };
        Some(Traced { strace, address: address.trim().to_string(), file, _folder: folder })
    }

    fn client(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    fn until_asleep(&self) {
        while Processes::below(self.strace.id()).states().iter().any(|state| *state != b'S') {
            std::thread::yield_now();
        }
    }

    /// So many messages of the client, each when the server is asleep: one that tries before it waits must not find it.
    fn ask(&self, client: &mut TcpStream, times: usize) {
        for _ in 0..times {
            self.until_asleep();
            client.write_all(b"Hello, server!").unwrap();
            client.read_exact(&mut [0; 14]).unwrap();
        }
        self.until_asleep();
    }

    fn calls(&self) -> String {
        fs::read_to_string(&self.file).unwrap()
    }
}

impl Drop for Traced {
    /// Ends the server, whose end is strace's as well. To end strace would leave it running.
    fn drop(&mut self) {
        for pid in Processes::below(self.strace.id()).pids {
            // SAFETY: a bare system call on a descendant of a child that is not yet waited for.
            unsafe { libc::kill(i32::try_from(pid).unwrap(), libc::SIGKILL) };
        }
        self.strace.wait().unwrap();
    }
}

/// Every system call that a server makes from one reply to the next, when it is asleep before each message, from its
/// wait on. `None` where there is no strace.
fn calls_of_a_message(server: &str, log: &str) -> Option<Vec<String>> {
    let traced = Traced::start(server, log)?;
    // Idle ones, which a loop may ask about in each of its calls, and the one that talks.
    let _idle: Vec<TcpStream> = (0..20).map(|_| traced.client()).collect();
    traced.ask(&mut traced.client(), 20);
    let calls = traced.calls();
    let name = |line: &str| {
        let name = line.split_once(' ')?.1.trim_start().split_once('(')?.0;
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| as_in_the_book(name).to_string())
    };
    let names: Vec<String> = calls.lines().filter_map(name).collect();
    let replies: Vec<usize> = (0..names.len()).filter(|&at| names[at] == "sendto").collect();
    let turns: Vec<&[String]> = replies.windows(2).map(|pair| &names[pair[0] + 1..=pair[1]]).collect();
    // The first are those in which a client may still be accepted.
    let mut last = turns[turns.len() - 10..].to_vec();
    last.dedup();
    assert_eq!(last.len(), 1, "{server}: every message is like the other: {last:?}");
    let mut turn = last[0].to_vec();
    let wait = turn.iter().position(|name| name.contains("poll") || name.contains("select"));
    turn.rotate_left(wait.unwrap_or(0));
    Some(turn)
}

/// What the page "What each costs" shows first, and is written down by `cargo xtask bench`.
#[test]
fn a_message_costs_the_calls_that_the_book_says() {
    let table = fs::read_to_string("book/bench/calls.csv").unwrap();
    let said = |server: &str| {
        let line = table.lines().find_map(|line| line.strip_prefix(&format!("{server},1,"))).unwrap();
        let (count, names) = line.split_once(',').unwrap();
        let names: Vec<String> = names.split(' ').map(|name| as_in_the_book(name).to_string()).collect();
        assert_eq!(count, format!("{}.00", names.len()), "{server}");
        names
    };
    for server in ["11-limits", "12-poll", "14-epoll", "15-mio", "16-tokio", "examples/threads"] {
        if !built(server) {
            continue;
        }
        let Some(made) = calls_of_a_message(server, "off") else { return };
        assert_eq!(made, said(server.trim_start_matches("examples/")), "{server}");
    }
    let Some(made) = calls_of_a_message("11-limits", "") else { return };
    assert_eq!(made, said("11-limits-logging"), "with its log line");
}

/// io_uring makes the sends itself, so strace sees no reply: all calls are counted, for so many messages.
#[test]
fn a_message_costs_chapter_18_two_calls_and_those_only_wait() {
    if !runs("18-completions") {
        return;
    }
    let Some(traced) = Traced::start("18-completions", "off") else { return };
    let _idle: Vec<TcpStream> = (0..20).map(|_| traced.client()).collect();
    let mut client = traced.client();
    traced.ask(&mut client, 20);
    let before = traced.calls();
    traced.ask(&mut client, 20);
    let calls = traced.calls();
    // The wait in which it was has begun before, and its line ends in what is new.
    let count = |calls: &str| (calls.matches("io_uring_enter(").count(), calls.matches('(').count());
    let (enters, all) = (count(&calls).0 - count(&before).0, count(&calls).1 - count(&before).1);
    assert_eq!((enters, all), (40, 40), "{}", &calls[before.len()..]);
}

/// What a story ends with, while strace makes calls of that name fail, or sends a signal with them. `None` where there is
/// no strace, or it may not trace.
fn verdict_under(chapter: &str, probe: &str, call: &str, injected: &str) -> Option<String> {
    if Command::new("strace").arg("-V").output().is_err() {
        left_out("there is no strace on this machine");
        return None;
    }
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")]);
    strace.args(["-e", &format!("inject={call}:{injected}")]).arg(exe(chapter)).args(["--probe", probe]);
    let (shown, status) = output(&mut strace);
    if shown.is_empty() && !status.success() {
        left_out("strace may not trace here");
        return None;
    }
    shown.lines().last().map(String::from)
}

/// At the mark of an urgent byte recv says EAGAIN while a signal is pending. strace sends one with every second or third
/// recv, ignored but seen, so that one of them is that recv. Level-triggered loops are told again, and so is chapter 15.
#[test]
fn an_eagain_at_the_urgent_mark_loses_nothing() {
    let chapters = ["10-never-block", "12-poll", "14-epoll", "15-mio", "18-completions"];
    for chapter in chapters.into_iter().filter(|chapter| runs(chapter)) {
        for when in ["1+2", "2+2", "3+3"] {
            let injected = format!("signal=SIGCONT:when={when}");
            let Some(verdict) = verdict_under(chapter, "around-urgent", "recvfrom", &injected) else { return };
            assert_eq!(verdict, "around-urgent: ok. The server still runs.", "{chapter}, {when}");
        }
    }
}

/// There is a limit to what epoll watches for a user. The third that is registered, after the listener and the signals, is
/// the first client.
#[test]
fn a_client_that_epoll_will_not_watch_is_turned_away_and_the_next_is_served() {
    for chapter in ["14-epoll", "15-mio"].into_iter().filter(|chapter| built(chapter)) {
        let injected = "error=ENOSPC:when=3";
        let Some(verdict) = verdict_under(chapter, "two-at-once", "epoll_ctl", injected) else { return };
        assert_eq!(verdict, "two-at-once: ok. The server still runs.", "{chapter}");
    }
}

#[test]
fn signals_are_caught_before_a_server_says_that_it_listens() {
    let chapters = ["11-limits", "12-poll", "14-epoll", "15-mio", "16-tokio", "18-completions"];
    for chapter in chapters.into_iter().filter(|chapter| runs(chapter)) {
        let Some(calls) = straced(chapter, &["--probe", "polite"]) else { return };
        let first = |words: &str| calls.iter().position(|call| call.starts_with(words)).expect(words);
        let said = first("write(2, \"listening on ");
        assert!(first("rt_sigaction(SIGINT, ") < said && first("rt_sigaction(SIGTERM, ") < said, "{chapter}");
    }
}

/// What chapter 14 is held to: three, and the two of its log line.
#[test]
fn a_message_costs_chapter_14_three_calls_besides_its_log_lines_two() {
    for (log, calls) in [
        ("off", &["epoll_wait", "recvfrom", "sendto"][..]),
        ("", &["epoll_wait", "recvfrom", "poll", "write", "sendto"]),
    ] {
        let Some(made) = calls_of_a_message("14-epoll", log) else { return };
        assert_eq!(made, calls);
    }
}

/// The calls that a library makes on sockets and on epoll, shortened: of an event, what happened and the data that was
/// registered with it. An address in memory differs from run to run, so each registration gets a letter in its place.
fn abridged(lines: &[String]) -> String {
    let mut letters: Vec<(u64, char)> = Vec::new();
    let mut data = |text: &str, add: bool| {
        let number: u64 = text.split("u64=").nth(1).unwrap().split('}').next().unwrap().parse().unwrap();
        if number < 1_000 {
            return number.to_string();
        }
        if add {
            letters.push((number, char::from(b'A' + u8::try_from(letters.len()).unwrap())));
        }
        letters.iter().rfind(|(known, _)| *known == number).unwrap().1.to_string()
    };
    let events = |text: &str| text.split("events=").nth(1).unwrap().split(", ").next().unwrap().replace("EPOLL", "");
    let mut calls: Vec<String> = Vec::new();
    for line in lines.iter().skip_while(|line| !line.starts_with("listen(")) {
        let Some((name, rest)) = line.split_once('(') else { continue };
        let Some((args, result)) = rest.rsplit_once(" = ") else { continue };
        let args = args.trim_end().trim_end_matches(')');
        let result = result.split(" (").next().unwrap();
        let words: Vec<&str> = args.split(", ").collect();
        calls.push(match as_in_the_book(name) {
            "epoll_wait" if !args.contains('[') => format!("epoll_wait = {result}"),
            "epoll_wait" => {
                let ready = args.split("{events=").skip(1).map(|event| format!("events={event}"));
                let ready: Vec<String> =
                    ready.map(|event| format!("{} {}", data(&event, false), events(&event))).collect();
                format!("epoll_wait -> [{}]", ready.join(", "))
            }
            "epoll_ctl" if words[1] == "EPOLL_CTL_DEL" => format!("epoll_ctl(DEL, {}) = {result}", words[2]),
            "epoll_ctl" => {
                let what = words[1].trim_start_matches("EPOLL_CTL_");
                let data = data(args, what == "ADD");
                format!("epoll_ctl({what}, {}, {}, data={data}) = {result}", words[2], events(args))
            }
            name @ ("accept4" | "recvfrom" | "sendto" | "close" | "shutdown") => {
                format!("{name}({}) = {result}", words[0])
            }
            _ => continue,
        });
    }
    // In its last wait it is ended.
    while calls.last().is_some_and(|call| call.starts_with("epoll_wait = ")) {
        calls.pop();
    }
    calls.into_iter().map(|call| call + "\n").collect()
}

/// The trace does not see the calls of a library; strace does.
#[test]
fn what_a_library_calls_is_as_the_book_shows() {
    let stories = [("15-mio", "half-close"), ("16-tokio", "leaves")];
    for (chapter, probe) in stories.into_iter().filter(|(chapter, _)| built(chapter)) {
        let Some(lines) = straced(chapter, &["--probe", probe]) else {
            return;
        };
        let mut with_events = lines.iter().filter(|line| line.contains("{events=")).peekable();
        if with_events.peek().is_none() || !with_events.all(|line| line.contains("u64=")) {
            left_out("this version of strace writes events in another way");
            return;
        }
        let _settings = settings();
        let typed = format!("$ strace -ff -o calls target/debug/{chapter} --probe {probe}   # shortened");
        assert_snapshot!(format!("{chapter}-strace"), format!("{typed}\n{}", abridged(&lines)));
    }
}

#[test]
fn the_trace_says_where_a_library_takes_over() {
    for chapter in ["15-mio", "16-tokio"].into_iter().filter(|chapter| built(chapter)) {
        let trace = |args: &[&str]| output(&mut command(chapter, args)).0;
        let text = trace(&["--probe", "leaves", "--trace"]);
        let last = text.lines().rfind(|line| line.starts_with(':')).unwrap();
        let source = fs::read_to_string(format!("chapters/{chapter}.rs")).unwrap();
        let line = 1 + source.lines().position(|line| line.contains("listener.into()")).unwrap();
        assert!(last.starts_with(&format!(":{line} (3 goes to a library: strace shows its calls)")), "{text}");
        // JSON is for a program, to which each line of the server's is a call.
        let json = trace(&["--probe", "leaves", "--trace=json"]);
        let calls: Vec<&str> = json.lines().filter(|line| line.starts_with(r#"{"at""#)).collect();
        assert!(!calls.is_empty() && calls.iter().all(|line| line.contains(r#""call":"#)), "{json}");
    }
}
