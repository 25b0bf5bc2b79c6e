//! A client that sends much, and reads the replies meanwhile.

use std::thread;
use std::time::Duration;

use super::Clients;
use super::client::Reads;
use super::waiting::{NOTHING_MOVES, Patience};
use crate::net::sock_diag::SockDiag;
use crate::probe::verdict::Verdict;

/// After so many bytes at once, more are likely to be there at once.
const MUCH: usize = 32 << 10;

impl Clients<'_> {
    /// It sends the message again and again, at least `bytes` in all, and reads what comes meanwhile, until the server has
    /// received everything, or is seen to take no more: it sleeps, and nothing moves. Says how many bytes the server has
    /// not received. A server that has replied may close the connection; then it has left none.
    pub fn converse(&mut self, who: &str, bytes: usize) -> Result<usize, Verdict> {
        let message = self.terms().protocol.message.clone();
        let mut unsent = bytes.div_ceil(message.len().max(1)) * message.len();
        let before = self.moved()[1];
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        let mut work = self.work();
        let (mut since, mut last) = (Patience::new(), None);
        // Whatever is on its way stays there until it is read here.
        self.client(who)?.reads = Reads::Never;
        loop {
            self.alive()?;
            self.socket(who)?;
            let client_now = self.client(who)?;
            let taken = if unsent > 0 { client_now.send_on_and_on(&message, unsent) } else { Ok(0) };
            let read = client_now.receive();
            let gone =
                taken.as_ref().err().or(read.as_ref().err().filter(|e| !e.would_block())).map(ToString::to_string);
            if gone.is_some() || matches!(&read, Ok(bytes) if bytes.is_empty()) {
                // The end of the connection may be the end of the server.
                self.until_idle()?;
                let why = gone.unwrap_or("the connection was closed".into());
                return if self.moved()[1] > before { Ok(0) } else { Err(Verdict::Ended(who.into(), why)) };
            }
            unsent = unsent.saturating_sub(taken.unwrap_or(0));
            let much = read.is_ok_and(|bytes| bytes.len() >= MUCH);

            let ends = self.ends(&mut kernel, who)?;
            let unread = ends.1.map_or(0, |end| end.receive_queue);
            // What has arrived and is not acknowledged yet is in both queues.
            let in_flight = ends.0.map_or(0, |end| end.send_queue).max(unread);
            let left = unsent + in_flight as usize;
            if left == 0 {
                self.client(who)?.reads = Reads::All;
                return Ok(0);
            }
            // A reply that has left the server and is not here yet: the kernel pauses (a window that was closed is asked
            // about after 200 ms), and the server may wait for that.
            let coming = ends.1.map_or(0, |end| end.send_queue) > ends.0.map_or(0, |end| end.receive_queue);
            let limit = NOTHING_MOVES.max(self.patience);
            if last != Some((ends, self.moved())) || !self.is_asleep() {
                (last, since) = (Some((ends, self.moved())), Patience::new());
                self.gets_on(&mut work)?;
            } else if self.nothing_moves(&mut since, if coming { 0 } else { unread }, limit)?
                && self.ends(&mut kernel, who)? == ends
            {
                return Ok(left);
            }
            if !much {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}
