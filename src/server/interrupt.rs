//! Ctrl-C, and any other signal that ends this process, ends the servers too. They are in process groups of their own,
//! which the terminal's signal does not reach.
//!
//! A handler may do next to nothing, so it writes the signal's number into a pipe. A thread reads it there, ends what was
//! started, and then lets the signal do what it does by default.

use std::io::{self, PipeReader, Read};
use std::os::fd::IntoRawFd;
use std::process::Child;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use super::processes;

const FREE: i32 = 0;

/// The process groups that are running. A handler may look at nothing that has a lock.
static GROUPS: [AtomicI32; 64] = [const { AtomicI32::new(FREE) }; 64];

/// How many processes are being made, whose groups are not in the list yet.
static BEING_MADE: AtomicI32 = AtomicI32::new(0);

/// A signal has come that ends this process.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Where the handler writes.
static WRITER: AtomicI32 = AtomicI32::new(-1);

/// The variable by which a server's processes are known, `CLOSE_CALL=` and then our process id, a hyphen and a number.
pub fn mark() -> String {
    format!("CLOSE_CALL={}-", std::process::id())
}

/// Makes a process with `spawn`, and watches its group, which is named by its process id. A signal that comes in between
/// waits until it is watched.
pub fn watched(spawn: impl FnOnce() -> io::Result<Child>) -> io::Result<(Child, Watched)> {
    handle()?;
    BEING_MADE.fetch_add(1, Ordering::SeqCst);
    let made = spawn().map(|child| {
        let group = libc::pid_t::try_from(child.id()).unwrap_or(FREE);
        (child, watch(group))
    });
    BEING_MADE.fetch_sub(1, Ordering::SeqCst);
    made
}

/// Does not return if a signal is about to end this process. What comes of servers that are ended for that is nobody's
/// business any more.
pub fn stop_here_if_ending() {
    while ENDING.load(Ordering::SeqCst) {
        thread::park();
    }
}

/// A group's place in the list, which is given back when this is dropped.
pub struct Watched(Option<&'static AtomicI32>);

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(place) = self.0 {
            place.store(FREE, Ordering::SeqCst);
        }
    }
}

fn watch(group: i32) -> Watched {
    let free = |place: &&AtomicI32| place.compare_exchange(FREE, group, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    Watched(GROUPS.iter().find(free))
}

/// From here on a signal that ends this process first ends what was started.
fn handle() -> io::Result<()> {
    static HANDLERS: Once = Once::new();
    if HANDLERS.is_completed() {
        return Ok(());
    }
    let (reader, writer) = io::pipe()?;
    HANDLERS.call_once(|| {
        // The handler may run as long as the process does, so the writing end is never closed.
        WRITER.store(writer.into_raw_fd(), Ordering::SeqCst);
        thread::spawn(move || end_all(reader));
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE] {
            // SAFETY: `handler` makes none but async-signal-safe calls, and touches nothing but atomics. What was ignored
            // when this process began (nohup, a job in the background) stays ignored.
            unsafe {
                let before = libc::signal(signal, handler as extern "C" fn(libc::c_int) as libc::sighandler_t);
                if before == libc::SIG_IGN {
                    libc::signal(signal, libc::SIG_IGN);
                }
            }
        }
    });
    Ok(())
}

extern "C" fn handler(signal: libc::c_int) {
    let byte = u8::try_from(signal).unwrap_or(0);
    // SAFETY: write and pause are async-signal-safe. Who writes to a pipe that is closed must not go on as if it had
    // written (SIGPIPE), so that thread waits here for the end.
    unsafe {
        libc::write(WRITER.load(Ordering::SeqCst), (&raw const byte).cast(), 1);
        if signal == libc::SIGPIPE {
            loop {
                libc::pause();
            }
        }
    }
}

/// Waits for a signal, ends what was started (SIGKILL), and lets the signal end this process.
fn end_all(mut reader: PipeReader) {
    let mut signal = [0];
    if reader.read_exact(&mut signal).is_err() {
        return;
    }
    ENDING.store(true, Ordering::SeqCst);
    while BEING_MADE.load(Ordering::SeqCst) > 0 {
        thread::sleep(Duration::from_millis(1));
    }
    for group in GROUPS.iter().map(|place| place.load(Ordering::SeqCst)).filter(|group| *group != FREE) {
        // SAFETY: a bare system call; the group is one that is in the list as long as it is not waited for.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
    // And those that have left their group, until several looks in a row find nobody.
    let mut nobody = 0;
    while nobody < 3 {
        let strays = processes::with_variable(|entry| entry.starts_with(&mark()));
        nobody = if strays.is_empty() { nobody + 1 } else { 0 };
        for pid in strays.into_iter().filter_map(|pid| libc::pid_t::try_from(pid).ok()) {
            // SAFETY: a bare system call. A process that carries our mark comes of a server that we started.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        thread::sleep(Duration::from_millis(1));
    }
    let signal = i32::from(signal[0]);
    // SAFETY: bare system calls. The default action ends this process, with the status that says which signal it was.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::kill(libc::getpid(), signal);
    }
}
