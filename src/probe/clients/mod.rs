//! The clients of a probe: what they do to a server, step by step, and what comes of it.
//!
//! After each step the server is left alone until it is idle ([`super::idle`]). Only then comes the next step, so that
//! the order of events is the script's, on any machine and at any speed. Inside [`Clients::in_one_pass`] the server is
//! stopped instead, and afterwards sees all that happened there at once.

mod afterwards;
mod client;
mod conversing;
mod hammering;
mod leaking;
mod observed;
mod operating;
mod reading;
mod waiting;
mod working;

use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use super::act::Act;
use super::idle::{Connections, LINGERS};
use super::protocol::Terms;
use super::server::Server;
use super::server::keeper;
use super::server::output::Line;
use super::verdict::{Step, Verdict};
use crate::net::in_flight::LIMIT;
use crate::net::{self, Socket};
use client::{Client, Reads};
use observed::Observed;

pub use super::protocol::MESSAGE;
pub use observed::Trouble;

/// Something that happened, as `watch` is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client has this address from now on, even if nothing else is told of it.
    Named {
        /// The client.
        who: String,
        /// Its own address.
        address: SocketAddr,
    },
    /// A client did something.
    Did {
        /// The client.
        who: String,
        /// What it did.
        act: Act,
    },
    /// The server printed a line.
    Said(Line),
    /// The server was stopped (true) or goes on (false).
    Stopped(bool),
    /// Something else that the script has done to the server.
    Noted(String),
}

/// The clients of one probe, and the server they are clients of.
pub struct Clients<'a> {
    observed: Observed<'a>,
    watch: &'a mut dyn FnMut(Event),
    /// What they do is told of in one line, and not step by step.
    quiet: bool,
    /// How long a server that is idle is waited for where it can wake by itself, or where that is not known.
    patience: Duration,
    terms: Terms,
    all: Vec<Client>,
    /// The address of the client that finds out whether the server serves afterwards.
    one_more: Option<SocketAddr>,
    /// How many bytes those that are forgotten had sent, and were sent.
    gone: [u64; 2],
    /// The server is stopped.
    stopped: bool,
    begun: Instant,
    /// What the verdict does not say.
    pub remark: Option<String>,
}

