//! The clients of a probe: what they do to a server, and what comes of it, step by step.
//!
//! After each step the server is left alone until it has nothing more to do: everything sent has arrived
//! ([`sock_diag`]), and every thread of the server sleeps. Only then comes the next step, so that the order of events is
//! the script's, on any machine and at any speed. Inside [`Clients::in_one_pass`] the server is stopped instead, and
//! afterwards sees all that happened there at once.

use std::io;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::net::{self, Socket};
use crate::probe::Verdict;
use crate::server::{self, LIMIT, Server};
use crate::sock_diag;

/// What a client says unless a script has it say something else.
pub const MESSAGE: &str = "Hello, server!";

/// Something that happened, as whoever watches is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client did something: the call by its POSIX name, its arguments or what it gave, and the same in words.
    Did {
        /// The client.
        who: &'static str,
        /// `connect`, `send`, `recv`, `shutdown`, `close`.
        call: &'static str,
        /// What was sent, received or asked for.
        args: String,
        /// `connects from 127.0.0.1:40001`
        words: String,
    },
    /// The server printed a line.
    Said(server::Line),
    /// The server was stopped (true) or goes on (false).
    Stopped(bool),
}

struct Client {
    name: &'static str,
    address: SocketAddr,
    socket: Option<Socket>,
}

/// The clients of one probe, and the server they are clients of.
pub struct Clients<'a> {
    server: &'a mut Server,
    watch: &'a mut dyn FnMut(Event),
    all: Vec<Client>,
    in_one_pass: bool,
    last_words: Option<String>,
}

