//! The clients of a probe: what they do to a server, step by step, and what comes of it.
//!
//! After each step the server is left alone until it is idle ([`super::idle`]). Only then comes the next step, so that
//! the order of events is the script's, on any machine and at any speed. Inside [`Clients::in_one_pass`] the server is
//! stopped instead, and afterwards sees all that happened there at once.

mod afterwards;
mod conversing;
mod hammering;
mod reading;
mod waiting;

use std::net::{Shutdown, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::act::Act;
use super::idle::{self, NAP};
use super::protocol::Terms;
use super::server::Server;
use super::server::keeper;
use super::server::output::Line;
use super::server::processes;
use super::verdict::Verdict;
use crate::net::in_flight::{LIMIT, all_arrived};
use crate::net::{self, Socket};

pub use super::protocol::MESSAGE;

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

struct Client {
    name: String,
    address: SocketAddr,
    socket: Option<Socket>,
    /// Whether all that is sent between it and the server arrives in the end. Not so for one that never reads.
    arrives: bool,
    /// The server has said, or is about to say, something to it that it has not read: a greeting.
    ungreeted: bool,
    /// The server has closed its end after a reply.
    closed_on: bool,
}

/// How long a thread that sleeps for a time is waited for as long as there is no client.
const FIRST_NAP: Duration = Duration::from_millis(250);

/// So many bytes of output are a flood.
const FLOOD: u64 = 1_000_000;

/// The clients of one probe, and the server they are clients of.
pub struct Clients<'a> {
    server: &'a mut Server,
    watch: &'a mut dyn FnMut(Event),
    /// How long a server that is idle is waited for all the same: it may be waiting for something of its own.
    patience: Duration,
    terms: Terms,
    all: Vec<Client>,
    stopped: bool,
    quiet: bool,
    last_words: Option<String>,
    begun: Instant,
    /// Bytes that the clients have sent.
    sent: u64,
    /// The server's workers before any client came.
    workers: Vec<(u32, String)>,
    /// Its threads that sleep for a time whatever the clients do.
    habit: Vec<PathBuf>,
    /// How long another that does is waited for.
    nap: Duration,
    /// What the verdict does not say.
    pub remark: Option<String>,
}

type Step = Result<(), Verdict>;

