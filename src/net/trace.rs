//! What was called, from which line of the chapter, with what result, and the descriptor table after it.
//!
//! Off unless [`start`] was called. Then every call of this floor prints a line on standard output, between the lines
//! that the server prints, so that the order is the true one. As text, in strace's manner, with the chapter's line first
//! and the table last:
//!
//! ```text
//! :39 getpeername(4) = -1 EBADF (Bad file descriptor)        {3 listening}
//! ```
//!
//! As JSON, one object per line, with the keys `at` (the line), `call`, `args`, then `ret` or `err` (the error's name),
//! and `fds` (the table):
//!
//! ```text
//! {"at":39,"call":"getpeername","args":"4","err":"EBADF","fds":{"3":"listening"}}
//! ```
//!
//! A call that waits has two more keys before `fds`: `asked` and, unless it failed, `said`. Each is an object with the
//! lists `r`, `w` and `x`: the descriptors that it was asked about, or called, readable, writable and exceptional. For
//! poll and epoll_wait these are IN, OUT and PRI, and `said` has the lists `e`, `h` and `n` as well, for ERR, HUP and
//! NVAL. What epoll_wait returns are tokens, which its `args` and `ret` have. `asked` and `said` have the numbers under
//! which the kernel has them registered, and a third key, `stale`, lists those of these numbers that were closed since,
//! or given out again, and whose registration is still there.
//!
//! An io_uring_enter has the lists `submitted` and `completed` in their place. A request in them is an object with its
//! `call`, the descriptor `fd` that it is about and its `user_data`; in `completed` it has `ret` or `err` as well.

use std::backtrace::Backtrace;
use std::fmt::{Display, Write};
use std::os::fd::RawFd;
use std::panic::Location;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

#[cfg(feature = "io-uring")]
use super::errno;
use super::error::Error;
use super::events::Events;
use super::{columns, json, table};

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// In strace's manner, in columns.
    Text,
    /// The same without columns, a tab between the call and the table: for a story, which makes its own.
    Line,
    /// One JSON object a line.
    Json,
}

struct Tracing {
    format: Format,
    /// The chapter's file name: a close in a drop is attributed to the first frame that is in it.
    file: &'static str,
}

static TRACING: OnceLock<Tracing> = OnceLock::new();

/// Whether calls are traced.
pub fn is_on() -> bool {
    TRACING.get().is_some()
}

/// Traces every call from here on. The caller's file is taken to be the chapter. A second call changes nothing.
#[track_caller]
pub fn start(format: Format) {
    let file = Path::new(Location::caller().file()).file_name().and_then(|name| name.to_str()).unwrap_or("");
    let _ = TRACING.set(Tracing { format, file });
}

/// Traces a call that has returned: its POSIX name, its result, and its arguments (made only if a trace is asked for).
#[track_caller]
pub(crate) fn call<T: Display>(name: &str, result: Result<T, &Error>, args: impl FnOnce() -> String) {
    let Some(tracing) = TRACING.get() else { return };
    tracing.print(Location::caller().line(), name, &args(), &outcome(result), None);
}

