//! What the clients wait for, and what they do with a server that does not do it.

use std::thread;
use std::time::{Duration, Instant};

use super::client::Reads;
use super::{Clients, Event};
use crate::net::in_flight::{LIMIT, all_arrived};
use crate::net::sock_diag::{End, SockDiag};
use crate::net::{Error, Socket};
use crate::probe::idle::{self, Looks, Threads};
use crate::probe::server::{processes, wakes};
use crate::probe::verdict::{Step, Verdict};

/// A client's kernel that holds so much for it, while more is on its way, may have no room for the rest. Any window begins
/// with more. So may one that holds less, if nothing has moved for so long.
const FULL: u32 = 16 << 10;
const STUCK: Duration = Duration::from_millis(200);

/// What is in flight at all moves within some hundredths of a second.
pub const NOTHING_MOVES: Duration = Duration::from_millis(500);

/// A wait for something that an idle server does not do, and how long it has been one.
pub struct Patience {
    begun: Instant,
    /// When to ask next whether the server can wake by itself.
    next: Duration,
}

impl Patience {
    pub fn new() -> Patience {
        Patience { begun: Instant::now(), next: Duration::from_millis(20) }
    }

    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// The pauses between looks at kernel state that no event tells of: short at first, and then longer, for a server that takes
/// its time is not looked at more often for that. To look at a crowd is work: the server has most of the time.
pub struct Pauses {
    begun: Instant,
    next: Duration,
    most: Duration,
    looked: Instant,
}

impl Pauses {
    /// A pause is at most as long as `most`, or as a hundredth of the wait so far if that is longer; but always twice as long
    /// as the look before it.
    pub fn of_at_most(most: Duration) -> Pauses {
        let now = Instant::now();
        Pauses { begun: now, next: Duration::from_micros(50), most, looked: now }
    }

    /// Pauses, after a look that began when the last pause was over.
    pub fn pause(&mut self) {
        thread::sleep(self.next.max(2 * self.looked.elapsed()));
        self.next = (self.next * 2).min(self.most.max(self.begun.elapsed() / 100));
        self.looked = Instant::now();
    }
}

impl Clients<'_> {
    /// Returns when the server is idle, or at once while it is stopped. Fails if it has ended, or does not become idle.
    pub fn until_idle(&mut self) -> Step {
        if self.stopped {
            return Ok(());
        }
        let mut work = self.work();
        let begun = Instant::now();
        let mut pauses = Pauses::of_at_most(Duration::from_millis(5));
        let mut looks = Looks::default();
        let mut stopped = 0;
        loop {
            if self.hears()? | self.send_the_rest() {
                looks = Looks::default(); // it was at work between the looks
            }
            let look = self.look()?;
            // Also one that floods, and waits for its pipe whenever it is looked at.
            self.gets_on(&mut work)?;
            // It may have ended between the look at its threads and the one at its connections; and what it has printed, and
            // is read now, may have been what it waited for.
            if looks.idle(&look, begun.elapsed(), self.observed.nap) {
                if !self.hears()? {
                    return Ok(());
                }
                looks = Looks::default();
                continue;
            }
            if looks.any() {
                continue; // the second look comes at once
            }
            if look.napping && self.a_reply_has_come()? {
                self.observed.naps.has_replied();
            }
            // Not by us: a stop of ours was lifted before this was called.
            stopped = if look.threads == [Threads::Stopped; 2] { stopped + 1 } else { 0 };
            if stopped > 10 {
                return Err(Verdict::Stopped);
            }
            let full = if begun.elapsed() < STUCK { FULL } else { 1 };
            if look.threads[0] == Threads::Asleep && self.make_room(full)? {
                continue;
            }
            pauses.pause();
        }
    }

