//! Chapter 17's exercise, solved: the send is submitted, and its completion has come,
//! before the number is closed.

use std::net::Shutdown;
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::process::ExitCode;
use std::ptr::null_mut;

use close_call::chapter;
use close_call::net::{self, Address, Error, Result, Socket, errno};
use io_uring::types::Fd;
use io_uring::{IoUring, opcode, squeue::Entry};

fn main() -> ExitCode {
    chapter::main_without_server(env!("CARGO_BIN_NAME"), show)
}

fn show() -> Result<()> {
    let mut ring = Ring::new()?;
    let listener = net::listen(&Address::any_port())?;

    println!("a recv is in flight, and its number is closed");
    let [alice, _bob] = [Client::connect(&listener)?, Client::connect(&listener)?];
    let (socket, number) = accept(&listener)?;
    ring.push("alice's recv", recv(number))?;
    say("the server submits a recv for alice", &ring.submit(0)?);
    drop(socket);
    say("... closes her socket", &ring.submit(0)?);
    let (_bobs, new) = accept(&listener)?;
    say("... and accepts bob", if new == number { "her number" } else { "another" });
    say("alice reads", &alice.reads()?);
    alice.socket.send(b"Hello, server!")?;
    say("alice sends a message", &ring.submit(1)?);
    say("alice reads", &alice.reads()?);

    println!("\na send is in the queue, and its number is closed and given out again");
    let [carol, dave] = [Client::connect(&listener)?, Client::connect(&listener)?];
    let (socket, number) = accept(&listener)?;
    ring.push("carol's send", send(number))?;
    say("the server queues a send for carol", "");
    say("... submits, and waits", &ring.submit(1)?);
    drop(socket);
    say("... closes her socket", "");
    let (_daves, new) = accept(&listener)?;
    say("... and accepts dave", if new == number { "her number" } else { "another" });
    say("carol reads", &carol.reads()?);
    say("dave reads", &dave.reads()?);

    println!("\nclose, accept and send in one submit");
    let [erin, frank] = [Client::connect(&listener)?, Client::connect(&listener)?];
    let number = accept(&listener)?.0.into_raw_fd(); // the ring will close it
    let fd = Fd(listener.as_raw_fd());
    ring.push("close", opcode::Close::new(Fd(number)).build())?;
    ring.push("accept", opcode::Accept::new(fd, null_mut(), null_mut()).build())?;
    ring.push("send", send(number))?;
    let done =
        ring.submit(3)?.replace(&format!("accept = {number}"), "accept = her number");
    say("the server submits all three", &done);
    say("erin reads", &erin.reads()?);
    say("frank reads", &frank.reads()?);

    println!("\nwhat helps: shutdown or cancel, then wait, then close");
    let [grace, heidi] = [Client::connect(&listener)?, Client::connect(&listener)?];
    let (socket, number) = accept(&listener)?;
    ring.push("grace's recv", recv(number))?;
    ring.submit(0)?;
    socket.shutdown(Shutdown::Both)?;
    say("the server shuts grace's socket down", &ring.submit(1)?);
    drop(socket);
    say("... and closes it; grace reads", &grace.reads()?);
    let (socket, number) = accept(&listener)?;
    let id = ring.push("heidi's recv", recv(number))?;
    ring.submit(0)?;
    ring.push("cancel", opcode::AsyncCancel::new(id).build())?;
    say("the server cancels heidi's recv", &ring.submit(2)?);
    drop(socket);
    say("... and closes her socket; heidi reads", &heidi.reads()?);
    Ok(())
}

/// Accepts as from chapter 9 on. The number is a copy, and nothing keeps it right.
fn accept(listener: &Socket) -> Result<(Socket, RawFd)> {
    let (socket, _) = listener.accept()?;
    let number = socket.as_raw_fd();
    Ok((socket, number))
}

fn say(what: &str, result: &str) {
    println!("{}", format!("  {what:<42}{result}").trim_end());
}

fn recv(number: RawFd) -> Entry {
    // Never freed: the kernel may write into it until the request is complete.
    let buffer = Box::leak(Box::new([0; 64]));
    opcode::Recv::new(Fd(number), buffer.as_mut_ptr(), 64).build()
}

fn send(number: RawFd) -> Entry {
    const REPLY: &[u8] = b"Hello, client!";
    opcode::Send::new(Fd(number), REPLY.as_ptr(), REPLY.len() as u32).build()
}

/// A ring, and the name of each request that was made. A request's place in the list
/// comes back with its completion. No two are the same.
struct Ring {
    ring: IoUring,
    requests: Vec<&'static str>,
}

impl Ring {
    fn new() -> Result<Ring> {
        let ring = IoUring::new(8).map_err(Error::of("io_uring_setup"))?;
        Ok(Ring { ring, requests: Vec::new() })
    }

    /// Puts a request into the queue, where the kernel does not look yet.
    fn push(&mut self, name: &'static str, request: Entry) -> Result<u64> {
        let id = self.requests.len() as u64;
        self.requests.push(name);
        // SAFETY: what the requests point to is never freed.
        let pushed = unsafe { self.ring.submission().push(&request.user_data(id)) };
        pushed.map_err(std::io::Error::other).map_err(Error::of("io_uring_enter"))?;
        Ok(id)
    }

    /// Hands the queue to the kernel, waits for as many completions, and says what all
    /// that have come hold.
    fn submit(&mut self, completions: usize) -> Result<String> {
        let submitted = self.ring.submit_and_wait(completions);
        submitted.map_err(Error::of("io_uring_enter"))?;
        let mut all: Vec<(u64, i32)> = self
            .ring
            .completion()
            .map(|done| (done.user_data(), done.result()))
            .collect();
        all.sort();
        let words = all.iter().map(|&(id, result)| {
            let result = match errno::name(-result) {
                Some(name) => name.to_string(),
                None => result.to_string(),
            };
            format!("{} = {result}", self.requests[id as usize])
        });
        let words: Vec<String> = words.collect();
        Ok(if words.is_empty() { "no completion".into() } else { words.join(", ") })
    }
}

struct Client {
    socket: Socket,
    ends: (Address, Address),
}

impl Client {
    fn connect(listener: &Socket) -> Result<Client> {
        let socket = Socket::new(&Address::any_port())?;
        socket.connect(&listener.local_addr()?)?;
        socket.set_nonblocking(true)?;
        let ends = (socket.local_addr()?, listener.local_addr()?);
        Ok(Client { socket, ends })
    }

    /// What has arrived, once all that was sent has.
    fn reads(&self) -> Result<String> {
        net::until_arrived(&self.ends.0, &self.ends.1)?;
        let mut buffer = [0; 64];
        match self.socket.recv(&mut buffer) {
            Ok(0) => Ok("the end".into()),
            Ok(n) => Ok(format!("{:?}", String::from_utf8_lossy(&buffer[..n]))),
            Err(error) if error.would_block() => Ok("nothing".into()),
            Err(error) => Ok(error.name()),
        }
    }
}