impl<'a> Clients<'a> {
    /// None yet. `watch` is told of everything that happens. `patience` is how long a reply is waited for when the server
    /// is idle and can wake by itself: zero for a server that is known to wait for nothing but its clients.
    pub fn new(server: &'a mut Server, patience: Duration, watch: &'a mut dyn FnMut(Event)) -> Clients<'a> {
        let mut clients = Clients {
            observed: Observed::new(server),
            watch,
            quiet: false,
            patience,
            terms: Terms::default(),
            all: Vec::new(),
            one_more: None,
            gone: [0; 2],
            stopped: false,
            begun: Instant::now(),
            remark: None,
        };
        clients.read_output();
        clients
    }

    /// The clients, told how to talk to the server.
    pub fn on(mut self, terms: Terms) -> Self {
        if terms.others_serve {
            self.observed.naps.know_that_others_serve();
        }
        self.terms = terms;
        self
    }

    /// What the clients know of the server.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Takes note of the server as it is before any client has come.
    pub fn get_to_know(&mut self) {
        self.observed.get_to_know();
    }

    /// The processor time that the server has used since then.
    pub fn cost(&self) -> Duration {
        self.observed.used()
    }

    /// Why nothing more is known of the server, if that is so.
    pub fn lost(&mut self) -> Option<String> {
        self.observed.server.lost()
    }

    /// What the server wrote last on standard error.
    pub fn last_words(&mut self) -> Option<String> {
        self.read_output();
        self.observed.last_words.take()
    }

    /// The verdict on a server of which a worker has ended, if one has.
    pub fn worker_died(&mut self) -> Option<Verdict> {
        let (name, replaced) = self.observed.ended_worker()?;
        Some(Verdict::WorkerDied { name, replaced, last_words: self.last_words() })
    }

    /// How many bytes the server has printed, if that is a flood.
    pub fn flood(&self) -> Option<u64> {
        self.observed.flood(self.moved()[0])
    }

    /// What is seen of the server beside what it does for its clients.
    pub fn observed(&mut self) -> &mut Observed<'a> {
        &mut self.observed
    }

    /// Does `steps` with the patience that a server needs which keeps those that leave for some seconds; but none with one that
    /// is known to wait for nothing but its clients.
    pub fn patiently(&mut self, steps: impl FnOnce(&mut Self) -> Step) -> Step {
        let usual = self.patience;
        self.patience = if usual.is_zero() { usual } else { usual.max(LINGERS) };
        let result = steps(self);
        self.patience = usual;
        result
    }

    /// Whether the server has closed a connection after its reply.
    pub fn was_closed_on(&self) -> bool {
        self.all.iter().any(|client| client.closed_on)
    }

    /// A client to which the server goes on sending after its reply.
    pub fn streamed_to(&self) -> Option<&str> {
        self.all.iter().find(|client| client.streamed_to).map(|client| &client.name[..])
    }

    /// A new client connects, and reads the greeting where there is one.
    pub fn connect(&mut self, who: &str) -> Step {
        self.connect_with(who, Reads::All, |_| Ok(()))
    }

    /// A new client connects, whose kernel keeps no more than some thousand bytes for it that it has not read.
    pub fn connect_with_little_room(&mut self, who: &str) -> Step {
        self.connect_with(who, Reads::Never, |socket| socket.set_recv_buffer_size(4096))
    }

    fn connect_with(&mut self, who: &str, reads: Reads, prepare: impl Fn(&Socket) -> net::Result<()>) -> Step {
        let server = self.observed.address().into();
        if !self.stopped {
            self.wait_for_room(who)?;
        }
        let socket = Socket::new(&server).map_err(Verdict::of_ours)?;
        socket.set_nonblocking(true).map_err(Verdict::of_ours)?;
        prepare(&socket).map_err(Verdict::of_ours)?;
        match socket.connect(&server) {
            Err(e) if e.raw_os_error() != Some(libc::EINPROGRESS) => {
                return Err(self.or_death(Verdict::Refused(who.into(), e.to_string())));
            }
            _ => self.wait_until_connected(who, &socket)?,
        }
        let address = socket.local_addr().map_err(Verdict::of_ours)?;
        let address = address.as_socket().ok_or(Verdict::Failed("it has no address".into()))?;
        let ungreeted = !self.terms.protocol.greeting.is_empty();
        let reply_length = self.terms.reply_length.and_then(|length| usize::try_from(length).ok());
        let mut client = Client::new(who, address, socket, reply_length);
        (client.reads, client.ungreeted) = (reads, ungreeted);
        self.all.push(client);
        (self.watch)(Event::Named { who: who.into(), address });
        self.did(who, Act::Connect(address.to_string()))?;
        // A crowd, and a client of a server that is stopped, have no time for it.
        if ungreeted && !self.stopped && !self.quiet { self.greeting(who) } else { Ok(()) }
    }

    /// It sends the message to which the server replies, in one piece.
    pub fn ask(&mut self, who: &str) -> Step {
        let message = self.terms.protocol.message.clone();
        self.client(who)?.provokes = false;
        self.send_bytes(who, &message)
    }

    /// It sends a message before it misbehaves: the usual one, or another that the server knows.
    pub fn provoke(&mut self, who: &str) -> Step {
        let message = self.terms.provocation().to_vec();
        self.client(who)?.provokes = self.terms.also.is_some();
        self.send_bytes(who, &message)
    }

    /// It sends another text than the protocol's message, to which the reply may be anything.
    pub fn send_text(&mut self, who: &str, text: &[u8]) -> Step {
        self.client(who)?.provokes = true;
        self.send_bytes(who, text)
    }

    /// It sends the message so many times, as fast as the server takes them, and reads what comes meanwhile.
    pub fn ask_often(&mut self, who: &str, number: usize) -> Step {
        let many = self.terms.protocol.message.repeat(number);
        self.socket(who)?;
        let sent = self.client(who)?.send(&many);
        self.client(who)?.due += number - 1;
        self.or_ended(who, sent)?;
        self.did(who, Act::Many(format!("sends {number} messages")))
    }

    /// It sends `message`, in one piece.
    pub fn send(&mut self, who: &str, message: &str) -> Step {
        self.send_bytes(who, message.as_bytes())
    }

    fn send_bytes(&mut self, who: &str, message: &[u8]) -> Step {
        self.socket(who)?;
        let processes = self.observed.processes();
        self.observed.naps.is_asked(&processes);
        let sent = self.client(who)?.send(message);
        self.or_ended(who, sent)?;
        self.did(who, Act::Send(String::from_utf8_lossy(message).into_owned()))
    }

    /// It sends one byte of urgent data (MSG_OOB).
    pub fn send_urgent(&mut self, who: &str) -> Step {
        let sent = self.socket(who)?.send_out_of_band(b'!');
        self.or_ended(who, sent)?;
        self.did(who, Act::SendUrgent)
    }

    /// It sends the message again and again, from where it stopped, until no more is taken or `most` bytes were, and says
    /// how many were. What it does not read stays in flight from here on.
    pub fn send_repeatedly(&mut self, who: &str, most: usize) -> Result<usize, Verdict> {
        let message = self.terms.protocol.message.clone();
        self.socket(who)?;
        let client = self.client(who)?;
        client.reads = Reads::Never;
        let sent = client.send_on_and_on(&message, most);
        sent.map_err(|e| self.or_death(Verdict::Ended(who.into(), e.to_string())))
    }

    /// It finishes sending, and can still receive.
    pub fn shut_down_writing(&mut self, who: &str) -> Step {
        let done = self.socket(who)?.shutdown(Shutdown::Write);
        self.or_ended(who, done)?;
        self.did(who, Act::ShutDownWriting)
    }

    /// It closes.
    pub fn close(&mut self, who: &str) -> Step {
        // A greeting that is not read would make a reset of it.
        self.skip_greeting(who);
        self.drop_socket(who)?;
        self.did(who, Act::Close)
    }

    /// From here on it reads nothing of what it is sent.
    pub fn leaves_replies_unread(&mut self, who: &str) -> Step {
        self.client(who)?.reads = Reads::Nothing;
        Ok(())
    }

    /// It closes when a reply has come, or the beginning of it, and does not read it. The kernel then sends a reset in place
    /// of an end.
    pub fn close_unread(&mut self, who: &str) -> Step {
        self.until_reply(who)?;
        self.until_idle()?;
        self.drop_socket(who)?;
        self.did(who, Act::CloseUnread)
    }

    fn drop_socket(&mut self, who: &str) -> Step {
        let _closed_at_once = keeper::no_fork_meanwhile();
        self.client(who)?.socket = None;
        Ok(())
    }

    /// It closes and resets the connection.
    pub fn reset(&mut self, who: &str) -> Step {
        if let Some(socket) = self.client(who)?.socket.take() {
            let _closed_at_once = keeper::no_fork_meanwhile();
            socket.reset().map_err(Verdict::of_ours)?;
        }
        self.did(who, Act::Reset)
    }

    /// What a polite client does: connect, send, read the reply.
    pub fn polite(&mut self, who: &str) -> Step {
        self.connect(who)?;
        self.ask(who)?;
        self.reply(who)
    }

    /// Does `steps` while the server is stopped, so that one pass of its loop sees all of it.
    pub fn in_one_pass(&mut self, steps: impl FnOnce(&mut Self) -> Step) -> Step {
        if !self.observed.server.suspend().map_err(Verdict::no_kill)? {
            self.alive()?;
            return Err(Verdict::Failed("the server could not be stopped (SIGSTOP)".into()));
        }
        (self.watch)(Event::Stopped(true));
        self.stopped = true;
        let result = steps(self);
        self.stopped = false;
        let arrived = self.until_arrived()?;
        (self.watch)(Event::Stopped(false));
        self.observed.server.resume().map_err(Verdict::no_kill)?;
        result?;
        if !arrived {
            // Then the server would not have seen all of it in one pass, and the verdict would be on something else.
            let why = format!("what the clients did had not arrived after {} s", LIMIT.as_secs());
            return Err(Verdict::Failed(why));
        }
        self.until_idle()
    }

    /// Does `steps`, which are too many to be told one by one, and tells of them as `words` of `who`. The server goes on
    /// meanwhile, and is idle afterwards.
    pub fn summed_up(&mut self, who: &str, words: &str, steps: impl FnOnce(&mut Self) -> Step) -> Step {
        (self.watch)(Event::Did { who: who.into(), act: Act::Many(words.into()) });
        self.quiet = true;
        let result = steps(self);
        self.quiet = false;
        result?;
        self.until_idle()
    }

    /// Tells of `what` the script has done to the server, and waits until it is idle again.
    pub fn note(&mut self, what: &str) -> Step {
        (self.watch)(Event::Noted(format!("({what})")));
        self.until_idle()
    }

    fn did(&mut self, who: &str, act: Act) -> Step {
        if self.quiet {
            return Ok(());
        }
        (self.watch)(Event::Did { who: who.into(), act });
        self.until_idle()
    }

    fn connections(&self) -> Connections {
        let server = self.observed.address();
        let (arriving, others): (Vec<&Client>, Vec<&Client>) =
            self.all.iter().partition(|client| client.reads == Reads::All && !client.streamed_to);
        let ends = |clients: Vec<&Client>| clients.into_iter().map(|client| (client.address, server)).collect();
        let mut connections = Connections { arriving: ends(arriving), others: ends(others) };
        connections.others.extend(self.one_more.map(|client| (client, server)));
        connections
    }

    /// Whether a client of that name has connected.
    pub fn has(&self, who: &str) -> bool {
        self.all.iter().any(|client| client.name == who)
    }

    fn client(&mut self, who: &str) -> Result<&mut Client, Verdict> {
        let found = self.all.iter_mut().find(|client| client.name == who);
        found.ok_or_else(|| Verdict::Failed(format!("the script has no {who}")))
    }

    fn socket(&mut self, who: &str) -> Result<&Socket, Verdict> {
        let socket = self.client(who)?.socket.as_ref();
        socket.ok_or_else(|| Verdict::Failed(format!("in the script, {who} has closed already")))
    }
}

impl Drop for Clients<'_> {
    /// The server ends first, so that it does not see its last clients go.
    fn drop(&mut self) {
        self.observed.server.end();
    }
}