impl<'a> Clients<'a> {
    /// Nobody yet. `watch` is told of everything that happens.
    pub fn new(server: &'a mut Server, watch: &'a mut dyn FnMut(Event)) -> Clients<'a> {
        Clients {
            server,
            watch,
            all: Vec::new(),
            in_one_pass: false,
            last_words: None,
        }
    }

    /// A new client connects.
    pub fn connect(&mut self, who: &'static str) -> Result<(), Verdict> {
        let server = self.server.address().into();
        let socket = Socket::new(&server)?;
        socket.connect(&server)?;
        let address = socket
            .local_addr()?
            .as_socket()
            .ok_or(Verdict::Failed("it has no address".into()))?;
        self.all.push(Client {
            name: who,
            address,
            socket: Some(socket),
        });
        self.did(who, "connect", address.to_string(), format!("connects from {address}"))
    }

    /// It sends `message`, in one piece.
    pub fn send(&mut self, who: &'static str, message: &str) -> Result<(), Verdict> {
        self.socket(who)?.send(message.as_bytes())?;
        self.did(who, "send", message.to_string(), format!("sends {message:?}"))
    }

    /// It sends one byte of urgent data (MSG_OOB).
    pub fn send_urgent(&mut self, who: &'static str) -> Result<(), Verdict> {
        self.socket(who)?.send_out_of_band(b'!')?;
        self.did(
            who,
            "send",
            "! MSG_OOB".into(),
            "sends one urgent byte (MSG_OOB)".into(),
        )
    }

    /// It ends its sending, and can still receive.
    pub fn shut_down_writing(&mut self, who: &'static str) -> Result<(), Verdict> {
        self.socket(who)?.shutdown(Shutdown::Write)?;
        self.did(who, "shutdown", "SHUT_WR".into(), "shuts down its writing side".into())
    }

    /// It closes, in order.
    pub fn close(&mut self, who: &'static str) -> Result<(), Verdict> {
        self.client(who)?.socket = None;
        self.did(who, "close", String::new(), "closes".into())
    }

    /// It closes and resets the connection.
    pub fn reset(&mut self, who: &'static str) -> Result<(), Verdict> {
        self.socket(who)?;
        if let Some(socket) = self.client(who)?.socket.take() {
            socket.reset()?;
        }
        self.did(who, "close", "reset".into(), "resets the connection".into())
    }

    /// It reads the reply, some bytes. No reply, if the server has nothing more to do and none has come.
    pub fn reply(&mut self, who: &'static str) -> Result<(), Verdict> {
        let socket = self.socket(who)?;
        socket.set_nonblocking(true)?;
        let mut buffer = [0; 4096];
        let received = match socket.recv(&mut buffer) {
            Err(e) if e.raw_os_error() == Some(libc::EAGAIN) => return Err(Verdict::NoReply(who)),
            Err(e) => return Err(Verdict::ReplyLost(who, e.source().to_string())),
            Ok(0) => return Err(Verdict::ReplyLost(who, "the connection was ended".into())),
            Ok(n) => String::from_utf8_lossy(&buffer[..n]).into_owned(),
        };
        let words = format!("Received from server: {received}");
        self.did(who, "recv", received, words)
    }

    /// What a polite client does: connect, send, read the reply.
    pub fn polite(&mut self, who: &'static str) -> Result<(), Verdict> {
        self.connect(who)?;
        self.send(who, MESSAGE)?;
        self.reply(who)
    }

    /// Does `steps` while the server is stopped, so that one pass of its loop meets all of it.
    pub fn in_one_pass(&mut self, steps: impl FnOnce(&mut Self) -> Result<(), Verdict>) -> Result<(), Verdict> {
        self.server.stop();
        (self.watch)(Event::Stopped(true));
        self.in_one_pass = true;
        let result = steps(self);
        self.in_one_pass = false;
        sock_diag::settle(&self.connections(), LIMIT).map_err(Verdict::no_sock_diag)?;
        (self.watch)(Event::Stopped(false));
        self.server.go_on();
        result?;
        self.let_the_server_work()
    }

    fn did(&mut self, who: &'static str, call: &'static str, args: String, words: String) -> Result<(), Verdict> {
        (self.watch)(Event::Did { who, call, args, words });
        if self.in_one_pass {
            Ok(())
        } else {
            self.let_the_server_work()
        }
    }

    /// Returns when there is nothing left for the server to do; fails if it has ended, or never stops working.
    fn let_the_server_work(&mut self) -> Result<(), Verdict> {
        let begun = Instant::now();
        let mut pause = Duration::from_micros(50);
        loop {
            // The status first: what a process said is all there once it has ended.
            let ended = self.server.ended();
            self.listen();
            if let Some(status) = ended {
                return Err(Verdict::Died {
                    status,
                    last_words: self.last_words.take(),
                });
            }
            // Twice, because between the two looks of one round something may still have been under way.
            if self.is_quiet()? && self.is_quiet()? {
                self.listen();
                return Ok(());
            }
            if begun.elapsed() > LIMIT {
                return Err(Verdict::Busy);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
    }

    fn is_quiet(&self) -> Result<bool, Verdict> {
        let settled = sock_diag::settle(&self.connections(), LIMIT).map_err(Verdict::no_sock_diag)?;
        Ok(settled && self.server.sleeps())
    }

    /// Passes on what the server has printed by now.
    pub fn listen(&mut self) {
        for line in self.server.said() {
            if line.error {
                self.last_words = Some(line.text.clone());
            }
            (self.watch)(Event::Said(line));
        }
    }

    fn connections(&self) -> Vec<(SocketAddr, SocketAddr)> {
        let server = self.server.address();
        self.all.iter().map(|client| (client.address, server)).collect()
    }

    fn client(&mut self, who: &'static str) -> Result<&mut Client, Verdict> {
        let found = self.all.iter_mut().find(|client| client.name == who);
        found.ok_or_else(|| Verdict::Failed(format!("the script has no {who}")))
    }

    fn socket(&mut self, who: &'static str) -> Result<&Socket, Verdict> {
        let socket = self.client(who)?.socket.as_ref();
        socket.ok_or_else(|| Verdict::Failed(format!("in the script, {who} has closed already")))
    }
}

impl Drop for Clients<'_> {
    /// The server ends first: it is not to see its last clients go.
    fn drop(&mut self) {
        self.server.end();
    }
}

impl From<net::Error> for Verdict {
    fn from(error: net::Error) -> Verdict {
        Verdict::Failed(error.to_string())
    }
}

impl Verdict {
    fn no_sock_diag(error: io::Error) -> Verdict {
        Verdict::Failed(format!("sock_diag: {error}"))
    }
}
