//! The lines of a story's trace in JSON: the server's calls, and what happens between them. Each line is an object; a call
//! of the server is one of [`crate::net::traced`], and the others say in `who` whose they are:
//!
//! ```text
//! {"who":"alice","call":"connect","args":"127.0.0.1:40001"}          a client's act
//! {"who":"server","says":"alice left"}                               a line that the server printed
//! {"who":"server","error":"getpeername: EBADF"}                      the same on standard error
//! {"who":"server","signal":"SIGSTOP"}                                it was stopped, or goes on: SIGCONT
//! {"who":"story","notes":"(the server may open no more descriptors)"}  what the script did to it
//! {"who":"server","ended":"exit status 1","verdict":"EBADF"}         the last line
//! ```

use std::fmt::{self, Display};
use std::str::FromStr;

use super::act::Act;
use crate::net::json::{Value, string};
use crate::net::traced::TracedCall;

/// A line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A call of the server.
    Call(TracedCall),
    /// An act of a client, by the client's name.
    Did(String, Act),
    /// A line that the server printed.
    Said(String),
    /// A line that the server printed on standard error.
    Error(String),
    /// The server was stopped (true), or goes on (false).
    Stopped(bool),
    /// What the script has done to the server.
    Noted(String),
    /// How the server ended, `exit status 1` or `still running`, and the verdict as the scoreboard has it.
    Ended(String, String),
}

impl Record {
    /// Who speaks or acts; nobody, when something is done to the server.
    pub fn who(&self) -> &str {
        match self {
            Record::Did(who, _) => who,
            Record::Call(_) | Record::Said(_) | Record::Error(_) | Record::Ended(..) => "server",
            Record::Stopped(_) | Record::Noted(_) => "",
        }
    }

    /// What a story's transcript says of it, behind who speaks or acts.
    pub fn words(&self) -> String {
        match self {
            Record::Call(call) => call.text(),
            Record::Did(_, act) => act.words(),
            Record::Said(words) | Record::Error(words) | Record::Noted(words) | Record::Ended(words, _) => {
                words.clone()
            }
            Record::Stopped(true) => "(the server is stopped: SIGSTOP)".to_string(),
            Record::Stopped(false) => "(the server goes on: SIGCONT)".to_string(),
        }
    }
}

impl Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = |members: &[(&str, &str)]| object("server", members);
        f.write_str(&match self {
            Record::Call(call) => call.json(),
            Record::Did(who, act) => object(who, &[("call", act.call()), ("args", act.args())]),
            Record::Said(line) => server(&[("says", line)]),
            Record::Error(line) => server(&[("error", line)]),
            Record::Stopped(true) => server(&[("signal", "SIGSTOP")]),
            Record::Stopped(false) => server(&[("signal", "SIGCONT")]),
            Record::Noted(what) => object("story", &[("notes", what)]),
            Record::Ended(ended, verdict) => server(&[("ended", ended), ("verdict", verdict)]),
        })
    }
}

fn object(who: &str, members: &[(&str, &str)]) -> String {
    let members = members.iter().map(|(key, text)| format!(r#","{key}":{}"#, string(text)));
    format!(r#"{{"who":{}{}}}"#, string(who), members.collect::<String>())
}

impl FromStr for Record {
    type Err = String;

    /// An error says what is wrong with the line.
    fn from_str(line: &str) -> Result<Record, String> {
        let object = Value::read(line).map_err(|why| format!("it is no JSON object: {why}"))?;
        if object.get("at").is_some() {
            return TracedCall::read(&object).map(Record::Call);
        }
        let text = |key: &str| object.text(key).map(String::from);
        let who = text("who").ok_or("it has neither `at` nor `who`")?;
        if let Some(call) = text("call") {
            let args = text("args").unwrap_or_default();
            let act = Act::read(&call, &args).ok_or_else(|| format!("no client does `{call}` with `{args}`"))?;
            return Ok(Record::Did(who, act));
        }
        let signal = |signal: String| match signal.as_str() {
            "SIGSTOP" => Some(Record::Stopped(true)),
            "SIGCONT" => Some(Record::Stopped(false)),
            _ => None,
        };
        let record = text("says").map(Record::Said).or_else(|| text("error").map(Record::Error));
        let record = record.or_else(|| text("signal").and_then(signal)).or_else(|| text("notes").map(Record::Noted));
        let ended = |ended| Record::Ended(ended, text("verdict").unwrap_or_default());
        let record = record.or_else(|| text("ended").map(ended));
        record
            .ok_or_else(|| "it is neither a call, nor a client's act, a signal, a line, a note or the end".to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        for line in [
            r#"{"at":39,"call":"getpeername","args":"4","err":"EBADF","fds":{"3":"listening"}}"#,
            r#"{"who":"alice","call":"connect","args":"127.0.0.1:<alice>"}"#,
            r#"{"who":"all","call":"","args":"connect, forty of each kind"}"#,
            r#"{"who":"server","says":"a \"b\""}"#,
            r#"{"who":"server","error":"x"}"#,
            r#"{"who":"server","signal":"SIGSTOP"}"#,
            r#"{"who":"server","signal":"SIGCONT"}"#,
            r#"{"who":"story","notes":"(it may open more again)"}"#,
            r#"{"who":"server","ended":"still running","verdict":"ok"}"#,
        ] {
            assert_eq!(line.parse::<Record>().unwrap().to_string(), line);
        }
    }

    #[test]
    fn what_is_no_line_is_refused() {
        for (line, why) in [
            ("{", "it is no JSON object: it ends where `\"` should be"),
            ("{}", "it has neither `at` nor `who`"),
            (r#"{"at":"x"}"#, "`at` is not the number of a line"),
            (r#"{"who":"x","call":"fork","args":"y"}"#, "no client does `fork` with `y`"),
            (
                r#"{"who":"server","signal":"SIGHUP"}"#,
                "it is neither a call, nor a client's act, a signal, a line, a note or the end",
            ),
        ] {
            assert_eq!(line.parse::<Record>(), Err(why.to_string()));
        }
    }
}
