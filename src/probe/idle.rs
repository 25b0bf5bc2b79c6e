//! When is a server idle? When nothing is left for it to do until a client does something.
//!
//! The kernel knows most of it. All that the clients did has arrived ([`in_flight`]), and every thread of the server
//! sleeps (/proc): its state says so, and so does the call in which it waits, which is known once it has left the
//! processor ([`Waits::of`]). The two cannot be asked in one moment. But the kernel counts how often a thread has been on a
//! processor, and so it is known that none was while the connections were looked at. Where that may not be read, a server is
//! idle when two looks in a row say so.
//!
//! A thread that sleeps for a time, and looks at its clients whenever it wakes, is idle when it has been awake and nothing
//! has come of it. It does not matter what a thread does that only sleeps while others wait for every client, or that slept
//! while a client's message was replied to: others serve. What the kernel does not say is *why* a thread waits with a
//! limit for something that may happen: a server that has something of its own to do then looks idle.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use super::server::processes::{self, Processes, Task};
use super::server::sockets;
use super::server::waits::{Wait, Waiting, Waits};
use crate::net::in_flight;
use crate::net::sock_diag::{End, SockDiag};

/// How long a thread that sleeps for a time is waited for. It may do so for an hour.
pub const NAP: Duration = Duration::from_secs(2);

/// A server may keep a connection whose client has gone for some seconds, to be sure that its last bytes arrive: five, as a
/// rule (lingering_timeout of nginx).
pub const LINGERS: Duration = Duration::from_secs(7);

/// How often such a thread wakes before it is known that nothing comes of it: the first time it may have been on its way
/// to sleep already when the clients did something.
const WAKES: u64 = 2;

/// How many looks in a row have to say the same, where it is not known of one alone that no thread has run meanwhile.
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
pub fn threads(processes: &Processes) -> Threads {
    of_states(&processes.states())
}

/// What threads do, by their letters in /proc, those that have ended left out. A kernel thread's `I` does not occur.
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
    /// No thread has run from the beginning of the look to its end.
    pub unbroken: bool,
}

/// The connections of a server's clients, each by the client's address and the server's.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    /// Those on which all that is sent arrives in the end, both ways.
    pub arriving: Vec<(SocketAddr, SocketAddr)>,
    /// Those on which something may stay on its way.
    pub others: Vec<(SocketAddr, SocketAddr)>,
}

/// Looks at a server with these `processes`, at that address, and at its connections. Fails where the kernel does not answer
/// questions about its sockets.
pub fn look(
    processes: &dyn Fn() -> Processes,
    server: SocketAddr,
    connections: &Connections,
    naps: &mut Naps,
) -> io::Result<Look> {
    let first = processes();
    let before = threads(&first);
    let nothing = Look { threads: [before; 2], arrived: false, napping: false, unbroken: false };
    // A server that is to become idle has to go to sleep first, which is the cheaper question.
    if before != Threads::Asleep {
        return Ok(nothing);
    }
    // The order matters. A thread that waits after the first count, still sleeps when all has arrived, and has not run by
    // the second count, has slept while the connections were looked at. (One that was woken and waits for a processor has
    // not run either.) So has a process that was started a moment ago, if there is none but those.
    let counts = processes::schedstats(&first.tasks);
    let waiting = naps.waiting(&first.tasks);
    if naps.waits.some_run() {
        return Ok(Look { threads: [before, Threads::Busy], ..nothing });
    }
    if !in_flight::all_arrived(&connections.arriving, Duration::ZERO)? {
        return Ok(nothing);
    }
    let napping = naps.may_see_more(waiting.as_deref().unwrap_or_default(), server, connections)?;
    let last = processes();
    let after = threads(&last);
    let none_is_new = last.pids == first.pids;
    let same = counts.is_some() && processes::schedstats(&last.tasks) == counts;
    Ok(Look { threads: [before, after], arrived: true, napping, unbroken: same && none_is_new && waiting.is_some() })
}

/// The threads that sleep for a time, and how often they have been awake.
#[derive(Default)]
pub struct Naps {
    waits: Waits,
    /// How often each had gone to sleep when the scene was as it is.
    since: HashMap<PathBuf, u64>,
    /// The listener and all connections, as they were then.
    scene: Vec<Option<End>>,
    /// How often each had gone to sleep when a client last sent a message.
    asked: HashMap<PathBuf, u64>,
    /// A message was replied to while all of them slept: it is others that serve.
    others_serve: bool,
}

impl Naps {
    /// What the threads were last seen to wait for.
    pub fn waits(&mut self) -> &mut Waits {
        &mut self.waits
    }

    /// Whether it is known that others serve than those that sleep for a time.
    pub fn others_serve(&self) -> bool {
        self.others_serve
    }

    /// Takes that as known.
    pub fn know_that_others_serve(&mut self) {
        self.others_serve = true;
    }

