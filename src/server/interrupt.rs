//! Ctrl-C, and any other signal that ends this process, ends the servers too. They are in process groups of their own, which the terminal's signal does not reach.

use std::io;
use std::process::Child;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

const FREE: i32 = 0;

/// The process groups that are running. A handler may look at nothing that has a lock.
static GROUPS: [AtomicI32; 64] = [const { AtomicI32::new(FREE) }; 64];

/// How many processes are being made, whose groups are not in the list yet, and the signal that came meanwhile.
static BEING_MADE: AtomicI32 = AtomicI32::new(0);
static PUT_OFF: AtomicI32 = AtomicI32::new(0);

/// Makes a process with `spawn`, and watches its group, which is named by its process id. A signal that comes in between
/// is put off until it is watched.
pub fn watched(spawn: impl FnOnce() -> io::Result<Child>) -> io::Result<(Child, Watched)> {
    handle();
    BEING_MADE.fetch_add(1, Ordering::SeqCst);
    let made = spawn().map(|child| {
        let group = libc::pid_t::try_from(child.id()).unwrap_or(FREE);
        (child, watch(group))
    });
    if BEING_MADE.fetch_sub(1, Ordering::SeqCst) == 1 {
        let signal = PUT_OFF.swap(0, Ordering::SeqCst);
        if signal != 0 {
            // SAFETY: a bare system call; the handler is `end_all`.
            unsafe { libc::raise(signal) };
        }
    }
    made
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

/// From here on a signal that ends this process first ends the groups in the list (SIGKILL).
fn handle() {
    static HANDLERS: Once = Once::new();
    HANDLERS.call_once(|| {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE] {
            // SAFETY: `end_all` makes none but async-signal-safe calls, and touches nothing but atomics. What was ignored
            // when this process began (nohup, a job in the background) stays ignored.
            unsafe {
                let before = libc::signal(signal, end_all as extern "C" fn(libc::c_int) as libc::sighandler_t);
                if before == libc::SIG_IGN {
                    libc::signal(signal, libc::SIG_IGN);
                }
            }
        }
    });
}

fn watch(group: i32) -> Watched {
    let free = |place: &&AtomicI32| place.compare_exchange(FREE, group, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    Watched(GROUPS.iter().find(free))
}

extern "C" fn end_all(signal: libc::c_int) {
    // What is written to a pipe that is closed cannot be put off; the rest can.
    if BEING_MADE.load(Ordering::SeqCst) > 0 && signal != libc::SIGPIPE {
        PUT_OFF.store(signal, Ordering::SeqCst);
        return;
    }
    for place in &GROUPS {
        let group = place.load(Ordering::SeqCst);
        if group != FREE {
            // SAFETY: bare system calls, allowed in a handler.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
    }
    // SAFETY: as above. The default action ends this process, with the status that says which signal it was.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}
