//! io_uring(7): requests go into a queue that the kernel reads, completions into another that we read.
//!
//! What a request needs belongs to it until it has completed: **all of its memory**, into which the kernel may write at
//! any moment, and **a share of its descriptor**, so that the number means the same socket when the kernel looks it up,
//! whenever that is. Both are kept here under the request's `user_data`, a number that is never used twice. So a socket
//! is closed when its last share is dropped, which is the caller's or that of the last request in flight for it. Linux
//! only.

use std::collections::HashMap;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, RawFd};
use std::rc::Rc;
use std::time::Duration;

use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, opcode, squeue::Entry};
use socket2::{SockAddr, SockAddrStorage};

use super::address::Address;
use super::error::{Error, Result};
use super::socket::Socket;
use super::trace;

/// Whom a request is for. It comes back with the completion, and may be anything: here it is an id of the caller's.
pub type Id = u64;

/// How many requests are handed to the kernel at a time.
const QUEUE: u32 = 256;

/// How many bytes an accept may write.
const ADDRESS: libc::socklen_t = size_of::<SockAddrStorage>() as libc::socklen_t;

/// A request that has completed, and what came of it. What was lent to it is back.
#[derive(Debug)]
pub enum Done {
    /// A connection and its peer's address, or why there is none; accept(2).
    Accepted(Result<(Socket, Address)>),
    /// The bytes that have come, none at the end; recv(2).
    Received(Result<Vec<u8>>),
    /// How many bytes were taken, and all that were to be sent; send(2).
    Sent(Result<usize>, Vec<u8>),
    /// It is readable, or will never be; poll(2).
    Readable,
}

/// What belongs to a request while it is in flight.
struct Request {
    call: &'static str,
    id: Id,
    of: Rc<dyn AsFd>,
    memory: Memory,
}

enum Memory {
    None,
    Bytes(Vec<u8>),
    Address(Box<(SockAddrStorage, libc::socklen_t)>),
}

/// The two queues, and what is in flight between them.
pub struct Ring {
    // Dropped in this order: the descriptor is closed, and then that is traced.
    ring: IoUring,
    _on_drop: trace::CloseOnDrop,
    /// By `user_data`. Never dropped: whatever is still in flight when the ring is dropped may be written to afterwards.
    in_flight: ManuallyDrop<HashMap<u64, Request>>,
    /// The next `user_data`.
    next: u64,
    /// Where those begin that are not handed in yet.
    handed_in: u64,
}

impl Ring {
    /// Fails with EPERM where io_uring is forbidden, with ENOSYS where there is none. io_uring_setup(2).
    #[track_caller]
    pub fn new() -> Result<Ring> {
        // One thread, and completions are worked out while it waits and at no other time. Linux before 6.1 knows neither.
        let ring = IoUring::builder().setup_single_issuer().setup_defer_taskrun().build(QUEUE);
        let ring = ring.or_else(|e| if e.raw_os_error() == Some(libc::EINVAL) { IoUring::new(QUEUE) } else { Err(e) });
        let ring = ring.map_err(Error::of("io_uring_setup"));
        trace::call("io_uring_setup", ring.as_ref().map(AsRawFd::as_raw_fd), || QUEUE.to_string());
        let ring = ring?;
        let on_drop = trace::CloseOnDrop::new(ring.as_raw_fd());
        Ok(Ring { ring, _on_drop: on_drop, in_flight: ManuallyDrop::default(), next: 0, handed_in: 0 })
    }

    /// Whether nothing is in flight: a wait would not end.
    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Requests a connection of `listener`, with its peer's address. It is closed on exec.
    pub fn accept(&mut self, id: Id, listener: &Rc<Socket>) -> Result<()> {
        let mut address = Box::new((SockAddrStorage::zeroed(), ADDRESS));
        let (to, length) = (&raw mut address.0, &raw mut address.1);
        let accept = |fd| opcode::Accept::new(fd, to.cast(), length).flags(libc::SOCK_CLOEXEC).build();
        self.request("accept", id, listener.clone(), Memory::Address(address), accept)
    }

    /// Requests what `socket` receives, at most `length` bytes.
    pub fn recv(&mut self, id: Id, socket: &Rc<Socket>, length: usize) -> Result<()> {
        let mut buffer = vec![0; length];
        let to = buffer.as_mut_ptr();
        let recv = |fd| opcode::Recv::new(fd, to, length_of(length)).build();
        self.request("recv", id, socket.clone(), Memory::Bytes(buffer), recv)
    }

