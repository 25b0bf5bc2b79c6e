//! The clients of a probe: what they do to a server, and what comes of it, step by step.
//!
//! After each step the server is left alone until it has nothing more to do: everything sent has arrived
//! ([`sock_diag`]), and every thread of the server sleeps. Only then comes the next step, so that the order of events is
//! the script's, on any machine and at any speed. Inside [`Clients::in_one_pass`] the server is stopped instead, and
//! afterwards sees all that happened there at once.

use std::net::{Shutdown, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use crate::errno;
use crate::net::{self, Error, Socket};
use crate::probe::Verdict;
use crate::probe::verdict;
use crate::server::{self, LIMIT, Server, processes};
use crate::sock_diag::{self, SockDiag};

/// What a client says unless a script has it say something else.
pub const MESSAGE: &str = "Hello, server!";

/// A server that has used so much processor time since its last client did anything, and still does not sleep, spins.
/// Processor time, because a busy machine gives little of it in a second.
const SPINS: Duration = Duration::from_secs(3);

/// How long a server is waited for that sleeps for a time. A thread of it may do so for ever.
const NAP: Duration = Duration::from_secs(2);

/// Something that happened, as whoever watches is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client did something: the call by its POSIX name, its arguments or what it gave, and the same in words.
    Did {
        /// The client.
        who: String,
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
    name: String,
    address: SocketAddr,
    socket: Option<Socket>,
    /// Whether everything between it and the server arrives in the end. Not so for one that never reads.
    settles: bool,
}

/// The clients of one probe, and the server they are clients of.
pub struct Clients<'a> {
    server: &'a mut Server,
    watch: &'a mut dyn FnMut(Event),
    /// How long a server that rests is waited for all the same: it may be waiting for something of its own.
    patience: Duration,
    all: Vec<Client>,
    stopped: bool,
    quiet: bool,
    last_words: Option<String>,
}