/// Traces a select: the lists that were asked about, and what it said of them (both made only if a trace is asked for).
#[track_caller]
pub(crate) fn select(
    asked: impl FnOnce() -> [Vec<RawFd>; 3],
    timeout: Option<Duration>,
    result: Result<impl FnOnce() -> [Vec<RawFd>; 3], &Error>,
) {
    let Some(tracing) = TRACING.get() else { return };
    let asked = asked();
    let [r, w, x] = &asked;
    let args = format!("{r:?}, {w:?}, {x:?}, {}", limit(timeout));
    let mut sets = format!(r#","asked":{{{}}}"#, lists(&asked));
    // The count is the kernel's: bits, not descriptors. One that is readable and writable counts two.
    let result = result.map(|said| {
        let said = said();
        let _ = write!(sets, r#","said":{{{}}}"#, lists(&said));
        let named = ["readable", "writable", "exceptional"].into_iter().zip(&said).filter(|(_, fds)| !fds.is_empty());
        let named: Vec<String> = named.map(|(name, fds)| format!("{name} {fds:?}")).collect();
        format!("{} ({})", said.iter().map(Vec::len).sum::<usize>(), named.join(", "))
    });
    tracing.print(Location::caller().line(), "select", &args, &outcome(result), Some(&sets));
}

/// Traces that a descriptor is another library's from here on, whose calls do not appear. JSON has only calls.
#[track_caller]
pub(crate) fn handed_on(fd: RawFd) {
    let Some(tracing) = TRACING.get().filter(|tracing| tracing.format != Format::Json) else { return };
    let line = Location::caller().line();
    tracing.print_text(&format!(":{line} ({fd} goes to a library: strace shows its calls)"), &table::open());
}

/// Traces a poll: what was asked of each descriptor, and what it said of each (both made only if a trace is asked for).
#[track_caller]
pub(crate) fn poll(
    asked: impl FnOnce() -> Vec<(RawFd, Events)>,
    timeout: Option<Duration>,
    result: Result<impl FnOnce() -> Vec<(RawFd, Events)>, &Error>,
) {
    let Some(tracing) = TRACING.get() else { return };
    let asked = asked();
    let args = format!("[{}], {}", entries(&asked), limit(timeout));
    let mut sets = format!(r#","asked":{{{}}}"#, lists_of(&asked, 3));
    let result = result.map(|said| {
        let mut said = said();
        let _ = write!(sets, r#","said":{{{}}}"#, lists_of(&said, 6));
        // The count is the kernel's: descriptors, not bits.
        said.retain(|(_, events)| *events != Events::NONE);
        format!("{} ({})", said.len(), entries(&said))
    });
    tracing.print(Location::caller().line(), "poll", &args, &outcome(result), Some(&sets));
}

/// Traces an epoll_wait: what the kernel has registered with `epoll`, and what it said.
#[track_caller]
pub(crate) fn epoll_wait(epoll: RawFd, timeout: Option<Duration>, result: Result<&[(u64, Events)], &Error>) {
    let Some(tracing) = TRACING.get() else { return };
    let args = format!("{epoll}, {}", limit(timeout));
    let registered = table::registered(epoll);
    let asked: Vec<(RawFd, Events)> = registered.iter().map(|one| (one.fd, one.events)).collect();
    let mut sets = format!(r#","asked":{{{}}}"#, lists_of(&asked, 3));
    let result = result.map(|said| {
        let number = |token: u64| registered.iter().find(|one| one.token == token).map(|one| one.fd);
        let numbers: Vec<_> = said.iter().filter_map(|(token, events)| Some((number(*token)?, *events))).collect();
        let _ = write!(sets, r#","said":{{{}}}"#, lists_of(&numbers, 6));
        let events: Vec<String> = said.iter().map(|(token, events)| format!("{{{events}, {token}}}")).collect();
        format!("{} ({})", said.len(), events.join(", "))
    });
    let stale: Vec<RawFd> = registered.iter().filter(|one| !one.current).map(|one| one.fd).collect();
    let _ = write!(sets, r#","stale":{}"#, list(&stale));
    tracing.print(Location::caller().line(), "epoll_wait", &args, &outcome(result), Some(&sets));
}

/// A request to io_uring, by what it was handed in as. It prints as `recv 4 #7`.
#[cfg(feature = "io-uring")]
pub(crate) struct Request {
    pub(crate) call: &'static str,
    pub(crate) fd: RawFd,
    pub(crate) user_data: u64,
}

#[cfg(feature = "io-uring")]
impl Request {
    fn json(&self, more: &str) -> String {
        let Request { call, fd, user_data } = self;
        format!(r#"{{"call":"{call}","fd":{fd},"user_data":{user_data}{more}}}"#)
    }
}

#[cfg(feature = "io-uring")]
impl Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} #{}", self.call, self.fd, self.user_data)
    }
}

/// Traces an io_uring_enter: what was handed in, and what has completed, each with its result (both made only if a trace
/// is asked for). It is called before anything that has completed is given up.
#[cfg(feature = "io-uring")]
#[track_caller]
pub(crate) fn io_uring_enter(
    ring: RawFd,
    submitted: impl FnOnce() -> Vec<Request>,
    timeout: Option<Duration>,
    result: Result<impl FnOnce() -> Vec<(Request, i32)>, &Error>,
) {
    let Some(tracing) = TRACING.get() else { return };
    let submitted = submitted();
    let names: Vec<String> = submitted.iter().map(Request::to_string).collect();
    let args = format!("{ring}, [{}], {}", names.join(", "), limit(timeout));
    let objects: Vec<String> = submitted.iter().map(|request| request.json("")).collect();
    let mut sets = format!(r#","submitted":[{}]"#, objects.join(","));
    let result = result.map(|completed| {
        let completed = completed();
        let outcomes = completed.iter().map(|(request, result)| match errno::name(-result) {
            Some(name) => (format!("{request} = {name}"), request.json(&format!(r#","err":"{name}""#))),
            None => (format!("{request} = {result}"), request.json(&format!(r#","ret":"{result}""#))),
        });
        let (words, objects): (Vec<String>, Vec<String>) = outcomes.unzip();
        let _ = write!(sets, r#","completed":[{}]"#, objects.join(","));
        format!("{} ({})", completed.len(), words.join(", "))
    });
    tracing.print(Location::caller().line(), "io_uring_enter", &args, &outcome(result), Some(&sets));
}

/// The keys of the lists, and the event that each is about. poll says more than it is asked.
const LISTS: [(&str, Events); 6] = [
    ("r", Events::IN),
    ("w", Events::OUT),
    ("x", Events::PRI),
    ("e", Events::ERR),
    ("h", Events::HUP),
    ("n", Events::NVAL),
];

/// Lists of descriptors as the members of a JSON object.
fn lists(lists: &[Vec<RawFd>]) -> String {
    let members = LISTS.iter().zip(lists).map(|((key, _), fds)| format!(r#""{key}":{}"#, list(fds)));
    members.collect::<Vec<_>>().join(",")
}

/// The same of descriptors with their events, by the first so many of these.
fn lists_of(all: &[(RawFd, Events)], events: usize) -> String {
    let having = |event: Events| all.iter().filter(move |(_, has)| has.intersects(event)).map(|(fd, _)| *fd);
    lists(&LISTS[..events].iter().map(|(_, event)| having(*event).collect()).collect::<Vec<_>>())
}

fn entries(all: &[(RawFd, Events)]) -> String {
    all.iter().map(|(fd, events)| format!("{fd} {events}")).collect::<Vec<_>>().join(", ")
}

/// How long a call waits at most, as it prints.
fn limit(timeout: Option<Duration>) -> String {
    timeout.map_or("NULL".to_string(), |time| format!("{time:?}"))
}

/// Traces the close that has just happened, when it is dropped: the last field of what owns a descriptor.
#[derive(Debug)]
pub(crate) struct CloseOnDrop(RawFd);

impl CloseOnDrop {
    pub(crate) fn new(fd: RawFd) -> CloseOnDrop {
        CloseOnDrop(fd)
    }
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        let Some(tracing) = TRACING.get() else { return };
        // `#[track_caller]` stops at a drop, whose caller is the compiler. The stack still knows the line.
        let line = first_line_in(tracing.file, &Backtrace::force_capture().to_string()).unwrap_or(0);
        tracing.print(line, "close", &self.0.to_string(), &Outcome::Ret("0".into()), None);
    }
}

/// The line of the first frame that is in `file`: a backtrace has `at ./chapters/04-name.rs:39:5` for each.
fn first_line_in(file: &str, backtrace: &str) -> Option<u32> {
    let places = backtrace.lines().filter_map(|line| line.trim_start().strip_prefix("at "));
    let mut ours = places.filter_map(|place| {
        let mut parts = place.rsplitn(3, ':');
        let (_column, line, path) = (parts.next()?, parts.next()?, parts.next()?);
        if Path::new(path).file_name()? == file { line.parse().ok() } else { None }
    });
    ours.next()
}

enum Outcome {
    Ret(String),
    Err { name: String, words: String },
}

fn outcome<T: Display>(result: Result<T, &Error>) -> Outcome {
    match result {
        Ok(value) => Outcome::Ret(value.to_string()),
        Err(error) => {
            let words = error.source().to_string();
            let words = words.split(" (os error").next().unwrap_or_default().to_string();
            Outcome::Err { name: error.name(), words }
        }
    }
}

impl Tracing {
    fn print(&self, line: u32, call: &str, args: &str, outcome: &Outcome, sets: Option<&str>) {
        let fds = table::open();
        match self.format {
            Format::Text | Format::Line => {
                let call = match outcome {
                    Outcome::Ret(value) => format!(":{line} {call}({args}) = {value}"),
                    Outcome::Err { name, words } => format!(":{line} {call}({args}) = -1 {name} ({words})"),
                };
                self.print_text(&call, &fds);
            }
            Format::Json => {
                let (key, value) = match outcome {
                    Outcome::Ret(value) => ("ret", value),
                    Outcome::Err { name, .. } => ("err", name),
                };
                let fds: Vec<String> =
                    fds.iter().map(|(fd, what)| format!(r#""{fd}":{}"#, json::string(what))).collect();
                println!(
                    r#"{{"at":{line},"call":{},"args":{},"{key}":{}{},"fds":{{{}}}}}"#,
                    json::string(call),
                    json::string(args),
                    json::string(value),
                    sets.unwrap_or(""),
                    fds.join(",")
                );
            }
        }
    }

    fn print_text(&self, call: &str, fds: &[(RawFd, String)]) {
        let fds: Vec<String> = fds.iter().map(|(fd, what)| format!("{fd} {what}")).collect();
        let table = format!("{{{}}}", fds.join(", "));
        match self.format {
            Format::Line => println!("{call}\t{table}"),
            _ => println!("{}", columns::call_and_table(call, &table)),
        }
    }
}

fn list(fds: &[RawFd]) -> String {
    format!("{fds:?}").replace(' ', "")
}

/// Bytes as strace shows them: quoted, escaped, and at most 32 of them.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    let (shown, more) = if bytes.len() > 32 { (&bytes[..32], "...") } else { (bytes, "") };
    format!("\"{}\"{more}", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_data_is_cut_as_strace_cuts_it() {
        assert_eq!(bytes(b"hi\n\xff"), r#""hi\n\xff""#);
        assert_eq!(bytes(&[b'a'; 33]), format!("\"{}\"...", "a".repeat(32)));
    }

    #[test]
    fn the_first_frame_in_the_file_is_the_line() {
        let backtrace = "\
   0: std::backtrace::Backtrace::force_capture
   1: <T as Drop>::drop
             at ./src/trace.rs:9:9
   2: chapter::serve
             at /home/x/chapters/09-name.rs:41:17
   3: chapter::main
             at ./chapters/09-name.rs:12:5";
        assert_eq!(first_line_in("09-name.rs", backtrace), Some(41));
        assert_eq!(first_line_in("name.rs", backtrace), None);
    }
}
