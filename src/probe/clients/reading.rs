//! What the clients read, and what they do when it does not come.

use std::mem;
use std::thread;
use std::time::{Duration, Instant};

use super::Clients;
use crate::net::in_flight::LIMIT;
use crate::net::sock_diag::SockDiag;
use crate::probe::verdict::Verdict;

enum Received {
    Some(String),
    Nothing,
    End,
}

impl Clients<'_> {
    /// It reads the reply, some bytes.
    pub fn reply(&mut self, who: &str) -> Result<(), Verdict> {
        let received = self.receive(who)?;
        self.expect_reply(who, received)
    }

    fn expect_reply(&mut self, who: &str, received: Received) -> Result<(), Verdict> {
        match received {
            Received::Some(text) => self.received(who, text),
            Received::Nothing => Err(Verdict::NoReply(who.into())),
            Received::End => Err(Verdict::Ended(who.into(), "the connection was closed".into())),
        }
    }

    /// It reads the reply, for which an idle server is waited for as long as `patience`.
    pub fn reply_within(&mut self, who: &str, patience: Duration) -> Result<(), Verdict> {
        let usual = mem::replace(&mut self.patience, patience);
        let received = self.receive(who);
        self.patience = usual;
        let received = received?;
        // The server was idle, and has woken by itself: what it prints now comes before what the client has read.
        self.until_idle()?;
        self.expect_reply(who, received)
    }

    /// It reads what comes, until the end of the connection, which must not come before a reply.
    pub fn reply_and_end(&mut self, who: &str) -> Result<(), Verdict> {
        self.reply(who)?;
        loop {
            match self.receive(who)? {
                Received::Some(text) => self.received(who, text)?,
                Received::Nothing => return Err(Verdict::NoEnd(who.into())),
                Received::End => return self.did(who, "recv", String::new(), "reads the end of the connection".into()),
            }
        }
    }

    /// It reads what comes, a little at a time, and compares it with `whole` byte for byte.
    pub fn reply_in_pieces(&mut self, who: &str, mut whole: impl Iterator<Item = u8>) -> Result<(), Verdict> {
        let mut read = 0;
        let (client, server) = (self.client(who)?.address, self.server.address());
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        loop {
            let mut buffer = [0; 4096];
            let received = self.socket(who)?.recv(&mut buffer);
            match received {
                Ok(0) => break,
                Ok(n) if !buffer[..n].iter().all(|byte| whole.next() == Some(*byte)) => {
                    return Err(Verdict::WrongClient(who.into()));
                }
                Ok(n) => read += n,
                Err(e) if !e.would_block() => {
                    return Err(self.or_death(Verdict::Ended(who.into(), e.to_string())));
                }
                Err(_) => {
                    self.alive()?;
                    // Nothing here, nothing in flight, and a server that is idle: nothing more will come.
                    let theirs = kernel.find(server, client).map_err(Verdict::no_sock_diag)?;
                    let nothing = theirs.is_none_or(|end| end.send_queue == 0);
                    if nothing && self.is_asleep() && self.nothing_to_read(who)? {
                        break;
                    }
                    thread::sleep(Duration::from_micros(100));
                }
            }
        }
        let all = whole.next().is_none();
        let words = if all { format!("{read} bytes, the whole reply") } else { "the beginning, and no more".into() };
        self.did(who, "recv", words.clone(), format!("Received from server: {words}"))?;
        if all { Ok(()) } else { Err(Verdict::CutShort(who.into())) }
    }

    fn nothing_to_read(&mut self, who: &str) -> Result<bool, Verdict> {
        let (client, server) = (self.client(who)?.address, self.server.address());
        let end = SockDiag::open().and_then(|mut kernel| kernel.find(client, server));
        Ok(end.map_err(Verdict::no_sock_diag)?.is_none_or(|end| end.receive_queue == 0))
    }

    /// It has sent nothing, and must have received nothing, not even the end of the connection.
    pub fn got_nothing(&mut self, who: &str) -> Result<(), Verdict> {
        match self.receive_now(who)? {
            Received::Some(text) => {
                self.received(who, text)?;
                Err(Verdict::WrongClient(who.into()))
            }
            Received::Nothing => Ok(()),
            Received::End => Err(Verdict::ClosedOn(who.into())),
        }
    }

    /// It reads all that is there, and says whether the connection has ended after it, in order or not.
    pub fn read_all(&mut self, who: &str) -> Result<(String, bool), Verdict> {
        let mut all = String::new();
        loop {
            match self.receive_now(who) {
                Ok(Received::Some(text)) => all += &text,
                Ok(Received::Nothing) => return Ok((all, false)),
                Ok(Received::End) | Err(Verdict::Ended(..)) => return Ok((all, true)),
                Err(verdict) => return Err(verdict),
            }
        }
    }

    /// Whether its connection has ended, at a time when it has nothing to read.
    pub fn is_at_its_end(&mut self, who: &str) -> Result<bool, Verdict> {
        Ok(matches!(self.receive_now(who), Ok(Received::End) | Err(Verdict::Ended(..))))
    }

    fn received(&mut self, who: &str, text: String) -> Result<(), Verdict> {
        let words = format!("Received from server: {text}");
        self.did(who, "recv", text, words)
    }

    /// Waits for bytes, for the end, or until it is clear that nothing comes.
    fn receive(&mut self, who: &str) -> Result<Received, Verdict> {
        let begun = Instant::now();
        loop {
            let received = self.receive_now(who)?;
            if !matches!(received, Received::Nothing) {
                return Ok(received);
            }
            self.alive()?;
            if begun.elapsed() >= self.patience && self.is_idle(begun)? {
                self.alive()?;
                // It may have come between the two questions.
                return self.receive_now(who);
            }
            if begun.elapsed() > LIMIT {
                return Ok(Received::Nothing);
            }
            thread::sleep(Duration::from_micros(200));
        }
    }

    fn receive_now(&mut self, who: &str) -> Result<Received, Verdict> {
        let mut buffer = [0; 4096];
        match self.socket(who)?.recv(&mut buffer) {
            Err(e) if e.would_block() => Ok(Received::Nothing),
            Err(e) => Err(self.or_death(Verdict::Ended(who.into(), e.to_string()))),
            Ok(0) => {
                // The end of the connection may be the end of the server.
                self.until_idle()?;
                Ok(Received::End)
            }
            Ok(n) => Ok(Received::Some(String::from_utf8_lossy(&buffer[..n]).into_owned())),
        }
    }
}