impl<'a> Clients<'a> {
    /// Nobody yet. `watch` is told of everything that happens. `patience` is for how long a reply is waited for when the
    /// server has come to rest: zero for one that is known to wait for nothing but its clients.
    pub fn new(server: &'a mut Server, patience: Duration, watch: &'a mut dyn FnMut(Event)) -> Clients<'a> {
        let mut clients =
            Clients { server, watch, patience, all: Vec::new(), stopped: false, quiet: false, last_words: None };
        clients.listen();
        clients
    }

    /// A new client connects.
    pub fn connect(&mut self, who: &str) -> Result<(), Verdict> {
        self.connect_with(who, |_| Ok(()))
    }

    /// A new client connects, whose kernel keeps no more than some thousand bytes for it that it has not read.
    pub fn connect_with_little_room(&mut self, who: &str) -> Result<(), Verdict> {
        self.connect_with(who, |socket| socket.set_recv_buffer_size(4096))?;
        self.client(who)?.settles = false;
        Ok(())
    }

    fn connect_with(&mut self, who: &str, prepare: impl Fn(&Socket) -> net::Result<()>) -> Result<(), Verdict> {
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
        self.all.push(Client { name: who.into(), address, socket: Some(socket), settles: true });
        self.did(who, "connect", address.to_string(), format!("connects from {address}"))
    }

    /// It sends `message`, in one piece.
    pub fn send(&mut self, who: &str, message: &str) -> Result<(), Verdict> {
        let sent = self.socket(who)?.send(message.as_bytes());
        self.check(who, sent)?;
        self.did(who, "send", message.to_string(), format!("sends {message:?}"))
    }

    /// It sends one byte of urgent data (MSG_OOB).
    pub fn send_urgent(&mut self, who: &str) -> Result<(), Verdict> {
        let sent = self.socket(who)?.send_out_of_band(b'!');
        self.check(who, sent)?;
        self.did(who, "send", "! MSG_OOB".into(), "sends one urgent byte (MSG_OOB)".into())
    }

    /// It sends `message` again and again until no more is taken, and gives how many bytes were. What it does not read
    /// stays under way from here on.
    pub fn send_without_end(&mut self, who: &str, message: &str) -> Result<usize, Verdict> {
        self.client(who)?.settles = false;
        let many = message.repeat(1000);
        let mut sent = 0;
        loop {
            match self.socket(who)?.send(many.as_bytes()) {
                Ok(n) => sent += n,
                Err(e) if e.raw_os_error() == Some(libc::EAGAIN) => break,
                Err(e) => return Err(self.or_death(Verdict::Ended(who.into(), e.to_string()))),
            }
        }
        Ok(sent)
    }

    /// Waits until the server has received all that this client sent, or is seen to take no more: it sleeps, and
    /// nothing has moved for half a second, since what is on its way at all moves within a few hundredths.
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
            if ends != last || !self.server.sleeps() {
                (last, since) = (ends, Instant::now());
            }
            if waiting == 0 || since.elapsed() > NOTHING_MOVES || begun.elapsed() > LIMIT {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// It ends its sending, and can still receive.
    pub fn shut_down_writing(&mut self, who: &str) -> Result<(), Verdict> {
        let done = self.socket(who)?.shutdown(Shutdown::Write);
        self.check(who, done)?;
        self.did(who, "shutdown", "SHUT_WR".into(), "shuts down its writing side".into())
    }

    /// It closes.
    pub fn close(&mut self, who: &str) -> Result<(), Verdict> {
        {
            let _closed_at_once = server::no_fork_meanwhile();
            self.client(who)?.socket = None;
        }
        self.did(who, "close", String::new(), "closes".into())
    }

    /// It closes and resets the connection.
    pub fn reset(&mut self, who: &str) -> Result<(), Verdict> {
        if let Some(socket) = self.client(who)?.socket.take() {
            let _closed_at_once = server::no_fork_meanwhile();
            socket.reset().map_err(Verdict::of_ours)?;
        }
        self.did(who, "close", "reset".into(), "resets the connection".into())
    }

    /// It reads the reply, some bytes.
    pub fn reply(&mut self, who: &str) -> Result<(), Verdict> {
        match self.receive(who)? {
            Received::Some(text) => self.received(who, text),
            Received::Nothing => Err(Verdict::NoReply(who.into())),
            Received::End => Err(Verdict::Ended(who.into(), "the connection was closed".into())),
        }
    }

    /// It reads what comes, until the end of the connection. There is to be a reply in front of the end.
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
                Err(e) if e.raw_os_error() != Some(libc::EAGAIN) => {
                    return Err(self.or_death(Verdict::Ended(who.into(), e.to_string())));
                }
                Err(_) => {
                    self.alive()?;
                    // Nothing here, nothing under way, and a server that rests: nothing more will come.
                    let under_way = kernel.find(server, client).map_err(Verdict::no_sock_diag)?;
                    let nothing = under_way.is_none_or(|end| end.send_queue == 0);
                    if nothing && self.server.sleeps() && self.nothing_to_read(who)? {
                        break;
                    }
                    thread::sleep(Duration::from_micros(100));
                }
            }
        }
        let all = whole.next().is_none();
        let words =
            if all { format!("{read} bytes, all as they should be") } else { "the beginning, and no more".into() };
        self.did(who, "recv", words.clone(), format!("Received from server: {words}"))?;
        if all { Ok(()) } else { Err(Verdict::CutShort(who.into())) }
    }

    fn nothing_to_read(&mut self, who: &str) -> Result<bool, Verdict> {
        let (client, server) = (self.client(who)?.address, self.server.address());
        let end = SockDiag::open().and_then(|mut kernel| kernel.find(client, server));
        Ok(end.map_err(Verdict::no_sock_diag)?.is_none_or(|end| end.receive_queue == 0))
    }

    /// It has asked for nothing, and is to have got nothing.
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

    /// It reads all that is there, and says whether the connection has ended behind it, in order or not.
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

    /// What a polite client does: connect, send, read the reply.
    pub fn polite(&mut self, who: &str) -> Result<(), Verdict> {
        self.connect(who)?;
        self.send(who, MESSAGE)?;
        self.reply(who)
    }

    /// Does `steps` while the server is stopped, so that one pass of its loop meets all of it.
    pub fn in_one_pass(&mut self, steps: impl FnOnce(&mut Self) -> Result<(), Verdict>) -> Result<(), Verdict> {
        if !self.server.stop() {
            self.alive()?;
            return Err(Verdict::Failed("the server could not be stopped (SIGSTOP)".into()));
        }
        (self.watch)(Event::Stopped(true));
        self.stopped = true;
        let result = steps(self);
        self.stopped = false;
        sock_diag::settle(&self.connections(), LIMIT).map_err(Verdict::no_sock_diag)?;
        (self.watch)(Event::Stopped(false));
        self.server.go_on();
        result?;
        self.let_the_server_work()
    }

    /// Does `steps`, which are too many to be told one by one, and tells of them as `words` of `who`. The server goes on
    /// meanwhile, and has its rest afterwards.
    pub fn in_short(
        &mut self,
        who: &str,
        words: &str,
        steps: impl FnOnce(&mut Self) -> Result<(), Verdict>,
    ) -> Result<(), Verdict> {
        (self.watch)(Event::Did { who: who.into(), call: "", args: words.into(), words: words.into() });
        self.quiet = true;
        let result = steps(self);
        self.quiet = false;
        result?;
        self.let_the_server_work()
    }

    /// Lets the server have as few descriptors as `at_least`, or as it needs for `room` more clients.
    pub fn limit_descriptors(&mut self, at_least: u64, room: u64) -> Result<(), Verdict> {
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

    /// Whether the server sleeps. Fails if it has ended.
    pub fn server_sleeps(&mut self) -> Result<bool, Verdict> {
        self.listen();
        self.alive()?;
        Ok(self.server.sleeps())
    }

    /// Returns when there is nothing left for the server to do, or at once while it is stopped; fails if it has ended, or
    /// never comes to rest.
    pub fn let_the_server_work(&mut self) -> Result<(), Verdict> {
        if self.stopped {
            return Ok(());
        }
        let begun = Instant::now();
        let used = processes::cpu_time(&self.server.processes());
        let mut pause = Duration::from_micros(50);
        loop {
            self.alive()?;
            // Twice, because between the two looks of one round something may still have been under way. Who sleeps for
            // a time may be about to go on; who still does after a while has nothing else to do.
            if self.is_quiet()? && (!self.server.naps() || begun.elapsed() > NAP) && self.is_quiet()? {
                self.listen();
                return Ok(());
            }
            let used = processes::cpu_time(&self.server.processes()).saturating_sub(used);
            if used > SPINS || begun.elapsed() > LIMIT {
                return Err(Verdict::Busy(used));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
    }

    fn did(&mut self, who: &str, call: &'static str, args: String, words: String) -> Result<(), Verdict> {
        if self.quiet {
            return Ok(());
        }
        (self.watch)(Event::Did { who: who.into(), call, args, words });
        self.let_the_server_work()
    }

    fn received(&mut self, who: &str, text: String) -> Result<(), Verdict> {
        let words = format!("Received from server: {text}");
        self.did(who, "recv", text, words)
    }

    fn is_quiet(&self) -> Result<bool, Verdict> {
        // A server that is to come to rest has first to go to sleep, which is the cheaper question.
        if !self.server.sleeps() {
            return Ok(false);
        }
        let settled = sock_diag::settle(&self.connections(), Duration::ZERO).map_err(Verdict::no_sock_diag)?;
        Ok(settled && self.server.sleeps())
    }

    /// The verdict on a server that has ended, or else nothing.
    fn alive(&mut self) -> Result<(), Verdict> {
        // The status first: what a process said is all there once it has ended.
        let ended = self.server.ended();
        self.listen();
        match ended {
            Some(status) => Err(Verdict::Died { status, last_words: self.last_words.take() }),
            None => Ok(()),
        }
    }

    /// What became of the server, if that is more than `verdict` says of one client.
    fn or_death(&mut self, verdict: Verdict) -> Verdict {
        self.let_the_server_work().err().unwrap_or(verdict)
    }

    fn check<T>(&mut self, who: &str, result: Result<T, Error>) -> Result<(), Verdict> {
        match result {
            Ok(_) => Ok(()),
            Err(e) => Err(self.or_death(Verdict::Ended(who.into(), e.to_string()))),
        }
    }

    fn listen(&mut self) {
        for line in self.server.said() {
            // The last line that names an error; else the last. What stands behind it may be anything (a version).
            let names = |text: &str| errno::name_in(text).is_some() || verdict::exception_in(text).is_some();
            let named = self.last_words.as_deref().is_some_and(names);
            if line.error && !line.text.trim().is_empty() && (names(&line.text) || !named) {
                self.last_words = Some(line.text.clone());
            }
            (self.watch)(Event::Said(line));
        }
    }

    /// Waits until the listener's queue has room for one more, so that no SYN is lost and sent again a second later.
    fn wait_for_room(&mut self, who: &str) -> Result<(), Verdict> {
        let begun = Instant::now();
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        loop {
            let listener = kernel.listener(self.server.address()).map_err(Verdict::no_sock_diag)?;
            if listener.is_none_or(|listener| listener.receive_queue < listener.send_queue.max(1)) {
                return Ok(());
            }
            self.alive()?;
            let rests = self.server.sleeps() && begun.elapsed() >= self.patience;
            if rests && kernel.listener(self.server.address()).ok() == Some(listener) || begun.elapsed() > LIMIT {
                return Err(Verdict::Refused(who.into(), "the listener's queue is full".into()));
            }
            thread::sleep(Duration::from_micros(50));
        }
    }

    fn wait_until_connected(&mut self, who: &str, socket: &Socket) -> Result<(), Verdict> {
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

    /// Waits for bytes, for the end, or until it is clear that nothing comes.
    fn receive(&mut self, who: &str) -> Result<Received, Verdict> {
        let begun = Instant::now();
        loop {
            let received = self.receive_now(who)?;
            if !matches!(received, Received::Nothing) {
                return Ok(received);
            }
            self.alive()?;
            if begun.elapsed() >= self.patience && self.is_quiet()? && self.is_quiet()? {
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
            Err(e) if e.raw_os_error() == Some(libc::EAGAIN) => Ok(Received::Nothing),
            Err(e) => Err(self.or_death(Verdict::Ended(who.into(), e.to_string()))),
            Ok(0) => {
                // The end of the connection may be the end of the server.
                self.let_the_server_work()?;
                Ok(Received::End)
            }
            Ok(n) => Ok(Received::Some(String::from_utf8_lossy(&buffer[..n]).into_owned())),
        }
    }

    fn connections(&self) -> Vec<(SocketAddr, SocketAddr)> {
        let server = self.server.address();
        self.all.iter().filter(|client| client.settles).map(|client| (client.address, server)).collect()
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

enum Received {
    Some(String),
    Nothing,
    End,
}

impl Drop for Clients<'_> {
    /// The server ends first: it is not to see its last clients go.
    fn drop(&mut self) {
        self.server.end();
    }
}