    /// Whether the reply to a message has come, or the beginning of one.
    fn a_reply_has_come(&self) -> Result<bool, Verdict> {
        let server = self.observed.address();
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        for client in self.all.iter().filter(|client| client.due > 0 && client.socket.is_some()) {
            let end = kernel.find(client.address, server).map_err(Verdict::no_sock_diag)?;
            if end.is_some_and(|end| end.receive_queue > 0) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn look(&mut self) -> Result<idle::Look, Verdict> {
        let (address, connections) = (self.observed.address(), self.connections());
        let server = &*self.observed.server;
        let processes = || server.processes();
        idle::look(&processes, address, &connections, &mut self.observed.naps).map_err(Verdict::no_sock_diag)
    }

    /// Returns when all that the clients did has arrived at the server, which is stopped. False if it has not within
    /// [`LIMIT`].
    pub(super) fn until_arrived(&mut self) -> Result<bool, Verdict> {
        let begun = Instant::now();
        loop {
            let some = Duration::from_millis(20);
            if all_arrived(&self.connections().arriving, some).map_err(Verdict::no_sock_diag)? {
                return Ok(true);
            }
            self.make_room(FULL)?;
            if begun.elapsed() > LIMIT {
                return Ok(false);
            }
        }
    }

    /// What was not taken at once of a message goes on. True if any of it was taken. An error is met by whoever waits for
    /// the reply.
    fn send_the_rest(&mut self) -> bool {
        let taken = self.all.iter_mut().map(|client| client.send_the_rest().is_ok_and(|taken| taken));
        taken.fold(false, |any, taken| any | taken)
    }

    /// The clients that read take what is there, if more is on its way, and their kernel holds as much as `full`. True if
    /// any was taken.
    fn make_room(&mut self, full: u32) -> Result<bool, Verdict> {
        let server = self.observed.address();
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        let mut any = false;
        for client in self.all.iter_mut().filter(|client| client.socket.is_some() && client.reads == Reads::All) {
            let ends = (kernel.find(client.address, server), kernel.find(server, client.address));
            let (Ok(Some(ours)), Ok(Some(theirs))) = ends else { continue };
            if ours.receive_queue >= full && theirs.send_queue > 0 {
                any |= client.make_room() > 0;
            }
        }
        Ok(any)
    }

    /// Whether the server is idle now: it has nothing more to do for any client.
    pub(super) fn is_idle(&mut self, waited: Duration) -> Result<bool, Verdict> {
        let mut looks = Looks::default();
        for _ in 0..2 {
            let look = self.look()?;
            if looks.idle(&look, waited, self.observed.nap) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether it is in vain to wait longer for something that an idle server has not done: the patience is over, or the
    /// server cannot wake by itself.
    pub(super) fn in_vain(&mut self, patience: &mut Patience) -> Result<bool, Verdict> {
        let waited = patience.elapsed();
        if waited >= self.patience { self.is_idle(waited) } else { self.is_idle_for_good(patience) }
    }

    /// Whether the server is idle, and cannot wake by itself.
    pub(super) fn is_idle_for_good(&mut self, patience: &mut Patience) -> Result<bool, Verdict> {
        let waited = patience.elapsed();
        // What is not so now most likely is not so a moment later, and to ask costs more than a look.
        if self.send_the_rest() || waited < patience.next {
            return Ok(false);
        }
        patience.next = 2 * waited;
        self.cannot_wake(waited)
    }

    /// Whether the server is idle, and cannot wake by itself. The three answers are about one and the same sleep: a thread
    /// that has run in between may have waited for something else when it was asked what it waits for.
    pub(super) fn cannot_wake(&mut self, waited: Duration) -> Result<bool, Verdict> {
        let before = self.schedstats();
        let so = self.is_idle(waited)? && !self.can_wake() && !self.hears()? && self.is_idle(waited)?;
        Ok(so && self.schedstats() == before)
    }

    /// How often each thread of the server has run, where the kernel counts it.
    fn schedstats(&self) -> Option<Vec<Vec<u8>>> {
        processes::schedstats(&self.observed.processes().tasks)
    }

    /// Whether the server can wake by itself, as far as the kernel tells.
    fn can_wake(&mut self) -> bool {
        let Ok(scene) = idle::scene(self.observed.address(), &self.connections()) else { return true };
        wakes::can_wake(&self.observed.processes(), &idle::serving(&scene), self.observed.naps.waits())
    }

    /// Whether every thread of the server sleeps.
    pub(super) fn is_asleep(&self) -> bool {
        idle::threads(&self.observed.processes()) == Threads::Asleep
    }

    /// Whether every thread of the server sleeps. Fails if it has ended.
    pub fn server_sleeps(&mut self) -> Result<bool, Verdict> {
        self.alive()?;
        Ok(self.is_asleep())
    }

    /// Waits until the server has received all that this client sent, or is seen to take no more: nothing has moved for half
    /// a second.
    pub fn until_taken(&mut self, who: &str) -> Step {
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        let mut work = self.work();
        let mut last = (None, None);
        let mut since = Patience::new();
        let mut pauses = Pauses::of_at_most(Duration::from_millis(5));
        loop {
            self.alive()?;
            let ends = self.ends(&mut kernel, who)?;
            let unread = ends.1.map_or(0, |end| end.receive_queue);
            if ends.0.map_or(0, |end| end.send_queue) + unread == 0 {
                return Ok(());
            }
            if ends != last || !self.is_asleep() {
                (last, since) = (ends, Patience::new());
                self.gets_on(&mut work)?;
            } else if self.nothing_moves(&mut since, unread, NOTHING_MOVES)? && self.ends(&mut kernel, who)? == ends {
                return Ok(());
            }
            pauses.pause();
        }
    }

    /// A client's end of its connection, and the server's, as the kernel has them now.
    pub(super) fn ends(&mut self, kernel: &mut SockDiag, who: &str) -> Result<(Option<End>, Option<End>), Verdict> {
        let (client, server) = (self.client(who)?.address, self.observed.address());
        let mut find = |from, to| kernel.find(from, to).map_err(Verdict::no_sock_diag);
        Ok((find(client, server)?, find(server, client)?))
    }

    /// Whether nothing moves any more between the server, of which every thread sleeps, and a client of which no queue has
    /// changed `since`: so it was for as long as `limit`, or what is `unread` waits for a server that cannot wake by itself.
    /// Where nothing is unread, the kernel has it, which may pause. It is a fact only if the queues are as they were: the
    /// server may have been awake between the question about them and this one.
    pub(super) fn nothing_moves(
        &mut self,
        since: &mut Patience,
        unread: u32,
        limit: Duration,
    ) -> Result<bool, Verdict> {
        Ok(since.elapsed() > limit || unread > 0 && self.is_idle_for_good(since)?)
    }

    /// Waits until the accept queue has room for one more, so that no SYN is lost and sent again a second later.
    pub(super) fn wait_for_room(&mut self, who: &str) -> Step {
        let mut patience = Patience::new();
        let mut pauses = Pauses::of_at_most(Duration::from_millis(2));
        let mut work = self.work();
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        loop {
            let listener = kernel.listener(self.observed.address()).map_err(Verdict::no_sock_diag)?;
            if listener.is_none_or(|listener| listener.receive_queue < listener.send_queue.max(1)) {
                return Ok(());
            }
            self.alive()?;
            // It has had time enough to take one, and takes none.
            self.gets_on(&mut work)?;
            let in_vain = self.in_vain(&mut patience)?;
            if in_vain && kernel.listener(self.observed.address()).ok() == Some(listener) {
                return Err(Verdict::Refused(who.into(), "the accept queue is full".into()));
            }
            pauses.pause();
        }
    }

    pub(super) fn wait_until_connected(&mut self, who: &str, socket: &Socket) -> Step {
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
    pub(super) fn alive(&mut self) -> Step {
        self.hears().map(drop)
    }

    /// Whether the server has printed something since. Fails when it has ended, and when the probe takes too long.
    fn hears(&mut self) -> Result<bool, Verdict> {
        // The status first: what a process said is all there once it has ended.
        let ended = self.observed.server.ended();
        let heard = self.read_output();
        if let Some(status) = ended {
            return Err(Verdict::Died { status, last_words: self.observed.last_words.take() });
        }
        if let Some(why) = self.observed.server.lost() {
            return Err(Verdict::Failed(why));
        }
        match self.terms.bound {
            Some(bound) if self.begun.elapsed() > bound => Err(Verdict::NotOver(bound)),
            _ => Ok(heard),
        }
    }

    /// What became of the server, if that is more than `verdict` says of one client.
    pub(super) fn or_death(&mut self, verdict: Verdict) -> Verdict {
        self.until_idle().err().unwrap_or(verdict)
    }

    /// A call of a client that failed means that its connection has ended, or that the server has.
    pub(super) fn or_ended<T>(&mut self, who: &str, result: Result<T, Error>) -> Step {
        match result {
            Ok(_) => Ok(()),
            Err(e) => Err(self.or_death(Verdict::Ended(who.into(), e.to_string()))),
        }
    }

    /// Passes on what the server has printed. True if it has printed.
    pub(super) fn read_output(&mut self) -> bool {
        let lines = self.observed.server.said();
        let any = !lines.is_empty();
        for line in lines {
            self.observed.hear(&line);
            (self.watch)(Event::Said(line));
        }
        any
    }
}