    /// Takes note of the threads that sleep for a time, before a client sends a message.
    pub fn is_asked(&mut self, processes: &Processes) {
        if !self.others_serve {
            let threads = self.waits.of(&processes.tasks).unwrap_or_default();
            let napping = threads.into_iter().filter(|thread| thread.wait() == Wait::Nap);
            self.asked = napping.map(|nap| (nap.thread.clone(), times_asleep(&nap.thread))).collect();
        }
    }

    /// Takes note that the reply to that message has come.
    pub fn has_replied(&mut self) {
        let slept_on = self.asked.iter().all(|(thread, slept)| times_asleep(thread) == *slept);
        self.others_serve |= !self.asked.is_empty() && slept_on;
    }

    /// What the threads wait for. `None` where that may not be read, which is said once.
    fn waiting(&mut self, tasks: &[Task]) -> Option<Vec<Waiting>> {
        static SAID: Once = Once::new();
        let waiting = self.waits.of(tasks).inspect_err(|error| {
            SAID.call_once(|| {
                eprintln!("/proc/PID/syscall: {error}: a server that sleeps for a time is taken for idle");
            });
        });
        waiting.ok()
    }

    /// Whether a thread sleeps for a time that may yet see something of what the clients did.
    fn may_see_more(&mut self, threads: &[Waiting], server: SocketAddr, connections: &Connections) -> io::Result<bool> {
        if self.others_serve {
            return Ok(false);
        }
        let napping: Vec<&Waiting> = threads.iter().filter(|thread| thread.wait() == Wait::Nap).collect();
        if napping.is_empty() {
            return Ok(false);
        }
        let scene = scene(server, connections)?;
        if all_are_waited_for(threads, &serving(&scene)) {
            return Ok(false);
        }
        if scene != self.scene {
            (self.scene, self.since) = (scene, HashMap::new());
        }
        // Each is asked, for all of them have to be known.
        let more = napping.iter().filter(|nap| {
            let slept = times_asleep(&nap.thread);
            slept < *self.since.entry(nap.thread.clone()).or_insert(slept) + WAKES
        });
        Ok(more.count() > 0)
    }
}

/// How often a thread has gone to sleep: proc_pid_status(5).
fn times_asleep(thread: &Path) -> u64 {
    let status = fs::read(thread.join("status")).unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

/// Whether for each socket through which clients are served, by its inode, some thread waits in the kernel, which wakes it
/// when there is something to do.
fn all_are_waited_for(threads: &[Waiting], serving: &HashSet<u32>) -> bool {
    let waiting = threads.iter().filter(|thread| thread.wait() != Wait::Nap);
    let descriptors = waiting.flat_map(|thread| {
        let descriptors = thread.descriptors().unwrap_or_default();
        descriptors.into_iter().map(|fd| (thread.pid, fd)).collect::<Vec<_>>()
    });
    let links = descriptors.filter_map(|(pid, fd)| fs::read_link(format!("/proc/{pid}/fd/{fd}")).ok());
    let waited_for: HashSet<u32> = links.filter_map(|link| sockets::inode_in(&link.to_string_lossy())).collect();
    !serving.is_empty() && serving.is_subset(&waited_for)
}

/// The listener, and then both ends of each connection, as the kernel has them now.
pub fn scene(server: SocketAddr, connections: &Connections) -> io::Result<Vec<Option<End>>> {
    let mut kernel = SockDiag::open()?;
    let mut scene = vec![kernel.listener(server)?];
    for connections in [&connections.arriving, &connections.others] {
        scene.extend(kernel.find_both(connections)?.into_flattened());
    }
    Ok(scene)
}

/// The inodes of the sockets in a scene through which the server serves: the listener, and its end of each connection. One
/// that waits to be accepted has none.
pub fn serving(scene: &[Option<End>]) -> HashSet<u32> {
    scene.iter().step_by(2).flatten().map(|end| end.inode).filter(|inode| *inode != 0).collect()
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
        calm && look.unbroken || self.0 >= LOOKS
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
        while threads(&Processes::of(&[child.id()])) != Threads::Gone {}
        assert!(std::path::Path::new(&format!("/proc/{}", child.id())).exists(), "it is a zombie");
        child.wait().unwrap();
    }

    const CALM: Look = Look { threads: [Threads::Asleep; 2], arrived: true, napping: false, unbroken: false };

    #[test]
    fn one_look_is_enough_if_no_thread_has_run_meanwhile() {
        let calm = Look { unbroken: true, ..CALM };
        assert!(Looks::default().idle(&calm, Duration::ZERO, NAP));
        for restless in [Look { arrived: false, ..calm }, Look { napping: true, ..calm }] {
            assert!(!Looks::default().idle(&restless, Duration::ZERO, NAP), "{restless:?}");
        }
    }

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
