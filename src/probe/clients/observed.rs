//! What is seen of a server beside what it does for its clients: its processes and threads, and what it prints.

use std::collections::VecDeque;
use std::ops::Deref;
use std::time::Duration;

use crate::probe::idle::{NAP, Naps};
use crate::probe::printed::{self, Weight};
use crate::probe::server::Server;
use crate::probe::server::output::Line;
use crate::probe::server::{processes, sockets};
use crate::probe::verdict::{Step, Verdict};

/// How long a thread that sleeps for a time is waited for as long as there is no client.
const FIRST_NAP: Duration = Duration::from_millis(250);

/// How many lines that said nothing are remembered.
const NOTHING: usize = 16;

/// How many bytes of output are a flood.
const FLOOD: u64 = 1_000_000;

/// Something that a server had to do with itself while its clients got what they wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It printed something.
    Printed {
        /// The line that says most: it names an error, or a panic begins with it.
        line: String,
        /// How often.
        times: usize,
        /// All that was printed is explained by what the clients did: a server may well log that.
        explained: bool,
    },
    /// A thread of this name, which was there before any client, has ended.
    ThreadEnded(String),
}

/// A server, and what is seen of it.
pub struct Observed<'a> {
    pub(super) server: &'a mut Server,
    /// Its threads that sleep for a time.
    pub(in crate::probe) naps: Naps,
    /// How long such a thread is waited for.
    pub(super) nap: Duration,
    /// The line that may be its last words.
    pub(super) last_words: Option<String>,
    /// The lines that name an error, and how often each was printed: lines that differ in numbers alone are one.
    troubles: Vec<(String, usize)>,
    /// The last lines that said nothing: what is printed without end is a few lines again and again.
    nothing: VecDeque<String>,
    /// Its workers before any client came.
    workers: Vec<(u32, String)>,
    /// Its threads before any client came, and their names.
    threads: Vec<(u32, processes::Thread)>,
    /// The processor time that it had used by then.
    used: Duration,
}

impl Deref for Observed<'_> {
    type Target = Server;

    fn deref(&self) -> &Server {
        self.server
    }
}

impl<'a> Observed<'a> {
    pub(super) fn new(server: &'a mut Server) -> Observed<'a> {
        Observed {
            server,
            naps: Naps::default(),
            nap: FIRST_NAP,
            last_words: None,
            troubles: Vec::new(),
            nothing: VecDeque::new(),
            workers: Vec::new(),
            threads: Vec::new(),
            used: Duration::ZERO,
        }
    }

    /// Takes note, before any client has come, of the server's workers and threads, of whom none is to end. What it has
    /// printed so far is no client's doing.
    pub fn get_to_know(&mut self) {
        self.workers = self.server.workers();
        self.threads =
            self.pids().into_iter().flat_map(|pid| processes::threads_of(pid).map(move |t| (pid, t))).collect();
        self.troubles.clear();
        self.used = processes::time_on_cpu(&self.pids());
        self.nap = NAP;
    }

    /// The processor time that the server has used since it was got to know.
    pub fn used(&self) -> Duration {
        processes::time_on_cpu(&self.pids()).saturating_sub(self.used)
    }

    /// A worker that has ended: its name, and whether the server has started another since.
    pub fn ended_worker(&self) -> Option<(String, bool)> {
        let (_, name) = self.workers.iter().find(|(pid, _)| !processes::runs(*pid))?;
        let now = self.server.workers();
        let new = now.iter().any(|worker| worker.1 == *name && !self.workers.contains(worker));
        Some((name.clone(), new))
    }

    /// What the server had to do with itself since it was got to know.
    pub fn troubles(&self) -> Vec<Trouble> {
        let says_most = self.troubles.iter().rev().max_by_key(|(line, _)| printed::says(line));
        let explained = self.troubles.iter().all(|(line, _)| printed::weight(line) <= Weight::Explained);
        let printed = says_most.map(|(line, times)| Trouble::Printed { line: line.clone(), times: *times, explained });
        let ended = self.threads.iter().find(|(pid, thread)| processes::runs(*pid) && !thread.is_there());
        printed.into_iter().chain(ended.map(|(_, thread)| Trouble::ThreadEnded(thread.name.clone()))).collect()
    }

    /// Takes a line into account that the server has printed.
    pub(super) fn hear(&mut self, line: &Line) {
        let nothing = self.nothing.contains(&line.text);
        // The last line that names an error, or else the last. What comes after it may be anything (a version).
        let last = || {
            !nothing && printed::names_an_error(&line.text)
                || !self.last_words.as_deref().is_some_and(printed::names_an_error)
        };
        if line.error && !line.text.trim().is_empty() && last() {
            self.last_words = Some(line.text.clone());
        }
        if nothing {
            return;
        }
        if let Some((_, times)) = self.troubles.iter_mut().find(|(known, _)| *known == line.text) {
            *times += 1;
        } else {
            self.judge(&line.text);
        }
    }

    /// Takes a line into account that was not printed before, or not lately.
    fn judge(&mut self, line: &str) {
        if printed::weight(line) == Weight::Nothing {
            self.nothing.truncate(NOTHING - 1);
            self.nothing.push_front(line.into());
            return;
        }
        let shape = printed::shape(line);
        match self.troubles.iter().position(|(known, _)| printed::shape(known) == shape) {
            Some(at) => self.troubles[at].1 += 1,
            // What differs in words every time is known by its first lines.
            None if self.troubles.len() < 100 => self.troubles.push((line.into(), 1)),
            None => {}
        }
    }

    /// How many bytes the server has printed, if that is a flood: far more than the `sent` bytes, which it may well print.
    pub fn flood(&self, sent: u64) -> Option<u64> {
        Some(self.printed()).filter(|printed| *printed > FLOOD + 2 * sent)
    }

    /// How many descriptors are enough for the server as it is, and for `room` more clients.
    pub fn descriptors_needed(&self, room: u64) -> Option<u64> {
        let highest = self.pids().into_iter().map(processes::highest_descriptor);
        highest.collect::<Result<Vec<u64>, _>>().ok()?.into_iter().max().map(|highest| highest + 1 + room)
    }

    /// Lets the server have as few descriptors as `at_least`, or as it needs for `room` more clients.
    pub fn limit_descriptors(&mut self, at_least: u64, room: u64) -> Step {
        for pid in self.pids() {
            let limited = processes::limit_descriptors(pid, at_least, room);
            limited.map_err(|e| Verdict::Failed(format!("prlimit: {e}")))?;
        }
        Ok(())
    }

    /// How many descriptors the server has open; where that may not be read, how many connections it holds that its clients
    /// have ended. True if it could be read.
    pub fn held(&self) -> (usize, bool) {
        let counted: Result<Vec<usize>, _> = self.pids().into_iter().map(processes::descriptors).collect();
        match counted {
            Ok(numbers) => (numbers.into_iter().sum(), true),
            Err(_) => (sockets::half_closed(self.address().port()), false),
        }
    }

    /// The memory that the server holds, in bytes.
    pub fn memory(&self) -> u64 {
        processes::memory(&self.pids())
    }
}
