//! The calls of the two CVEs, as strace saw them.

use super::fetch::{Place, Places};
use super::servers::{ENTRIES, Entry, From};
use crate::source::programs::printed;
use anyhow::{Context, Result, bail};
use close_call::probe::server::port::{FreePort, listens_at};
use close_call::probe::server::processes::Processes;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often the hammer falls until the race is lost.
const TRIES: usize = 20;

/// The traces, each with the name of its file. None where there is no strace.
pub fn all(places: &Places) -> Result<Vec<(&'static str, String)>> {
    if Command::new("strace").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("there is no strace here; the traces stay as they are");
        return Ok(Vec::new());
    }
    let spins =
        traced(places, "waitress==3.0.0", "accept4,getpeername,recvfrom,sendto,close,pselect6", |port, pid| {
            by_hand(places, "ask_then_reset.py", &[port, &pid.to_string()]).map(|_| true)
        })?;
    let race = traced(places, "waitress==2.1.1", "close,pselect6", |port, _| {
        for _ in 0..TRIES {
            if by_hand(places, "hammer.py", &[port])?.contains("gone") {
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    Ok(vec![("cve-2024-49769.txt", spinning(&spins)?), ("cve-2022-31015.txt", racing(&race)?)])
}

/// Runs a server under strace, has `clients` come, which are told its port and its process id and say whether what was to
/// be seen has happened, and returns what strace saw.
fn traced(places: &Places, package: &str, calls: &str, clients: impl Fn(&str, u32) -> Result<bool>) -> Result<String> {
    let is_it = |server: &&Entry| matches!(server.from, From::PyPi(name) if name == package);
    let server = ENTRIES.iter().find(is_it).with_context(|| format!("{package} is not on the board"))?;
    let place = places.fetch(server).map_err(anyhow::Error::msg)?;
    let log = places.folder.join("strace.txt");
    let port = FreePort::find().context("a free port")?;
    let words = port.number.to_string();
    let mut strace = start(&place, &log, calls, &words)?;
    let seen = until_listening(&mut strace, port.number).and_then(|pid| {
        let seen = clients(&words, pid);
        let _ = Command::new("kill").arg(pid.to_string()).stderr(Stdio::null()).status();
        seen
    });
    if seen.is_err() {
        let _ = strace.kill();
    }
    strace.wait().context("waiting for strace")?;
    if !seen? {
        bail!("{package} has lost no race in {TRIES} times 3,000 clients");
    }
    fs::read_to_string(&log).with_context(|| log.display().to_string())
}

fn start(place: &Place, log: &Path, calls: &str, port: &str) -> Result<Child> {
    let words = place.command.iter().map(|word| word.replace("{port}", port));
    let mut strace = Command::new("strace");
    strace.args(["--follow-forks", "--seccomp-bpf", "--trace", calls, "--output"]).arg(log).args(words);
    strace.env("PYTHONPATH", &place.python_path).current_dir(&place.folder);
    strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("starting strace")
}

/// Waits until the server listens, and says its process id. The kernel is asked, because a client that tries would be
/// the first in the trace.
fn until_listening(strace: &mut Child, port: u16) -> Result<u32> {
    let begun = Instant::now();
    while listens_at(port).context("sock_diag")?.is_none() {
        if strace.try_wait().context("waiting for strace")?.is_some() || begun.elapsed() > Duration::from_secs(30) {
            bail!("the server does not listen under strace");
        }
        thread::sleep(Duration::from_millis(5));
    }
    Processes::below(strace.id()).pids.first().copied().context("strace has no child")
}

/// Runs a script of book/wild/by-hand, and says what it printed.
fn by_hand(places: &Places, script: &str, arguments: &[&str]) -> Result<String> {
    let script = places.wild.join("by-hand").join(script);
    printed(Command::new("python3").arg(&script).args(arguments))
        .map_err(|why| anyhow::anyhow!("{}: {why}", script.display()))
}

/// The lines that are calls, each with the number of its thread, and shortened.
fn calls(trace: &str) -> Vec<(&str, String)> {
    let lines = trace.lines().filter_map(|line| line.split_once(' '));
    let lines = lines.map(|(pid, call)| (pid, call.trim_start()));
    lines.filter(|(_, call)| !call.starts_with(['-', '+'])).map(|(pid, call)| (pid, short(call))).collect()
}

/// A call without what says nothing here: the padding, the address, how much of a second was left.
fn short(call: &str) -> String {
    let mut call = call.to_string();
    for (from, to, by) in [
        ("{sa_family", "}, [16]", "..."),
        (", left {", "}", ""),
        ("{tv_sec=1, tv_nsec=0", "}", "1 s"),
        (")  ", " = ", ") = "),
    ] {
        if let Some(start) = call.find(from)
            && let Some(length) = call[start..].find(to)
        {
            call.replace_range(start..start + length + to.len(), by);
        }
    }
    call
}

/// From the connection whose client is gone to the loop, which is counted.
fn spinning(trace: &str) -> Result<String> {
    let calls = calls(trace);
    let lost = calls.iter().position(|(_, call)| call.starts_with("getpeername(") && call.contains("ENOTCONN"));
    let first = lost.and_then(|lost| lost.checked_sub(1)).context("no getpeername has failed with ENOTCONN")?;
    let thread = calls[first].0;
    let calls: Vec<&String> = calls[first..].iter().filter(|(pid, _)| *pid == thread).map(|(_, call)| call).collect();
    let spins = calls.last().filter(|call| call.contains("(out [")).context("it does not end in a loop")?;
    let begin = calls.iter().position(|call| call == spins).unwrap_or_default();
    let shown = &calls[..(begin + 3).min(calls.len())];
    let mut text: String = shown.iter().map(|call| format!("{call}\n")).collect();
    text += &format!("... and {} times more\n", calls[begin..].len().saturating_sub(3));
    Ok(text)
}

/// The call that failed, and who had closed what it names.
fn racing(trace: &str) -> Result<String> {
    let calls = calls(trace);
    let failed = calls.iter().position(|(_, call)| call.contains("pselect6") && call.contains("EBADF"));
    let failed = failed.context("no select has failed with EBADF")?;
    let main = calls[failed].0;
    let begun = calls[..=failed].iter().rposition(|(pid, call)| *pid == main && call.starts_with("pselect6("));
    let begun = begun.context("that select has no beginning")?;
    // What stands in brackets; the number before them is one more than the highest.
    let lists = calls[begun].1.split_once('[').map_or("", |(_, lists)| lists);
    let named: Vec<&str> = lists.split(['[', ']', ' ', ',']).collect();
    let closes = |call: &str| {
        let number = call.strip_prefix("close(").and_then(|rest| rest.split([')', ' ']).next());
        number.is_some_and(|number| named.contains(&number))
    };
    let closed = calls[..failed].iter().rposition(|(pid, call)| *pid != main && closes(call));
    let from = begun.min(closed.context("nobody has closed what it names")?);
    let shown = calls[from..=failed].iter().filter(|(pid, call)| *pid == main || closes(call));
    let name = |pid: &str| if pid == main { "main  " } else { "thread" };
    Ok(shown.map(|(pid, call)| format!("{}  {call}\n", name(pid))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_shown_from_the_failed_getpeername_and_counted() {
        let trace = "7 pselect6(7, [6], NULL, [6], {tv_sec=1, tv_nsec=0}, NULL) = 1 (in [6], left {tv_sec=0, tv_nsec=9})\n\
                     7 accept4(6, {sa_family=AF_INET, sin_port=htons(9), sin_addr=1}, [16], SOCK_CLOEXEC) = 7\n\
                     7 getpeername(7, 0x7ff, [16])   = -1 ENOTCONN (Transport endpoint is not connected)\n\
                     8 close(9) = 0\n\
                     --- SIGCONT {} ---\n\
                     7 recvfrom(7, \"GET\", 8192, 0, NULL, NULL) = 3\n"
            .to_string()
            + &"7 pselect6(8, [6], [7], [6], {tv_sec=1, tv_nsec=0}, NULL) = 1 (out [7], left {tv_sec=0, tv_nsec=8})\n"
                .repeat(10);
        let expected = "accept4(6, ..., SOCK_CLOEXEC) = 7\n\
                        getpeername(7, 0x7ff, [16]) = -1 ENOTCONN (Transport endpoint is not connected)\n\
                        recvfrom(7, \"GET\", 8192, 0, NULL, NULL) = 3\n"
            .to_string()
            + &"pselect6(8, [6], [7], [6], 1 s, NULL) = 1 (out [7])\n".repeat(3)
            + "... and 7 times more\n";
        assert_eq!(spinning(&trace).unwrap(), expected);
        assert!(spinning("7 close(9) = 0\n").is_err());
    }

    #[test]
    fn a_race_is_shown_with_the_close_that_won_it() {
        let trace = "7 pselect6(9, [5 6], [8], [5], {tv_sec=1, tv_nsec=0}, NULL) = 1 (in [6], left {tv_sec=0, tv_nsec=9})\n\
                     7 pselect6(10, [5 6 9], [7], [5 6 7 9], {tv_sec=1, tv_nsec=0}, NULL <unfinished ...>\n\
                     9 close(7)        = 0\n\
                     9 close(8)        = 0\n\
                     9 close(10)       = 0\n\
                     9 --- SIGPIPE {} ---\n\
                     7 <... pselect6 resumed>)           = -1 EBADF (Bad file descriptor)\n\
                     7 close(11) = 0\n";
        let expected = "main    pselect6(10, [5 6 9], [7], [5 6 7 9], 1 s, NULL <unfinished ...>\n\
                        thread  close(7) = 0\n\
                        main    <... pselect6 resumed>) = -1 EBADF (Bad file descriptor)\n";
        assert_eq!(racing(trace).unwrap(), expected);
        // The close may come before the call begins.
        let before = "9 close(7) = 0\n7 pselect6(9, [5 7], [], [5], {tv_sec=1, tv_nsec=0}, NULL) = -1 EBADF (Bad)\n";
        assert_eq!(racing(before).unwrap().lines().count(), 2);
        assert!(racing("7 close(9) = 0\n").is_err());
    }
}
