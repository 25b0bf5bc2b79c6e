//! The exercise of chapter 18: a send in flight has a share of its socket, which is not
//! closed before the last of them has completed.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, RawFd};
use std::process::ExitCode;
use std::rc::Rc;

use close_call::chapter::GREETING;
use close_call::net::{Address, Error, Result, Socket};
use close_call::{chapter, log};
use io_uring::types::Fd;
use io_uring::{IoUring, cqueue, opcode, squeue::Entry};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

// What a completion is about: the number of a socket, and with this bit a send on it.
const SEND: u64 = 1 << 32;
const BUFFER: u64 = 1 << 33;

// The kernel takes a buffer of these for each message, and says which.
const GROUP: u16 = 0;
const BUFFERS: u16 = 64;
const SIZE: usize = 1024;

fn serve(listener: Socket) -> Result<()> {
    // What completes is worked out while we wait, not while a signal is pending: recv
    // would say EAGAIN at the mark of an urgent byte, and not be woken again.
    let ring =
        IoUring::builder().setup_single_issuer().setup_defer_taskrun().build(256);
    let mut ring = ring.map_err(Error::of("io_uring_setup"))?;
    let buffers = Box::leak(vec![[0u8; SIZE]; BUFFERS.into()].into_boxed_slice());
    let start = buffers.as_mut_ptr().cast::<u8>();
    provide(&mut ring, start, BUFFERS, 0)?;
    let poll = opcode::PollAdd::new(Fd(listener.as_raw_fd()), libc::POLLIN as u32);
    push(&mut ring, poll.multi(true).build(), listener.as_raw_fd() as u64)?;
    listener.set_nonblocking(true)?;
    let mut clients: BTreeMap<RawFd, (Rc<Socket>, Address)> = BTreeMap::new();
    // Lent to sends in flight.
    let mut lent: BTreeMap<u64, Vec<Rc<Socket>>> = BTreeMap::new();

    loop {
        match ring.submit_and_wait(1) {
            Err(error) if error.raw_os_error() == Some(libc::EINTR) => {}
            entered => drop(entered.map_err(Error::of("io_uring_enter"))?),
        }
        let done: Vec<cqueue::Entry> = ring.completion().collect();
        for entry in done {
            let number = entry.user_data() as RawFd;
            if number == listener.as_raw_fd() {
                while let Ok((socket, name)) = listener.accept() {
                    log!("New connection from {name}");
                    let number = socket.as_raw_fd();
                    let recv = opcode::RecvMulti::new(Fd(number), GROUP).build();
                    push(&mut ring, recv, number as u64)?;
                    clients.insert(number, (Rc::new(socket), name));
                }
            } else if entry.user_data() < SEND {
                let Some((socket, name)) = clients.get(&number) else { continue };
                let Some(buffer) = cqueue::buffer_select(entry.flags()) else {
                    // No buffer, and so no message: the end, or an error.
                    log!("closing connection to {name}");
                    clients.remove(&number);
                    continue;
                };
                let length = entry.result() as usize;
                let message =
                    String::from_utf8_lossy(&buffers[usize::from(buffer)][..length]);
                log!("received {message:?} from {name}");
                push(&mut ring, greeting(number), SEND | number as u64)?;
                lent.entry(SEND | number as u64).or_default().push(socket.clone());
                let start = buffers[usize::from(buffer)].as_mut_ptr();
                provide(&mut ring, start, 1, buffer)?;
            } else if let Some(shares) = lent.get_mut(&entry.user_data()) {
                shares.pop();
            }
        }
    }
}

fn greeting(number: RawFd) -> Entry {
    let send = opcode::Send::new(Fd(number), GREETING.as_ptr(), GREETING.len() as u32);
    send.flags(libc::MSG_NOSIGNAL).build()
}

/// Gives buffers to the kernel, of which the first has this number.
fn provide(ring: &mut IoUring, start: *mut u8, count: u16, first: u16) -> Result<()> {
    let provide = opcode::ProvideBuffers::new(start, SIZE as i32, count, GROUP, first);
    push(ring, provide.build(), BUFFER)
}

fn push(ring: &mut IoUring, request: Entry, user_data: u64) -> Result<()> {
    let request = request.user_data(user_data);
    // SAFETY: what the requests point to is never freed.
    while unsafe { ring.submission().push(&request) }.is_err() {
        ring.submit().map_err(Error::of("io_uring_enter"))?;
    }
    Ok(())
}