    /// Requests that `socket` sends `bytes`, of which it may take fewer. To a peer that is gone that fails with EPIPE and
    /// raises no SIGPIPE.
    pub fn send(&mut self, id: Id, socket: &Rc<Socket>, bytes: Vec<u8>) -> Result<()> {
        let (from, length) = (bytes.as_ptr(), length_of(bytes.len()));
        let send = |fd| opcode::Send::new(fd, from, length).flags(libc::MSG_NOSIGNAL).build();
        self.request("send", id, socket.clone(), Memory::Bytes(bytes), send)
    }

    /// Requests to be told, once, that `source` is readable.
    pub fn readable(&mut self, id: Id, source: &Rc<impl AsFd + 'static>) -> Result<()> {
        let poll = |fd| opcode::PollAdd::new(fd, libc::POLLIN as u32).build();
        self.request("poll", id, source.clone(), Memory::None, poll)
    }

    fn request(
        &mut self,
        call: &'static str,
        id: Id,
        of: Rc<dyn AsFd>,
        memory: Memory,
        entry: impl FnOnce(Fd) -> Entry,
    ) -> Result<()> {
        let entry = entry(Fd(of.as_fd().as_raw_fd())).user_data(self.next);
        // SAFETY: what the entry points to is on the heap, in `memory`. Nothing
        // touches that or frees it before the request has completed: it is in the map
        // until then, which a ring that is dropped leaves alone. `of` keeps the number.
        while unsafe { self.ring.submission().push(&entry) }.is_err() {
            self.ring.submit().map_err(Error::of("io_uring_enter"))?; // makes room
        }
        self.in_flight.insert(self.next, Request { call, id, of, memory });
        self.next += 1;
        Ok(())
    }

    /// Hands in what was requested, waits until something has completed, or until `timeout` has passed, and returns what
    /// has. That can be nothing: a signal that was caught ends the wait, and so does a stop. io_uring_enter(2).
    #[track_caller]
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<(Id, Done)>> {
        let entered = self.enter(timeout).map_err(Error::of("io_uring_enter"));
        let done: Vec<(u64, i32)> = match &entered {
            Ok(_) => self.ring.completion().map(|entry| (entry.user_data(), entry.result())).collect(),
            Err(_) => Vec::new(),
        };
        let said = |(user_data, result): &(u64, i32)| Some((self.named(*user_data)?, *result));
        trace::io_uring_enter(
            self.ring.as_raw_fd(),
            || (self.handed_in..self.next).filter_map(|user_data| self.named(user_data)).collect(),
            timeout,
            entered.as_ref().map(|_| || done.iter().filter_map(said).collect()),
        );
        self.handed_in = self.next;
        match entered {
            Err(error) if !matches!(error.raw_os_error(), Some(libc::EINTR | libc::ETIME | libc::EBUSY)) => Err(error),
            // Here each share of a socket is dropped whose request has completed.
            _ => Ok(done
                .into_iter()
                .filter_map(|(key, result)| Some(self.in_flight.remove(&key)?.done(result)))
                .collect()),
        }
    }

    fn enter(&self, timeout: Option<Duration>) -> io::Result<usize> {
        match timeout.map(Timespec::from) {
            None => self.ring.submit_and_wait(1),
            Some(time) => self.ring.submitter().submit_with_args(1, &SubmitArgs::new().timespec(&time)),
        }
    }

    /// A request in flight, as the trace names it.
    fn named(&self, user_data: u64) -> Option<trace::Request> {
        let Request { call, of, .. } = self.in_flight.get(&user_data)?;
        Some(trace::Request { call, fd: of.as_fd().as_raw_fd(), user_data })
    }
}

impl Request {
    /// What came of it: its share is dropped, and its memory is ours again.
    fn done(self, result: i32) -> (Id, Done) {
        let count = usize::try_from(result);
        let error = || Error::new(self.call, io::Error::from_raw_os_error(-result));
        let done = match self.memory {
            Memory::None => Done::Readable,
            Memory::Bytes(bytes) if self.call == "send" => Done::Sent(count.map_err(|_| error()), bytes),
            Memory::Bytes(mut bytes) => Done::Received(count.map_err(|_| error()).map(|count| {
                bytes.truncate(count);
                bytes
            })),
            Memory::Address(_) if result < 0 => Done::Accepted(Err(error())),
            Memory::Address(address) => Done::Accepted(Ok(accepted(result, *address))),
        };
        (self.id, done)
    }
}

/// What an accept has returned, and where it has written the address and its length.
fn accepted(fd: RawFd, (storage, length): (SockAddrStorage, libc::socklen_t)) -> (Socket, Address) {
    // SAFETY: the kernel has just opened this descriptor, and nothing else knows of it.
    let socket = unsafe { socket2::Socket::from_raw_fd(fd) };
    // SAFETY: the accept has succeeded, so both were written by the kernel.
    (socket.into(), Address(unsafe { SockAddr::new(storage, length) }))
}

/// A length as a request has it. More than that is handed in with the next.
fn length_of(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
