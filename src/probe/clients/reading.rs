//! What the clients read, and what they do when it does not come.

use std::mem;
use std::thread;
use std::time::Duration;

use super::Clients;
use super::waiting::{Patience, Pauses};
use crate::net::in_flight::LIMIT;
use crate::net::sock_diag::SockDiag;
use crate::net::text::printable;
use crate::probe::act::Act;
use crate::probe::protocol::{Answer, compare, is_tls_alert};
use crate::probe::verdict::{Step, Verdict};

/// So much is read of a reply that is not the one that is waited for.
const ENOUGH: usize = 1 << 20;

/// So much is told of what a client has read.
const TOLD: usize = 4096;

enum Received {
    Some(Vec<u8>),
    Nothing,
    End,
}

/// What a client waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What<'a> {
    Greeting,
    Reply,
    Text(&'a [u8]),
}

impl Clients<'_> {
    /// It reads the reply: some bytes, or those that the protocol asks for; and what has come with it.
    pub fn reply(&mut self, who: &str) -> Step {
        self.reply_so_far(who)?;
        self.drain(who)
    }

    /// It reads the reply, and leaves what may come after it.
    pub fn reply_so_far(&mut self, who: &str) -> Step {
        let reply = self.hear(who, What::Reply)?;
        self.received(who, &reply)
    }

    /// It reads until this text has come, and leaves what comes after it.
    pub fn text(&mut self, who: &str, text: &[u8]) -> Step {
        let mut got = self.hear(who, What::Text(text))?;
        let at = got.windows(text.len()).position(|window| window == text).unwrap_or(0);
        let rest = got.split_off(at + text.len());
        self.client(who)?.put_back(rest);
        self.received(who, &got)
    }

    /// It reads what has come, be it nothing.
    pub fn reads(&mut self, who: &str) -> Step {
        let (text, ended) = self.read_all(who)?;
        if !text.is_empty() {
            self.received(who, text.as_bytes())?;
        }
        if ended { self.did(who, Act::ReadEnd) } else { Ok(()) }
    }

    /// It reads the reply, for which an idle server is waited for as long as `patience`.
    pub fn reply_within(&mut self, who: &str, patience: Duration) -> Step {
        let usual = mem::replace(&mut self.patience, patience);
        let reply = self.hear(who, What::Reply);
        self.patience = usual;
        // The server was idle, and has woken by itself: what it prints now comes before what the client has read.
        self.until_idle()?;
        self.received(who, &reply?)?;
        self.drain(who)
    }

    /// Waits until something is there to be read, and leaves it there.
    pub(super) fn until_reply(&mut self, who: &str) -> Step {
        let (mut patience, mut pauses) = (Patience::new(), Pauses::of_at_most(Duration::from_millis(2)));
        loop {
            let in_vain = self.in_vain(&mut patience)?;
            if !self.nothing_to_read(who)? {
                return Ok(());
            }
            self.alive()?;
            if in_vain || patience.elapsed() > LIMIT {
                return Err(Verdict::NoReply(who.into()));
            }
            pauses.pause();
        }
    }

    /// It reads the greeting.
    pub(super) fn greeting(&mut self, who: &str) -> Step {
        let greeting = self.hear(who, What::Greeting)?;
        self.client(who)?.ungreeted = false;
        self.received(who, &greeting)?;
        self.drain(who)
    }

    /// It reads the greeting, if it has come, and does not care.
    pub(super) fn skip_greeting(&mut self, who: &str) {
        if self.client(who).is_ok_and(|client| client.ungreeted) {
            while self.client(who).is_ok_and(|client| client.receive().is_ok_and(|bytes| !bytes.is_empty())) {}
        }
    }

    /// Waits for the bytes that the protocol asks for.
    fn hear(&mut self, who: &str, what: What<'_>) -> Result<Vec<u8>, Verdict> {
        let provokes = self.client(who)?.provokes;
        let protocol = &self.terms().protocol;
        let wanted = match what {
            What::Greeting => protocol.greeting.clone(),
            What::Reply if provokes => Vec::new(),
            What::Reply => protocol.reply.clone(),
            What::Text(text) => text.to_vec(),
        };
        let mut got = Vec::new();
        let mut answer = Answer::Begun;
        loop {
            match self.receive(who) {
                Ok(Received::Some(bytes)) => {
                    // What is wanted may have begun with the last bytes before these.
                    let from = got.len().saturating_sub(wanted.len());
                    got.extend(bytes);
                    if is_tls_alert(&got) {
                        return Err(Verdict::Unspoken("it speaks TLS, and these clients do not".into()));
                    }
                    answer = compare(&got[from..], &wanted);
                    if answer == Answer::Whole {
                        return Ok(got);
                    }
                    if got.len() < ENOUGH {
                        continue;
                    }
                }
                Ok(Received::Nothing) if got.is_empty() && what == What::Greeting => {
                    return Err(Verdict::NoGreeting(who.into()));
                }
                Ok(Received::Nothing) if got.is_empty() => return Err(Verdict::NoReply(who.into())),
                Ok(Received::End) if got.is_empty() => {
                    return Err(Verdict::Ended(who.into(), "the connection was closed".into()));
                }
                Err(Verdict::Ended(..)) if !got.is_empty() => {}
                Err(verdict) => return Err(verdict),
                Ok(_) => {}
            }
            let begun = answer == Answer::Begun;
            return Err(Verdict::Wrong { who: who.into(), got, begun });
        }
    }

    /// Reads what has come with a reply, so that nothing that is unread makes a reset of a close; and sees whether the
    /// server has closed after it. What comes again and again although the server was idle is no part of the reply.
    fn drain(&mut self, who: &str) -> Step {
        const AGAIN: usize = 50;
        for _ in 0..AGAIN {
            self.client(who)?.skip();
            match self.receive_now(who) {
                Ok(Received::Some(_)) => self.until_idle()?,
                Ok(Received::Nothing) => return Ok(()),
                Ok(Received::End) | Err(Verdict::Ended(..)) => {
                    self.client(who)?.closed_on = true;
                    return Ok(());
                }
                Err(verdict) => return Err(verdict),
            }
        }
        self.client(who)?.streamed_to = true;
        Ok(())
    }

    /// It reads what comes, until the end of the connection.
    pub fn end(&mut self, who: &str) -> Step {
        loop {
            match self.receive(who)? {
                Received::Some(bytes) => self.received(who, &bytes)?,
                Received::Nothing => {
                    let replied = self.client(who)?.moved[1] > 0;
                    return Err(Verdict::NoEnd { who: who.into(), replied });
                }
                Received::End => return self.did(who, Act::ReadEnd),
            }
        }
    }

    /// It reads what comes, a little at a time, and compares it with `whole` byte for byte.
    pub fn reply_in_pieces(&mut self, who: &str, whole: &[u8]) -> Step {
        let mut read = 0;
        let (client, server) = (self.client(who)?.address, self.observed.address());
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        loop {
            let mut buffer = [0; 4096];
            let received = self.socket(who)?.recv(&mut buffer);
            match received {
                Ok(0) => break,
                Ok(n) if !whole[read..].starts_with(&buffer[..n]) => return Err(Verdict::WrongClient(who.into())),
                Ok(n) => read += n,
                Err(e) if !e.would_block() => {
                    return Err(self.or_death(Verdict::Ended(who.into(), e.to_string())));
                }
                Err(_) => {
                    self.alive()?;
                    // Nothing here, nothing in flight, and a server that is idle: nothing more will come.
                    let theirs = kernel.find(server, client).map_err(Verdict::no_sock_diag)?;
                    let nothing = theirs.is_none_or(|end| end.send_queue == 0);
                    if nothing && self.is_idle(Duration::ZERO)? && self.nothing_to_read(who)? {
                        break;
                    }
                    thread::sleep(Duration::from_micros(100));
                }
            }
        }
        let all = read == whole.len();
        let words = if all { format!("{read} bytes, the whole reply") } else { "the beginning, and no more".into() };
        self.did(who, Act::Receive(words))?;
        if all { Ok(()) } else { Err(Verdict::CutShort(who.into())) }
    }

    fn nothing_to_read(&mut self, who: &str) -> Result<bool, Verdict> {
        let (client, server) = (self.client(who)?.address, self.observed.address());
        let end = SockDiag::open().and_then(|mut kernel| kernel.find(client, server));
        if self.client(who)?.has_heard() {
            return Ok(false);
        }
        Ok(end.map_err(Verdict::no_sock_diag)?.is_none_or(|end| end.receive_queue == 0))
    }

    /// It has sent nothing, and must have received nothing but a greeting, not even the end of the connection.
    pub fn got_nothing(&mut self, who: &str) -> Step {
        let mut got = Vec::new();
        loop {
            match self.receive_now(who)? {
                Received::Some(bytes) => got.extend(bytes),
                Received::Nothing => break,
                Received::End if got.is_empty() || self.client(who)?.ungreeted => {
                    return Err(Verdict::ClosedOn(who.into()));
                }
                Received::End => break,
            }
        }
        if self.client(who)?.ungreeted {
            self.client(who)?.ungreeted = false;
            return self.only_a_greeting(who, &got);
        }
        if got.is_empty() {
            return Ok(());
        }
        self.received(who, &got)?;
        Err(Verdict::WrongClient(who.into()))
    }

    /// Fails if it is there, has sent nothing, and has received more than a greeting.
    pub fn crossed_nothing(&mut self, who: &str) -> Step {
        let is_here = self.client(who).is_ok_and(|client| client.socket.is_some() && !client.ungreeted);
        match is_here.then(|| self.receive_now(who)) {
            Some(Ok(Received::Some(got))) => {
                self.received(who, &got)?;
                Err(Verdict::WrongClient(who.into()))
            }
            _ => Ok(()),
        }
    }

    /// A greeting may have any text, even words of a reply. A reply is on a line of its own.
    fn only_a_greeting(&mut self, who: &str, got: &[u8]) -> Step {
        let protocol = &self.terms().protocol;
        let lines = got.split(|&byte| byte == b'\n').skip(1);
        let crossed = !protocol.reply.is_empty() && lines.into_iter().any(|line| line.starts_with(&protocol.reply));
        match compare(got, &protocol.greeting) {
            Answer::Whole if crossed => Err(Verdict::WrongClient(who.into())),
            Answer::Whole => Ok(()),
            _ if got.is_empty() => Err(Verdict::NoGreeting(who.into())),
            answer => Err(Verdict::Wrong { who: who.into(), got: got.into(), begun: answer == Answer::Begun }),
        }
    }

    /// It reads all that comes until the server is idle, and says whether the connection has ended after it, in order or
    /// not. Of a long text the end is left out.
    pub fn read_all(&mut self, who: &str) -> Result<(String, bool), Verdict> {
        let mut all = String::new();
        let mut idle = false;
        loop {
            match self.receive_now(who) {
                Ok(Received::Some(bytes)) => {
                    if all.len() < ENOUGH {
                        all += &String::from_utf8_lossy(&bytes);
                    }
                    idle = false;
                }
                Ok(Received::Nothing) if idle => return Ok((all, false)),
                Ok(Received::Nothing) => {
                    self.until_idle()?;
                    idle = true;
                }
                Ok(Received::End) | Err(Verdict::Ended(..)) => return Ok((all, true)),
                Err(verdict) => return Err(verdict),
            }
        }
    }

    fn received(&mut self, who: &str, bytes: &[u8]) -> Step {
        let (beginning, rest) = bytes.split_at(bytes.len().min(TOLD));
        let mut text = printable(beginning);
        if !rest.is_empty() {
            text.push_str(&format!("… ({} bytes more)", rest.len()));
        }
        self.did(who, Act::Receive(text))
    }

    /// Waits for bytes, for the end, or until it is clear that nothing comes.
    fn receive(&mut self, who: &str) -> Result<Received, Verdict> {
        let mut patience = Patience::new();
        let (mut work, mut pauses) = (self.work(), Pauses::of_at_most(Duration::from_millis(2)));
        loop {
            let received = self.receive_now(who)?;
            if !matches!(received, Received::Nothing) {
                return Ok(received);
            }
            self.alive()?;
            if self.in_vain(&mut patience)? {
                self.alive()?;
                // It may have come between the two questions.
                return self.receive_now(who);
            }
            self.gets_on(&mut work)?;
            pauses.pause();
        }
    }

    fn receive_now(&mut self, who: &str) -> Result<Received, Verdict> {
        self.socket(who)?;
        match self.client(who)?.receive() {
            Err(e) if e.would_block() => Ok(Received::Nothing),
            Err(e) => Err(self.or_death(Verdict::Ended(who.into(), e.to_string()))),
            Ok(bytes) if bytes.is_empty() => {
                // The end of the connection may be the end of the server.
                self.until_idle()?;
                Ok(Received::End)
            }
            Ok(bytes) => Ok(Received::Some(bytes)),
        }
    }
}
