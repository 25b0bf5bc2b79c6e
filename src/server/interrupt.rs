//! Ctrl-C, and any other signal that ends this process, ends the servers too. They are in process groups of their own, which the terminal's signal does not reach.

use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

const FREE: i32 = 0;

/// The process groups that are running. A handler may look at nothing that has a lock.
static GROUPS: [AtomicI32; 64] = [const { AtomicI32::new(FREE) }; 64];

/// A group's place in the list, which is given back when this is dropped.
pub struct Watched(Option<&'static AtomicI32>);

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(place) = self.0 {
            place.store(FREE, Ordering::SeqCst);
        }
    }
}

/// From here on SIGINT, SIGTERM and SIGHUP, before they end this process, end the process group `group` (SIGKILL).
pub fn watch(group: i32) -> Watched {
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
    let place =
        GROUPS.iter().find(|place| place.compare_exchange(FREE, group, Ordering::SeqCst, Ordering::SeqCst).is_ok());
    Watched(place)
}

extern "C" fn end_all(signal: libc::c_int) {
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
