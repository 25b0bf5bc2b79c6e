//! Chapter 11's exercise, solved: poll(2) in place of select, which knows no highest descriptor.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use close_call::chapter;
use close_call::net::{Address, Error, Result, Socket};
use close_call::signals::Signals;

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

/// Stands for a connection as long as the server runs. No id is given out twice.
type Id = u64;
const LISTENER: Id = 0;
const SIGNALS: Id = 1;

/// As long as so many bytes are to be sent to a client, nothing more is read from it.
const BOUND: usize = 64 * 1024;

struct Connection {
    socket: Socket,  // closed when the connection is dropped, and never before
    name: Address,   // from accept
    output: Vec<u8>, // what is still to be sent
    ended: bool,     // whether the client has finished sending; it may still read
}

fn serve(listener: Socket) -> Result<()> {
    let mut connections: BTreeMap<Id, Connection> = BTreeMap::new();
    let mut next: Id = SIGNALS + 1;
    let greeting = chapter::greeting();
    listener.set_nonblocking(true)?;
    let mut listener = Some(listener); // until we are told to stop
    let mut full: Option<Instant> = None; // since there was no descriptor for the next client
    let signals = Signals::catch(&[libc::SIGINT, libc::SIGTERM])?;

    while listener.is_some() || !connections.is_empty() {
        // Without a free descriptor the listener stays readable, and to listen would be to spin. So for a second we do not.
        let rest = full.map(|since| Duration::from_secs(1).saturating_sub(since.elapsed()));
        let mut others = vec![(SIGNALS, signals.as_fd())];
        others
            .extend(listener.iter().filter(|_| rest.is_none_or(|rest| rest.is_zero())).map(|l| (LISTENER, l.as_fd())));
        let timeout = rest.filter(|rest| !rest.is_zero());
        let [readable, writable, exceptional] = match wait(others, &connections, timeout) {
            Err(error) if error.interrupted() => continue, // a signal; what is left of the second is still left
            ready => ready?,
        };
        let before = connections.len();

        for id in &readable {
            // An id that is not there is gone for ever, and is nobody else's.
            let Some(connection) = connections.get_mut(id) else { continue };
            let mut buffer = [0; 1024];
            match connection.socket.recv(&mut buffer) {
                Ok(n @ 1..) => {
                    let message = String::from_utf8_lossy(&buffer[..n]);
                    println!("received {message:?} from {}", connection.name);
                    connection.output.extend(&greeting);
                }
                Ok(_) => connection.ended = true,
                Err(error) if error.would_block() => {} // select was wrong, or somebody was faster
                Err(error) => close(connections.remove(id), Some(error)),
            }
        }

        for id in &writable {
            let Some(connection) = connections.get_mut(id) else { continue };
            match connection.socket.send(&connection.output) {
                // The socket takes as much as it has room for. The rest waits until it is writable again.
                Ok(n) => drop(connection.output.drain(..n)),
                Err(error) if error.would_block() => {}
                Err(error) => close(connections.remove(id), Some(error)),
            }
        }

        for id in &exceptional {
            let Some(connection) = connections.remove(id) else { continue };
            println!("handling exceptional condition for {}", connection.name);
            close(Some(connection), None);
        }

        if readable.contains(&SIGNALS) {
            println!("stopping on {}", signals.take());
            listener = None;
            connections.values_mut().for_each(|connection| connection.ended = true);
        }

        // Who has finished sending, and has got what was due.
        let done = |connection: &Connection| connection.ended && connection.output.is_empty();
        for id in connections.iter().filter(|(_, c)| done(c)).map(|(&id, _)| id).collect::<Vec<Id>>() {
            close(connections.remove(&id), None);
        }
        if connections.len() < before {
            full = None; // a descriptor is free
        }

        if let Some(listener) = listener.as_ref().filter(|_| readable.contains(&LISTENER)) {
            match listener.accept() {
                Ok((socket, name)) => {
                    println!("New connection from {name}");
                    socket.set_nonblocking(true)?;
                    connections.insert(next, Connection { socket, name, output: Vec::new(), ended: false });
                    next += 1;
                    full = None;
                }
                Err(error) if error.would_block() || error.aborted() => {} // who waited is gone
                Err(error) if error.out_of_resources() => {
                    if full.is_none() {
                        println!("no room for the next client: {error}");
                    }
                    full = Some(Instant::now());
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Waits, and gives the ids of those that are readable, writable and exceptional.
fn wait(
    others: Vec<(Id, BorrowedFd)>,
    connections: &BTreeMap<Id, Connection>,
    timeout: Option<Duration>,
) -> Result<[Vec<Id>; 3]> {
    let mut ids: Vec<Id> = Vec::new();
    let mut fds: Vec<libc::pollfd> = Vec::new();
    let mut watch = |id: Id, fd: BorrowedFd, events: i16| {
        ids.push(id);
        fds.push(libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 });
    };
    for (id, fd) in others {
        watch(id, fd, libc::POLLIN);
    }
    for (&id, connection) in connections {
        let reads = !connection.ended && connection.output.len() < BOUND;
        let writes = !connection.output.is_empty();
        let events = libc::POLLPRI | if reads { libc::POLLIN } else { 0 } | if writes { libc::POLLOUT } else { 0 };
        watch(id, connection.socket.as_fd(), events);
    }

    let timeout = timeout.map_or(-1, |timeout| timeout.as_millis() as i32 + 1);
    // SAFETY: the kernel reads and writes `fds.len()` entries at `fds`, which is ours for the call.
    if unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout) } == -1 {
        return Err(Error::new("poll", io::Error::last_os_error()));
    }
    // Unlike select, poll tells of an end and of an error also when neither was asked for.
    let those = |events: i16| {
        let ready = ids.iter().zip(&fds).filter(move |(_, fd)| fd.revents & events != 0);
        ready.map(|(&id, _)| id).collect()
    };
    Ok([those(libc::POLLIN | libc::POLLHUP | libc::POLLERR), those(libc::POLLOUT), those(libc::POLLPRI)])
}

/// Takes the connection, and with it the right to use its socket. It is closed where this function ends.
fn close(connection: Option<Connection>, error: Option<Error>) {
    let Some(connection) = connection else { return };
    match error {
        None => println!("closing connection to {}", connection.name),
        Some(error) => println!("closing connection to {} after {error}", connection.name),
    }
}