impl<'a> Clients<'a> {
    /// None yet. `watch` is told of everything that happens. `patience` is how long a reply is waited for when the server
    /// is idle: zero for a server that is known to wait for nothing but its clients.
    pub fn new(server: &'a mut Server, patience: Duration, watch: &'a mut dyn FnMut(Event)) -> Clients<'a> {
        let mut clients = Clients {
            server,
            watch,
            patience,
            terms: Terms::default(),
            all: Vec::new(),
            stopped: false,
            quiet: false,
            last_words: None,
            begun: Instant::now(),
            sent: 0,
            workers: Vec::new(),
            habit: Vec::new(),
            nap: FIRST_NAP,
            remark: None,
        };
        clients.read_output();
        clients
    }

    /// The same, but told how to talk to the server.
    pub fn on(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// What the clients know of the server.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Takes note, before any client has come, of the server's workers, of whom none is to end, and of its threads that
    /// sleep for a time out of habit.
    pub fn know_server(&mut self) {
        self.workers = self.server.workers();
        self.habit = idle::habit(&self.server.processes());
        self.nap = NAP;
    }

    /// A worker that has ended: its name, and whether the server has started another since.
    pub fn ended_worker(&self) -> Option<(String, bool)> {
        let (_, name) = self.workers.iter().find(|(pid, _)| !processes::runs(*pid))?;
        let now = self.server.workers();
        let new = now.iter().any(|worker| worker.1 == *name && !self.workers.contains(worker));
        Some((name.clone(), new))
    }

    /// What the server wrote last on standard error.
    pub fn last_words(&mut self) -> Option<String> {
        self.read_output();
        self.last_words.take()
    }

    /// How many bytes the server has printed, if that is a flood: far more than it was sent, which it may well print.
    pub fn flood(&self) -> Option<u64> {
        Some(self.server.printed()).filter(|printed| *printed > FLOOD + 2 * self.sent)
    }

    /// How many descriptors are enough for the server as it is, and for `room` more clients.
    pub fn descriptors_needed(&self, room: u64) -> Option<u64> {
        let highest = self.server.processes().into_iter().map(processes::highest_descriptor);
        highest.collect::<Result<Vec<u64>, _>>().ok()?.into_iter().max().map(|highest| highest + 1 + room)
    }

    /// Does `steps` with as many times the usual patience.
    pub fn patiently(&mut self, times: u32, steps: impl FnOnce(&mut Self) -> Step) -> Step {
        let usual = self.patience;
        self.patience = usual * times;
        let result = steps(self);
        self.patience = usual;
        result
    }

    /// Whether the server has closed a connection after its reply.
    pub fn was_closed_on(&self) -> bool {
        self.all.iter().any(|client| client.closed_on)
    }

    /// A new client connects, and reads the greeting where there is one.
    pub fn connect(&mut self, who: &str) -> Step {
        self.connect_with(who, |_| Ok(()))
    }

    /// A new client connects, whose kernel keeps no more than some thousand bytes for it that it has not read.
    pub fn connect_with_little_room(&mut self, who: &str) -> Step {
        self.connect_with(who, |socket| socket.set_recv_buffer_size(4096))?;
        self.client(who)?.arrives = false;
        Ok(())
    }

    fn connect_with(&mut self, who: &str, prepare: impl Fn(&Socket) -> net::Result<()>) -> Step {
        let server = self.server.address().into();
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
        let name = who.into();
        self.all.push(Client { name, address, socket: Some(socket), arrives: true, ungreeted, closed_on: false });
        (self.watch)(Event::Named { who: who.into(), address });
        self.did(who, Act::Connect(address.to_string()))?;
        // A crowd, and a client of a server that is stopped, have no time for it.
        if ungreeted && !self.stopped && !self.quiet { self.greeting(who) } else { Ok(()) }
    }

    /// It sends the message to which the server replies, in one piece.
    pub fn ask(&mut self, who: &str) -> Step {
        let message = self.terms.protocol.message.clone();
        self.send_bytes(who, &message)
    }

    /// It sends `message`, in one piece.
    pub fn send(&mut self, who: &str, message: &str) -> Step {
        self.send_bytes(who, message.as_bytes())
    }

    fn send_bytes(&mut self, who: &str, message: &[u8]) -> Step {
        let sent = self.socket(who)?.send(message);
        self.or_ended(who, sent)?;
        self.sent += message.len() as u64;
        self.did(who, Act::Send(String::from_utf8_lossy(message).into_owned()))
    }

    /// It sends one byte of urgent data (MSG_OOB).
    pub fn send_urgent(&mut self, who: &str) -> Step {
        let sent = self.socket(who)?.send_out_of_band(b'!');
        self.or_ended(who, sent)?;
        self.did(who, Act::SendUrgent)
    }

    /// It sends the message again and again, until no more is taken or `at_most` bytes are exceeded, and says how many bytes
    /// were. What it does not read stays in flight from here on.
    pub fn send_repeatedly(&mut self, who: &str, at_most: usize) -> Result<usize, Verdict> {
        self.client(who)?.arrives = false;
        let many = self.terms.protocol.message.repeat(1000);
        let mut sent = 0;
        while sent < at_most {
            match self.socket(who)?.send(&many) {
                Ok(n) => {
                    sent += n;
                    self.sent += n as u64;
                }
                Err(e) if e.would_block() => break,
                Err(e) => return Err(self.or_death(Verdict::Ended(who.into(), e.to_string()))),
            }
        }
        Ok(sent)
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
        {
            let _closed_at_once = keeper::no_fork_meanwhile();
            self.client(who)?.socket = None;
        }
        self.did(who, Act::Close)
    }

    /// It closes when its reply has come, and does not read it. The kernel then sends a reset in place of an end.
    pub fn close_unread(&mut self, who: &str) -> Step {
        self.until_reply(who)?;
        {
            let _closed_at_once = keeper::no_fork_meanwhile();
            self.client(who)?.socket = None;
        }
        self.did(who, Act::CloseUnread)
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
        if !self.server.suspend().map_err(Verdict::no_kill)? {
            self.alive()?;
            return Err(Verdict::Failed("the server could not be stopped (SIGSTOP)".into()));
        }
        (self.watch)(Event::Stopped(true));
        self.stopped = true;
        let result = steps(self);
        self.stopped = false;
        let arrived = all_arrived(&self.connections(), LIMIT).map_err(Verdict::no_sock_diag)?;
        (self.watch)(Event::Stopped(false));
        self.server.resume().map_err(Verdict::no_kill)?;
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

    /// Lets the server have as few descriptors as `at_least`, or as it needs for `room` more clients.
    pub fn limit_descriptors(&mut self, at_least: u64, room: u64) -> Step {
        for pid in self.server.processes() {
            let limited = processes::limit_descriptors(pid, at_least, room);
            limited.map_err(|e| Verdict::Failed(format!("prlimit: {e}")))?;
        }
        Ok(())
    }

    /// How many descriptors the server has open.
    pub fn descriptors(&self) -> usize {
        self.server.processes().into_iter().map(processes::descriptors).sum()
    }

    /// The memory that the server holds, in bytes.
    pub fn memory(&self) -> u64 {
        processes::memory(&self.server.processes())
    }

    fn did(&mut self, who: &str, act: Act) -> Step {
        if self.quiet {
            return Ok(());
        }
        (self.watch)(Event::Did { who: who.into(), act });
        self.until_idle()
    }

    fn connections(&self) -> Vec<(SocketAddr, SocketAddr)> {
        let server = self.server.address();
        self.all.iter().filter(|client| client.arrives).map(|client| (client.address, server)).collect()
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
        self.server.end();
    }
}
