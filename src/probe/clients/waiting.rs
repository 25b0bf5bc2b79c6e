//! What the clients wait for, and what they do with a server that does not do it.

use std::thread;
use std::time::{Duration, Instant};

use super::{Clients, Event};
use crate::net::errno;
use crate::net::in_flight::LIMIT;
use crate::net::sock_diag::SockDiag;
use crate::net::{Error, Socket};
use crate::probe::idle::{self, Looks, Threads};
use crate::probe::server::processes;
use crate::probe::verdict::{self, Verdict};

/// A server that has used so much processor time since its last client did anything, and still is not idle, spins.
/// Processor time, because a busy machine grants little of it in a second.
const SPINS: Duration = Duration::from_secs(3);
/// So does one that has printed so many bytes more than it was sent: most of its time it may wait for its pipe.
const FLOODS: u64 = 20_000_000;

impl Clients<'_> {
    /// Returns when the server is idle, or at once while it is stopped. Fails if it has ended, or does not become idle.
    pub fn until_idle(&mut self) -> Result<(), Verdict> {
        if self.stopped {
            return Ok(());
        }
        let begun = Instant::now();
        let used = processes::cpu_time(&self.server.processes());
        let printed = self.server.printed();
        let mut pause = Duration::from_micros(50);
        let mut looks = Looks::default();
        let mut stopped = 0;
        loop {
            if self.hears()? {
                looks = Looks::default(); // it was at work between the looks
            }
            let pids = self.server.processes();
            let look = idle::look(&pids, &self.connections(), &self.habit).map_err(Verdict::no_sock_diag)?;
            if looks.idle(&look, begun.elapsed(), self.nap) {
                // It may have ended between the look at its threads and the one at its connections.
                return self.alive();
            }
            let floods = self.server.printed() - printed > FLOODS + 2 * self.sent;
            if looks.any() && !floods {
                continue; // the second look comes at once
            }
            // Not by us: a stop of ours was lifted before this was called.
            stopped = if look.threads == [Threads::Stopped; 2] { stopped + 1 } else { 0 };
            if stopped > 10 {
                return Err(Verdict::Stopped);
            }
            let used = processes::cpu_time(&pids).saturating_sub(used);
            if used > SPINS || floods || begun.elapsed() > LIMIT {
                return Err(Verdict::Busy(used, begun.elapsed()));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
    }

    /// Whether the server is idle now: it has nothing more to do for any client.
    pub(super) fn is_idle(&self, begun: Instant) -> Result<bool, Verdict> {
        let (pids, connections) = (self.server.processes(), self.connections());
        let mut looks = Looks::default();
        for _ in 0..2 {
            let look = idle::look(&pids, &connections, &self.habit).map_err(Verdict::no_sock_diag)?;
            if looks.idle(&look, begun.elapsed(), self.nap) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether every thread of the server sleeps.
    pub(super) fn is_asleep(&self) -> bool {
        idle::threads(&self.server.processes()) == Threads::Asleep
    }

    /// Whether every thread of the server sleeps. Fails if it has ended.
    pub fn server_sleeps(&mut self) -> Result<bool, Verdict> {
        self.alive()?;
        Ok(self.is_asleep())
    }

    /// Waits until the server has received all that this client sent, or is seen to take no more: it sleeps, and nothing
    /// has moved for half a second, since what is in flight at all moves within some hundredths.
    pub fn until_taken(&mut self, who: &str) -> Result<(), Verdict> {
        const NOTHING_MOVES: Duration = Duration::from_millis(500);
        let (client, server) = (self.client(who)?.address, self.server.address());
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        let begun = Instant::now();
        let mut last = (None, None);
        let mut since = Instant::now();
        loop {
            self.alive()?;
            let ends = (
                kernel.find(client, server).map_err(Verdict::no_sock_diag)?,
                kernel.find(server, client).map_err(Verdict::no_sock_diag)?,
            );
            let waiting = ends.0.map_or(0, |end| end.send_queue) + ends.1.map_or(0, |end| end.receive_queue);
            if ends != last || !self.is_asleep() {
                (last, since) = (ends, Instant::now());
            }
            if waiting == 0 || since.elapsed() > NOTHING_MOVES || begun.elapsed() > LIMIT {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until the accept queue has room for one more, so that no SYN is lost and sent again a second later.
    pub(super) fn wait_for_room(&mut self, who: &str) -> Result<(), Verdict> {
        let begun = Instant::now();
        let mut used_before = None; // looked at only where there is something to wait for
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        loop {
            let listener = kernel.listener(self.server.address()).map_err(Verdict::no_sock_diag)?;
            if listener.is_none_or(|listener| listener.receive_queue < listener.send_queue.max(1)) {
                return Ok(());
            }
            self.alive()?;
            // It has had time enough to take one, and takes none.
            let used = processes::cpu_time(&self.server.processes());
            let used = used.saturating_sub(*used_before.get_or_insert(used));
            if used > SPINS {
                return Err(Verdict::Busy(used, begun.elapsed()));
            }
            let idle = self.is_asleep() && begun.elapsed() >= self.patience;
            if idle && kernel.listener(self.server.address()).ok() == Some(listener) || begun.elapsed() > LIMIT {
                return Err(Verdict::Refused(who.into(), "the accept queue is full".into()));
            }
            thread::sleep(Duration::from_micros(50));
        }
    }

    pub(super) fn wait_until_connected(&mut self, who: &str, socket: &Socket) -> Result<(), Verdict> {
        let begun = Instant::now();
        loop {
            if socket.peer_addr().is_ok() {
                return Ok(());
            }
            if let Some(error) = socket.take_error().map_err(Verdict::of_ours)? {
                return Err(self.or_death(Verdict::Refused(who.into(), format!("connect: {error}"))));
            }
            // With a server that is stopped there is nothing to wait for: the kernel answers at once, or not at all.
            if self.stopped && begun.elapsed() > Duration::from_millis(100) || begun.elapsed() > LIMIT {
                return Err(Verdict::Refused(who.into(), "the connect was not answered".into()));
            }
            thread::sleep(Duration::from_micros(50));
        }
    }

    /// The verdict on a server that has ended, or else nothing.
    pub(super) fn alive(&mut self) -> Result<(), Verdict> {
        self.hears().map(drop)
    }

    /// The same, and whether it has printed something since. Fails, too, when the probe takes too long.
    fn hears(&mut self) -> Result<bool, Verdict> {
        // The status first: what a process said is all there once it has ended.
        let ended = self.server.ended();
        let heard = self.read_output();
        if let Some(status) = ended {
            return Err(Verdict::Died { status, last_words: self.last_words.take() });
        }
        if let Some(why) = self.server.lost() {
            return Err(Verdict::Failed(why));
        }
        match self.terms().bound {
            Some(bound) if self.begun.elapsed() > bound => {
                Err(Verdict::Failed(format!("it was not over after {} s", bound.as_secs())))
            }
            _ => Ok(heard),
        }
    }

    /// What became of the server, if that is more than `verdict` says of one client.
    pub(super) fn or_death(&mut self, verdict: Verdict) -> Verdict {
        self.until_idle().err().unwrap_or(verdict)
    }

    /// A call of a client that failed means that its connection has ended, or that the server has.
    pub(super) fn or_ended<T>(&mut self, who: &str, result: Result<T, Error>) -> Result<(), Verdict> {
        match result {
            Ok(_) => Ok(()),
            Err(e) => Err(self.or_death(Verdict::Ended(who.into(), e.to_string()))),
        }
    }

    /// Passes on what the server has printed, and keeps the line that may be its last words. True if it has printed.
    pub(super) fn read_output(&mut self) -> bool {
        let lines = self.server.said();
        let any = !lines.is_empty();
        for line in lines {
            // The last line that names an error, or else the last. What comes after it may be anything (a version).
            let names = |text: &str| errno::name_in(text).is_some() || verdict::exception_in(text).is_some();
            let named = self.last_words.as_deref().is_some_and(names);
            if line.error && !line.text.trim().is_empty() && (names(&line.text) || !named) {
                self.last_words = Some(line.text.clone());
            }
            (self.watch)(Event::Said(line));
        }
        any
    }
}
