//! Colour, on a terminal.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU8, Ordering};
use std::{panic, process};

/// What a piece of text is, as far as its colour goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The server speaks.
    Server,
    /// A client speaks; which one, so that each has its colour.
    Client(usize),
    /// All is well.
    Good,
    /// Something is not as it could be.
    Fair,
    /// Something failed.
    Bad,
    /// Less important.
    Dim,
    /// A heading, or what to type.
    Bold,
}

/// Whether to colour what goes to `stream`: it is a terminal, and neither NO_COLOR (no-color.org) nor `TERM=dumb` says no.
pub fn wanted(stream: &impl IsTerminal) -> bool {
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !no_color && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// `text` in colour, or as it is. By the terminal's own palette, so that it is legible on light and dark.
pub fn paint(coloured: bool, style: Style, text: &str) -> String {
    if !coloured {
        return text.to_string();
    }
    let code = match style {
        Style::Server => "36",
        Style::Client(which) => ["35", "34", "33"][which % 3],
        Style::Good => "32",
        Style::Fair => "33",
        Style::Bad => "1;31",
        Style::Dim => "2",
        Style::Bold => "1",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// The exit status of a program whose output can take no more.
static FAILURE: AtomicU8 = AtomicU8::new(1);

/// Has a program whose output can take no more end with that exit status, in place of 1.
pub fn fail_with(status: u8) {
    FAILURE.store(status, Ordering::Relaxed);
}

/// Ends the program when its output can take no more, as other programs end: quietly, by SIGPIPE, when a pipe is closed
/// (`… | head`), and with a line that says so when a disk is full. Rust's `println!` panics instead. Sockets are not
/// concerned: [`crate::net::send`] asks for no signal.
pub fn end_with_the_output() {
    // SAFETY: called at the beginning of a program, which handles no signals of its own.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let panics = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let status = FAILURE.load(Ordering::Relaxed).into();
        let words = info.payload().downcast_ref::<String>().map_or("", String::as_str);
        if let Some(why) = words.strip_prefix("failed printing to stdout: ") {
            // If standard error is full as well, the exit status has to say it.
            let _ = writeln!(io::stderr(), "write: {why}");
            process::exit(status);
        }
        if words.starts_with("failed printing to stderr: ") {
            process::exit(status);
        }
        panics(info);
    }));
}

/// Lets a server live when nobody reads its output any more (`… | head -1`): a write fails then, and raises no SIGPIPE.
pub fn outlive_the_output() {
    // SAFETY: called before the program has a second thread; to ignore a signal runs nothing.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}
