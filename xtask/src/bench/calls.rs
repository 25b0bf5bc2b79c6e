//! The system calls that a message costs, as strace counts them.

use super::clients::Load;
use super::programs::{Programs, started};
use super::servers::Contender;
use anyhow::Context;
use std::fs;
use std::process::Command;

/// How many clients are idle meanwhile. How many there are changes no call, but for how much is asked in it.
const IDLE: usize = 20;
/// How many replies are left out: while the first are sent, clients are still accepted.
const FIRST: usize = 60;

/// The calls for each message, and their names in order, where every message has the same. `None` where there is no
/// strace.
pub fn count(programs: &Programs, server: &Contender, active: usize) -> anyhow::Result<Option<(f64, Vec<String>)>> {
    if Command::new("strace").arg("-V").output().is_err() {
        return Ok(None);
    }
    let file = tempfile::NamedTempFile::new().context("a temporary file")?;
    let command = |port| {
        let own = programs.command(server, port);
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o"]).arg(file.path()).arg("--").arg(own.get_program()).args(own.get_args());
        strace.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        strace
    };
    let mut clients = Load::connect(started(server.name, command)?)?;
    clients.idle(IDLE)?;
    clients.slow_rounds()?;
    let written = || fs::read_to_string(file.path()).context("what strace has written");
    // The wait in which the server is now is written down, and its end is not: it counts for the message to come.
    let before = calls(&written()?).count();
    let mut messages = 0;
    for _ in 0..4 {
        messages += match active {
            // The next message must find the server in its wait, or one that tries before it waits would not wait.
            1 => clients.slow_rounds()?,
            _ => clients.rounds(active)?,
        };
    }
    clients.until_asleep()?;
    let text = written()?;
    clients.end();
    Ok(calls_per_reply(&text, active == 1).or_else(|| calls_of_requests(&text, before, messages)))
}

/// The calls in what strace has written: their names, and the rest of the line.
fn calls(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        // A call that another thread's interrupts has two lines, of which the second has no name.
        let (name, rest) = line.split_once(' ')?.1.trim_start().split_once('(')?;
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some((name, rest))
    })
}

/// Of a server that hands its sends to the kernel as requests, in which strace sees no reply: the calls after the first
/// so many, for each of so many messages.
fn calls_of_requests(text: &str, before: usize, messages: usize) -> Option<(f64, Vec<String>)> {
    let names: Vec<&str> = calls(text).skip(before).map(|(name, _)| name).collect();
    let per_message = names.len() as f64 / messages as f64;
    let whole = per_message.fract() == 0.0 && names.windows(2).all(|pair| pair[0] == pair[1]);
    let turn =
        if whole { names.iter().take(per_message as usize).map(|name| name.to_string()).collect() } else { vec![] };
    (!names.is_empty()).then_some((per_message, turn))
}

/// The calls from one reply to the next, in what strace has written.
fn calls_per_reply(text: &str, in_order: bool) -> Option<(f64, Vec<String>)> {
    let calls: Vec<(&str, &str)> = calls(text).collect();
    let is_reply = |&at: &usize| calls[at].1.contains("\"Hello, client!\"");
    let replies: Vec<usize> = (0..calls.len()).filter(is_reply).collect();
    let replies = replies.get(FIRST..)?;
    let (first, last) = (*replies.first()?, *replies.last()?);
    let per_message = (last - first) as f64 / (replies.len() - 1) as f64;

    // From the call after one reply to the next reply, and turned so that a wait comes first.
    let turns: Vec<Vec<&str>> =
        replies.windows(2).map(|pair| calls[pair[0] + 1..=pair[1]].iter().map(|(name, _)| *name).collect()).collect();
    let turn = turns.first()?;
    if !in_order || turns.iter().any(|other| other != turn) {
        return Some((per_message, Vec::new()));
    }
    let is_wait = |name: &&str| name.contains("poll") || name.contains("select");
    let start = turn.iter().position(is_wait).unwrap_or(0);
    let names = turn[start..].iter().chain(&turn[..start]).map(|name| name.to_string()).collect();
    Some((per_message, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(turn: &[&str], times: usize) -> String {
        let call = |name: &&str| match *name {
            "sendto" => "77 sendto(5, \"Hello, client!\", 14, MSG_NOSIGNAL, NULL, 0) = 14\n".to_string(),
            name => format!("77 {name}(4, 0x7ffe) = 1\n78 <... futex resumed>) = 0\n"),
        };
        turn.iter().map(call).collect::<String>().repeat(times)
    }

    #[test]
    fn the_calls_from_a_reply_to_the_next_are_counted_and_begin_with_the_wait() {
        let counted = calls_per_reply(&written(&["recvfrom", "sendto", "recvfrom", "epoll_wait"], 100), true).unwrap();
        assert_eq!(counted, (4.0, ["epoll_wait", "recvfrom", "sendto", "recvfrom"].map(str::to_string).to_vec()));
    }

    #[test]
    fn of_requests_every_call_counts_and_a_wait_that_goes_on_counts_once() {
        let enter = "77 io_uring_enter(6, 2, 1, IORING_ENTER_GETEVENTS, NULL, 8) = 2\n";
        let waiting = "77 io_uring_enter(6, 0, 1, IORING_ENTER_GETEVENTS, NULL, 8";
        let before = calls(&(enter.repeat(7) + waiting)).count();
        let text = enter.repeat(7 + 2 * 50) + waiting;
        assert_eq!(calls_per_reply(&text, true), None);
        let (per_message, names) = calls_of_requests(&text, before, 50).unwrap();
        assert_eq!((per_message, names), (2.0, vec!["io_uring_enter".to_string(); 2]));
        let (per_message, names) = calls_of_requests(&text, before, 1_000).unwrap();
        assert!((0.1, 0) == (per_message, names.len()), "{per_message} {names:?}");
    }

    #[test]
    fn where_not_every_message_has_the_same_calls_none_are_named() {
        let odd = written(&["recvfrom", "sendto"], 70) + &written(&["futex", "recvfrom", "sendto"], 70);
        let (per_message, names) = calls_per_reply(&odd, true).unwrap();
        assert!(2.0 < per_message && per_message < 3.0 && names.is_empty(), "{per_message} {names:?}");
        assert_eq!(calls_per_reply("", true), None);
    }
}
