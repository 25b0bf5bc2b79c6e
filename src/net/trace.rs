//! What was called, from which line of the chapter, with what result, and the descriptor table after it.
//!
//! Off unless [`start`] was called. Then every call of this floor prints a line on standard output, between the lines
//! that the server prints, so that the order is the true one. [`super::traced`] says how it is written.

use std::backtrace::Backtrace;
use std::fmt::Display;
use std::os::fd::RawFd;
use std::panic::Location;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

#[cfg(feature = "io-uring")]
use super::errno;
use super::error::Error;
use super::events::Events;
#[cfg(feature = "io-uring")]
use super::traced::TracedRequest;
use super::traced::{Failure, List, Lists, TracedCall};
use super::{columns, table};

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// In strace's manner, in columns.
    Text,
    /// In strace's manner, a tab between the call and the table: for a story, which makes its own columns.
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

/// The call and the table in a line of [`Format::Line`]; `None` of a line that is none.
pub fn line_parts(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix(':')?;
    line.split_once('\t').filter(|(_, table)| table.starts_with('{'))
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
    tracing.print(&returned(name, args(), result));
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
    let said = result.map(|said| Lists::of_select(said()));
    // The count is the kernel's: bits, not descriptors. One that is readable and writable counts two.
    let value = said.as_ref().map(|said| {
        let named = List::ALL.into_iter().filter(|list| !said.get(*list).is_empty());
        let named: Vec<String> = named.map(|list| format!("{} {:?}", list.word(), said.get(list))).collect();
        format!("{} ({})", said.count(), named.join(", "))
    });
    let call = returned("select", args, value.map_err(|error| *error));
    tracing.print(&TracedCall { asked: Some(Lists::of_select(asked)), said: said.ok(), ..call });
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
    let said = result.map(|said| said());
    let value = said.as_ref().map(|said| {
        // The count is the kernel's: descriptors, not bits.
        let some: Vec<(RawFd, Events)> = said.iter().copied().filter(|(_, events)| *events != Events::NONE).collect();
        format!("{} ({})", some.len(), entries(&some))
    });
    let call = returned("poll", args, value.map_err(|error| *error));
    let said = said.ok().map(|said| Lists::said(&said));
    tracing.print(&TracedCall { asked: Some(Lists::asked(&asked)), said, ..call });
}

/// Traces an epoll_wait: what the kernel has registered with `epoll`, and what it said.
#[track_caller]
pub(crate) fn epoll_wait(epoll: RawFd, timeout: Option<Duration>, result: Result<&[(u64, Events)], &Error>) {
    let Some(tracing) = TRACING.get() else { return };
    let args = format!("{epoll}, {}", limit(timeout));
    let registered = table::registered(epoll);
    let asked: Vec<(RawFd, Events)> = registered.iter().map(|one| (one.fd, one.events)).collect();
    let number = |token: u64| registered.iter().find(|one| one.token == token).map(|one| one.fd);
    let said = result.as_ref().ok().map(|said| {
        let numbers = said.iter().filter_map(|(token, events)| Some((number(*token)?, *events)));
        Lists::said(&numbers.collect::<Vec<_>>())
    });
    let value = result.map(|said| {
        let events: Vec<String> = said.iter().map(|(token, events)| format!("{{{events}, {token}}}")).collect();
        format!("{} ({})", said.len(), events.join(", "))
    });
    let stale = registered.iter().filter(|one| !one.current).map(|one| one.fd).collect();
    let call = returned("epoll_wait", args, value);
    tracing.print(&TracedCall { asked: Some(Lists::asked(&asked)), said, stale: Some(stale), ..call });
}

/// A request to io_uring, by what it was handed in as.
#[cfg(feature = "io-uring")]
pub(crate) struct Request {
    pub(crate) call: &'static str,
    pub(crate) fd: RawFd,
    pub(crate) user_data: u64,
}

#[cfg(feature = "io-uring")]
impl Request {
    fn traced(&self, result: Option<i32>) -> TracedRequest {
        let result = result.map(|result| errno::name(-result).map_or(Ok(result.to_string()), |name| Err(name.into())));
        TracedRequest { call: self.call.into(), fd: self.fd, user_data: self.user_data, result }
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
    let words = |requests: &[TracedRequest]| requests.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let submitted: Vec<TracedRequest> = submitted().iter().map(|request| request.traced(None)).collect();
    let args = format!("{ring}, [{}], {}", words(&submitted), limit(timeout));
    let completed = result.map(|completed| {
        let completed = completed();
        completed.iter().map(|(request, result)| request.traced(Some(*result))).collect::<Vec<TracedRequest>>()
    });
    let value = completed.as_ref().map(|completed| format!("{} ({})", completed.len(), words(completed)));
    let call = returned("io_uring_enter", args, value.map_err(|error| *error));
    tracing.print(&TracedCall { submitted: Some(submitted), completed: completed.ok(), ..call });
}

fn entries(all: &[(RawFd, Events)]) -> String {
    all.iter().map(|(fd, events)| format!("{fd} {events}")).collect::<Vec<_>>().join(", ")
}

/// How long a call waits at most, as it prints.
fn limit(timeout: Option<Duration>) -> String {
    timeout.map_or("NULL".to_string(), |time| format!("{time:?}"))
}

/// A call that has returned to the caller's line, with the table after it.
#[track_caller]
fn returned<T: Display>(name: &str, args: String, result: Result<T, &Error>) -> TracedCall {
    let failure = |error: &Error| {
        let words = error.source().to_string();
        Failure { name: error.name(), words: words.split(" (os error").next().unwrap_or_default().to_string() }
    };
    TracedCall {
        line: Location::caller().line(),
        name: name.to_string(),
        args,
        result: result.map(|value| value.to_string()).map_err(failure),
        asked: None,
        said: None,
        stale: None,
        submitted: None,
        completed: None,
        fds: table::open(),
    }
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
        tracing.print(&TracedCall { line, ..returned("close", self.0.to_string(), Ok(0)) });
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

impl Tracing {
    fn print(&self, call: &TracedCall) {
        match self.format {
            Format::Text | Format::Line => self.print_text(&call.text(), &call.fds),
            Format::Json => println!("{}", call.json()),
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
