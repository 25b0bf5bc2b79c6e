//! When is a server idle? When nothing is left for it to do until a client does something.
//!
//! The kernel knows most of it. All that the clients did has arrived ([`in_flight`]), and every thread of the server
//! sleeps (/proc). The two cannot be asked in one moment, so a server is idle when two looks in a row say so. A thread
//! that sleeps for a time (nanosleep) may be about to go on, so it is given one, unless it has the habit: it did so before
//! any client came, while other threads waited for one.
//!
//! What the kernel does not say is *why* a thread sleeps in any other call. A server that waits with a timeout, for
//! something of its own, looks idle.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Once;
use std::time::Duration;

use super::server::processes;
use crate::net::in_flight;

/// How long a thread that sleeps for a time is waited for. It may do so for ever.
pub const NAP: Duration = Duration::from_secs(2);

/// So many looks in a row have to say the same.
const LOOKS: u32 = 2;

/// What the threads of a server do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// None is left: the server has ended, or is about to be seen to.
    Gone,
    /// At least one runs, or waits for a disk.
    Busy,
    /// Each sleeps, and wakes when something happens.
    Asleep,
    /// Each is stopped (SIGSTOP, SIGTSTP), and goes on at a SIGCONT.
    Stopped,
}

/// What the threads of the processes do.
pub fn threads(pids: &[u32]) -> Threads {
    of_states(&processes::states(pids))
}

/// The same by the threads' letters in /proc, those that have ended left out. A kernel thread's `I` does not occur.
fn of_states(states: &[u8]) -> Threads {
    let all = |letters: &[u8]| states.iter().all(|state| letters.contains(state));
    match states {
        // All of nothing is true: a dying server must not be taken for one that sleeps.
        [] => Threads::Gone,
        _ if all(b"S") => Threads::Asleep,
        _ if all(b"T") => Threads::Stopped,
        _ => Threads::Busy,
    }
}

/// What one look at a server sees.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Its threads, before the connections were looked at and after.
    pub threads: [Threads; 2],
    /// All that the clients did has arrived.
    pub arrived: bool,
    /// A thread sleeps for a time.
    pub napping: bool,
}

/// Looks at a server and at its `connections`, the client's address and the server's. Fails where the kernel does not
/// answer questions about its sockets. That a thread with the `habit` sleeps for a time says nothing.
pub fn look(pids: &[u32], connections: &[(SocketAddr, SocketAddr)], habit: &[PathBuf]) -> io::Result<Look> {
    let before = threads(pids);
    // A server that is to become idle has to go to sleep first, which is the cheaper question.
    if before != Threads::Asleep {
        return Ok(Look { threads: [before; 2], arrived: false, napping: false });
    }
    let arrived = in_flight::all_arrived(connections, Duration::ZERO)?;
    let napping = arrived && napping(pids).iter().any(|thread| !habit.contains(thread));
    Ok(Look { threads: [before, threads(pids)], arrived, napping })
}

/// The threads that sleep for a time, in a server of which others wait for something.
pub fn habit(pids: &[u32]) -> Vec<PathBuf> {
    let napping = napping(pids);
    if napping.len() < processes::states(pids).len() { napping } else { Vec::new() }
}

/// The threads that sleep for a time. Where that may not be read, it is said once, and taken for none.
fn napping(pids: &[u32]) -> Vec<PathBuf> {
    static SAID: Once = Once::new();
    processes::in_timed_sleep(pids).unwrap_or_else(|error| {
        SAID.call_once(|| {
            eprintln!("/proc/PID/syscall: {error}: a server that sleeps for a time is taken for idle");
        });
        Vec::new()
    })
}

/// What the looks so far say.
#[derive(Default)]
pub struct Looks(u32);

impl Looks {
    /// Takes one more look into account, `waited` after the first, where a nap is given that time. True when the server is
    /// idle.
    pub fn idle(&mut self, look: &Look, waited: Duration, nap: Duration) -> bool {
        let asleep = look.threads == [Threads::Asleep; 2];
        let calm = asleep && look.arrived && (!look.napping || waited > nap);
        self.0 = if calm { self.0 + 1 } else { 0 };
        self.0 >= LOOKS
    }

    /// Whether the last look may be the first of those in a row.
    pub fn any(&self) -> bool {
        self.0 > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_of_all_threads_say_what_they_do() {
        for (states, expected) in [
            (&b""[..], Threads::Gone),
            (b"S", Threads::Asleep),
            (b"SSS", Threads::Asleep),
            (b"R", Threads::Busy),
            (b"SR", Threads::Busy),
            (b"SD", Threads::Busy),
            (b"T", Threads::Stopped),
            (b"tT", Threads::Busy), // under a debugger, at a call
            (b"ST", Threads::Busy),
        ] {
            assert_eq!(of_states(states), expected, "{:?}", String::from_utf8_lossy(states));
        }
    }

    #[test]
    fn a_process_that_has_ended_and_is_not_waited_for_is_gone_and_not_asleep() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        while threads(&[child.id()]) != Threads::Gone {}
        assert!(std::path::Path::new(&format!("/proc/{}", child.id())).exists(), "it is a zombie");
        child.wait().unwrap();
    }

    const CALM: Look = Look { threads: [Threads::Asleep; 2], arrived: true, napping: false };

    #[test]
    fn a_server_is_idle_when_two_looks_in_a_row_say_so() {
        let mut looks = Looks::default();
        assert!(!looks.idle(&CALM, Duration::ZERO, NAP), "one is not enough");
        assert!(looks.idle(&CALM, Duration::ZERO, NAP));

        let restless = [
            Look { arrived: false, ..CALM },
            Look { threads: [Threads::Asleep, Threads::Busy], ..CALM },
            Look { threads: [Threads::Busy, Threads::Asleep], ..CALM },
            Look { threads: [Threads::Gone; 2], ..CALM },
            Look { threads: [Threads::Stopped; 2], ..CALM },
            Look { napping: true, ..CALM },
        ];
        for look in restless {
            let mut looks = Looks::default();
            for _ in 0..10 {
                assert!(!looks.idle(&look, Duration::ZERO, NAP), "{look:?}");
            }
            assert!(!looks.idle(&CALM, Duration::ZERO, NAP), "the first after {look:?}");
            assert!(!looks.idle(&look, Duration::ZERO, NAP), "{look:?} in between");
            assert!(!looks.idle(&CALM, Duration::ZERO, NAP), "counting begins again");
            assert!(looks.idle(&CALM, Duration::ZERO, NAP));
        }
    }

    #[test]
    fn a_thread_that_sleeps_for_a_time_is_given_one() {
        let napping = Look { napping: true, ..CALM };
        let mut looks = Looks::default();
        assert!(!looks.idle(&napping, NAP / 2, NAP));
        assert!(!looks.idle(&napping, NAP / 2, NAP));
        assert!(!looks.idle(&napping, NAP * 2, NAP));
        assert!(looks.idle(&napping, NAP * 2, NAP));
    }
}
