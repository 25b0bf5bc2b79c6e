//! What a script does to the server itself, as whoever operates it would.

use std::slice;
use std::thread;
use std::time::{Duration, Instant};

use super::client::Reads;
use super::waiting::Patience;
use super::{Clients, Event};
use crate::net::in_flight::{LIMIT, all_arrived};
use crate::net::sock_diag::SockDiag;
use crate::probe::act::Act;
use crate::probe::verdict::{Step, Verdict};

impl Clients<'_> {
    /// Reads nothing of what the server prints, from here on, and leaves as little room for it as there can be.
    pub fn leave_its_output_unread(&mut self) -> Step {
        self.read_output();
        self.observed.server.leave_unread(true);
        self.note("from here on nobody reads what the server prints")
    }

    /// Reads it again, from where that was.
    pub fn read_its_output(&mut self) -> Step {
        self.observed.server.leave_unread(false);
        self.note("what it has printed is read again")
    }

    /// Tells the server to stop: SIGTERM. A server that is stopped (SIGSTOP) hears it when it goes on.
    pub fn tell_to_stop(&mut self) -> Step {
        self.observed.server.tell_to_stop().map_err(Verdict::no_kill)?;
        (self.watch)(Event::Noted("(SIGTERM tells the server to stop)".into()));
        Ok(())
    }

    /// Waits until a server that was told to stop has ended, as what was done `last` may have found already.
    pub fn until_it_has_stopped(&mut self, last: Step) -> Step {
        let begun = Instant::now();
        let mut last = last;
        loop {
            match last {
                Err(Verdict::Died { status, .. }) if status.success() => return Ok(()),
                other => other?,
            }
            if begun.elapsed() > LIMIT {
                return Err(Verdict::GoesOn);
            }
            thread::sleep(Duration::from_millis(1));
            last = self.alive();
        }
    }

    /// It reads `whole`, and then the end of the connection. The server need not live to see that: what it has handed to
    /// its kernel arrives.
    pub fn reads_to_the_end(&mut self, who: &str, whole: &[u8]) -> Step {
        let begun = Instant::now();
        let (mut text, mut read) = (String::new(), 0);
        loop {
            let mut buffer = [0; 4096];
            match self.socket(who)?.recv(&mut buffer) {
                Ok(0) if read == whole.len() => break,
                Ok(n @ 1..) if whole[read..].starts_with(&buffer[..n]) => {
                    text = String::from_utf8_lossy(&buffer[..n]).into();
                    read += n;
                }
                Err(error) if error.would_block() && begun.elapsed() < LIMIT => {
                    thread::sleep(Duration::from_micros(100));
                }
                _ => return Err(Verdict::CutShort(who.into())),
            }
        }
        let mut did = |act| (self.watch)(Event::Did { who: who.into(), act });
        if read > 0 {
            let text = if read == text.len() { text } else { format!("{read} bytes, the whole reply") };
            did(Act::Receive(text));
        }
        did(Act::ReadEnd);
        Ok(())
    }

    /// What it has sent has arrived. What it is owed for that, it will not have room for.
    pub fn has_sent_for_much(&mut self, who: &str) -> Step {
        let connection = (self.client(who)?.address, self.observed.address());
        if !all_arrived(slice::from_ref(&connection), LIMIT).map_err(Verdict::no_sock_diag)? {
            return Err(Verdict::Failed(format!("what {who} has sent had not arrived after {} s", LIMIT.as_secs())));
        }
        self.client(who)?.reads = Reads::Never;
        Ok(())
    }

    /// Waits until the server has received all that this client sent, or has closed; an idle one is given its time.
    pub fn has_left_nothing_unread(&mut self, who: &str) -> Step {
        let (client, server) = (self.client(who)?.address, self.observed.address());
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        let mut patience = Patience::new();
        loop {
            // Looked at before the queue: what an idle server has left there it leaves there.
            let in_vain = self.in_vain(&mut patience)?;
            let end = kernel.find(server, client).map_err(Verdict::no_sock_diag)?;
            if end.is_none_or(|end| end.receive_queue == 0) {
                return Ok(());
            }
            self.alive()?;
            if in_vain || patience.elapsed() > LIMIT {
                return Err(Verdict::LeftUnread(who.into()));
            }
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// It has been told the end of its connection.
    pub fn sees_the_end(&mut self, who: &str) -> Step {
        if self.read_all(who)?.1 { Ok(()) } else { Err(Verdict::NoEnd { who: who.into(), replied: false }) }
    }
}
