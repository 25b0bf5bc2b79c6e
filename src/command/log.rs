//! The log of a server: a line for each thing that it does.
//!
//! A pipe that nobody reads is full after some hundred lines, and a write then waits until somebody does, which can be for
//! ever. A server whose loop waits there serves nobody. So the log asks first whether there is room, and a line for which
//! there is none is lost. How many were lost is said before the next line that is not.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;
use std::{env, mem};

use crate::net::poll::{Events, poll};
use crate::net::trace;

/// Writes a line of the server's log on standard output: what `println!` takes, if there is room for it. Unless the
/// environment variable LOG is `off`; then it does nothing, not even evaluate its arguments. That is for
/// `cargo xtask bench`, because a line costs two system calls, which is as much as the rest of a short message.
#[macro_export]
macro_rules! log {
    ($($line:tt)*) => {
        if $crate::command::log::is_on() {
            $crate::command::log::write(::std::format_args!($($line)*))
        }
    };
}

/// Whether a server says what it does.
pub fn is_on() -> bool {
    static ON: LazyLock<bool> = LazyLock::new(|| env::var_os("LOG").is_none_or(|value| value != "off"));
    *ON
}

/// How many lines were lost since the last that was not.
static LOST: Mutex<u64> = Mutex::new(0);

/// Writes a line, or counts it as lost.
pub fn write(line: Arguments) {
    // A trace is whole, or it is none, and so is what is said between its calls.
    if trace::is_on() {
        return println!("{line}");
    }
    let mut lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
    if *lost > 0 && put(format!("({lost} lines of the log are lost: nobody has read it)\n")) {
        mem::take(&mut *lost);
    }
    *lost += u64::from(*lost > 0 || !put(format!("{line}\n")));
}

/// Writes a line if there is room for it. False if there is none, or never will be. Standard output is not made
/// non-blocking, because it may be another program's as well: O_NONBLOCK belongs to the open file description.
fn put(line: String) -> bool {
    let line = cut(line);
    let mut out = io::stdout().lock();
    let room = poll(&[(out.as_fd(), Events::OUT)], Some(Duration::ZERO));
    let room = room.is_ok_and(|said| said.iter().all(|events| events.intersects(Events::OUT)));
    room && out.write_all(line.as_bytes()).is_ok()
}

/// A line, or as much of it as a pipe takes at once that is writable at all: pipe(7), PIPE_BUF.
fn cut(mut line: String) -> String {
    const REST: &str = "…\n";
    if line.len() > libc::PIPE_BUF {
        let fits = (0..=libc::PIPE_BUF - REST.len()).rev().find(|&at| line.is_char_boundary(at));
        line.truncate(fits.unwrap_or(0));
        line += REST;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_no_longer_than_what_a_pipe_takes_at_once() {
        for (line, length) in [
            ("a\n".to_string(), 2),
            ("a".repeat(libc::PIPE_BUF - 1) + "\n", libc::PIPE_BUF),
            ("a".repeat(libc::PIPE_BUF) + "\n", libc::PIPE_BUF),
            ("é".repeat(libc::PIPE_BUF) + "\n", libc::PIPE_BUF),
            ("a".to_string() + &"é".repeat(libc::PIPE_BUF) + "\n", libc::PIPE_BUF - 1),
        ] {
            let line = cut(line);
            assert_eq!((line.len(), line.ends_with('\n')), (length, true));
        }
    }
}
