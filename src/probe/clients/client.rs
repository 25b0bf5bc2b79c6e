//! One client: its connection, what it has still to send, and what it has taken from its kernel and not yet heard.

use std::mem;
use std::net::SocketAddr;

use crate::net::{self, Socket};

/// Whether a client takes what the server sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// All of it: what is sent between the two arrives in the end.
    All,
    /// Nothing. What it sends arrives, and what it is sent may stay on its way.
    Nothing,
    /// Nothing, and it sends more than the server takes: either may stay on its way.
    Never,
}

/// One client.
pub struct Client {
    pub name: String,
    pub address: SocketAddr,
    /// `None` once it has closed.
    pub socket: Option<Socket>,
    pub reads: Reads,
    /// The server has said, or is about to say, something to it that it has not read: a greeting.
    pub ungreeted: bool,
    /// The server has closed its end after a reply.
    pub closed_on: bool,
    /// The server goes on sending to it after its reply, without an end.
    pub streamed_to: bool,
    /// It has sent another message than the usual one, to which the reply may be anything.
    pub provokes: bool,
    /// How many messages it has sent that were not replied to: where it is not known how long a reply is, since the server
    /// last sent it anything.
    pub due: usize,
    /// How long a reply is, in bytes, where that is known.
    reply_length: Option<usize>,
    /// How much has come of a reply that is not whole.
    begun: usize,
    /// What of a message the kernel has not taken yet.
    unsent: Vec<u8>,
    /// How far it has come in the message that it sends on and on.
    position: usize,
    /// What it has taken from its kernel, which had no room for more, before it was asked to.
    inbox: Vec<u8>,
    /// How much it has sent, and how much it was sent, in bytes.
    pub moved: [u64; 2],
}

/// So much of what is sent to a client is kept for it. Whatever it waits for has come by then.
const KEPT: usize = 1 << 20;

impl Client {
    /// A client that has connected, and to which a reply is so long, as far as is known. It reads everything, and was not
    /// greeted.
    pub fn new(name: &str, address: SocketAddr, socket: Socket, reply_length: Option<usize>) -> Client {
        Client {
            name: name.into(),
            address,
            socket: Some(socket),
            reads: Reads::All,
            ungreeted: false,
            closed_on: false,
            streamed_to: false,
            provokes: false,
            due: 0,
            reply_length,
            begun: 0,
            unsent: Vec::new(),
            position: 0,
            inbox: Vec::new(),
            moved: [0; 2],
        }
    }

    /// Sends a message. What is not taken at once goes on with [`Client::send_the_rest`].
    pub fn send(&mut self, message: &[u8]) -> net::Result<()> {
        self.unsent.extend(message);
        self.due += 1;
        self.send_the_rest().map(drop)
    }

    /// Sends what is left of a message, as far as it is taken. True if anything was.
    pub fn send_the_rest(&mut self) -> net::Result<bool> {
        let Some(socket) = self.socket.as_ref().filter(|_| !self.unsent.is_empty()) else { return Ok(false) };
        match socket.send(&self.unsent) {
            Ok(taken) => {
                self.unsent.drain(..taken);
                self.moved[0] += taken as u64;
                Ok(taken > 0)
            }
            Err(error) if error.would_block() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Sends `message` on and on, from where it stopped the last time, until no more is taken or `most` bytes were. Says how
    /// many were.
    pub fn send_on_and_on(&mut self, message: &[u8], most: usize) -> net::Result<usize> {
        const AT_ONCE: usize = 64 << 10;
        let Some(socket) = self.socket.as_ref().filter(|_| !message.is_empty()) else { return Ok(0) };
        let many = message.repeat(AT_ONCE.div_ceil(message.len()) + 1);
        let mut sent = 0;
        while sent < most {
            let some = &many[self.position..][..AT_ONCE.min(most - sent)];
            match socket.send(some) {
                Ok(taken) => {
                    sent += taken;
                    self.due += (self.position + taken) / message.len();
                    self.position = (self.position + taken) % message.len();
                }
                Err(error) if error.would_block() => break,
                Err(error) => return Err(error),
            }
        }
        self.moved[0] += sent as u64;
        Ok(sent)
    }

    /// Takes what its kernel has for it, so that more can come. Says how much that was. An end or an error stays where it
    /// is, to be met by [`Client::receive`].
    pub fn make_room(&mut self) -> usize {
        let Some(socket) = &self.socket else { return 0 };
        let (mut taken, mut buffer) = (0, vec![0; 64 << 10]);
        while let Ok(some) = socket.recv(&mut buffer)
            && some > 0
        {
            taken += some;
            let room = KEPT.saturating_sub(self.inbox.len()).min(some);
            self.inbox.extend(&buffer[..room]);
            // What the server sends without end is left alone for a while.
            if taken > 64 << 20 {
                break;
            }
        }
        self.heard(taken);
        taken
    }

    /// Takes what has come, and forgets it.
    pub fn skip(&mut self) {
        self.make_room();
        self.inbox.clear();
    }

    /// What has come: nothing at all at the end of the stream. Fails as recv(2) does, with EAGAIN where there is nothing
    /// yet.
    pub fn receive(&mut self) -> net::Result<Vec<u8>> {
        if !self.inbox.is_empty() {
            return Ok(mem::take(&mut self.inbox));
        }
        let mut buffer = vec![0; 64 << 10];
        let Some(socket) = &self.socket else { return Ok(Vec::new()) };
        let received = socket.recv(&mut buffer)?;
        buffer.truncate(received);
        self.heard(received);
        Ok(buffer)
    }

    /// Has what it has received too much of come next.
    pub fn put_back(&mut self, bytes: Vec<u8>) {
        self.inbox.splice(0..0, bytes);
    }

    fn heard(&mut self, bytes: usize) {
        self.moved[1] += bytes as u64;
        match self.reply_length {
            Some(length) if length > 0 => {
                self.begun += bytes;
                self.due = self.due.saturating_sub(self.begun / length);
                self.begun %= length;
            }
            _ if bytes > 0 => self.due = 0,
            _ => {}
        }
    }

    /// Whether it has taken something that it was not asked for yet.
    pub fn has_heard(&self) -> bool {
        !self.inbox.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net;

    /// One that serves many requests together replies to some of them, and works on with the others.
    #[test]
    fn a_reply_leaves_the_other_messages_due() {
        for (reply_length, due) in [(Some(5), [3, 2, 2, 1]), (None, [0; 4])] {
            let (server, client, (address, _)) = net::connection().unwrap();
            let mut client = Client::new("alice", address.as_socket().unwrap(), client, reply_length);
            (0..4).for_each(|_| client.send(b"hello").unwrap());
            assert_eq!(client.due, 4);
            for (sent, due) in [&b"reply"[..], b"reply re", b"p", b"l"].into_iter().zip(due) {
                server.send(sent).unwrap();
                assert_eq!(client.receive().unwrap(), sent);
                assert_eq!(client.due, due, "{reply_length:?}");
            }
        }
    }
}
