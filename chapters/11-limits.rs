//! Chapter 11: the server lives within its limits: descriptors, FD_SETSIZE, signals,
//! connections that are gone before they are accepted. Nothing in it is broken on
//! purpose; on SIGINT or SIGTERM it sends what it owes, and stops.

use std::collections::BTreeMap;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use close_call::net::{Address, Error, Result, Socket};
use close_call::select::{FD_SETSIZE, select};
use close_call::signals::Signals;
use close_call::{chapter, log};

fn main() -> ExitCode {
    chapter::main_that_stops(env!("CARGO_BIN_NAME"), serve)
}

/// Names a connection for as long as the server runs. No id is given out twice.
type Id = u64;
const LISTENER: Id = 0;
const SIGNALS: Id = 1;

/// Stop reading from a client while this many bytes are queued for it.
const BOUND: usize = 64 * 1024;

struct Connection {
    socket: Socket, // closed when the connection is dropped, and never before
    name: Address,  // from accept
    output: Vec<u8>, // still to be sent
    ended: bool,    // the client has finished sending; it may still read
}

type Connections = BTreeMap<Id, Connection>;

fn serve(listener: Socket, signals: Signals) -> Result<()> {
    let mut connections = Connections::new();
    let mut next: Id = SIGNALS + 1;
    let greeting = chapter::greeting();
    listener.set_nonblocking(true)?;
    let mut listener = Some(listener); // until a signal tells us to stop
    let mut full: Option<Instant> = None; // when accept last found no descriptor free

    while listener.is_some() || !connections.is_empty() {
        // With no descriptor free, accept fails and the listener stays readable.
        // Watching it would spin, so it is left out for a second.
        let second = Duration::from_secs(1);
        let rest = full.map(|since| second.saturating_sub(since.elapsed()));
        let rest = rest.filter(|rest| !rest.is_zero());
        let watched = listener.as_ref().filter(|_| rest.is_none());
        let mut others = vec![(SIGNALS, signals.as_fd())];
        others.extend(watched.map(|listener| (LISTENER, listener.as_fd())));
        let ready = wait(others, &connections, rest);
        if ready.as_ref().is_err_and(Error::interrupted) {
            continue; // by a signal
        }
        let [readable, writable, exceptional] = ready?;
        let before = connections.len();

        for id in &readable {
            // An id that is not found is gone for good, and names no other connection.
            let Some(connection) = connections.get_mut(id) else { continue };
            let mut buffer = [0; 1024];
            match connection.socket.recv(&mut buffer) {
                Ok(n @ 1..) => {
                    let message = String::from_utf8_lossy(&buffer[..n]);
                    log!("received {message:?} from {}", connection.name);
                    connection.output.extend(&greeting);
                }
                Ok(_) => connection.ended = true,
                Err(error) if error.would_block() => {} // select was wrong
                Err(error) => close(connections.remove(id), Some(error)),
            }
        }

        for id in &writable {
            let Some(connection) = connections.get_mut(id) else { continue };
            match connection.socket.send(&connection.output) {
                // The socket takes what it has room for. The rest has to wait.
                Ok(n) => drop(connection.output.drain(..n)),
                Err(error) if error.would_block() => {}
                Err(error) => close(connections.remove(id), Some(error)),
            }
        }

        for id in &exceptional {
            let Some(connection) = connections.get_mut(id) else { continue };
            log!("handling exceptional condition for {}", connection.name);
            connection.ended = true; // it is sent what it is owed, and that is all
        }

        if readable.contains(&SIGNALS) {
            log!("stopping on {}", signals.take());
            listener = None;
            // What has come is still read, and then each seems to have ended sending.
            // One that was reset is down already.
            for connection in connections.values() {
                let _ = connection.socket.shutdown(Shutdown::Read);
            }
        }

        // A client that has finished sending, and is owed nothing, is done.
        let done = connections.iter().filter(|(_, c)| c.ended && c.output.is_empty());
        for id in done.map(|(&id, _)| id).collect::<Vec<Id>>() {
            close(connections.remove(&id), None);
        }
        if connections.len() < before {
            full = None; // a close has freed a descriptor
        }

        if let Some(listener) =
            listener.as_ref().filter(|_| readable.contains(&LISTENER))
        {
            match listener.accept() {
                Ok((socket, name)) if socket.as_raw_fd() >= FD_SETSIZE => {
                    let fd = socket.as_raw_fd();
                    log!("turning away {name}: select cannot watch descriptor {fd}");
                }
                Ok((socket, name)) => {
                    log!("New connection from {name}");
                    socket.set_nonblocking(true)?;
                    let output = Vec::new();
                    connections.insert(
                        next,
                        Connection { socket, name, output, ended: false },
                    );
                    next += 1;
                    full = None;
                }
                // It has left the queue, or was broken off there.
                Err(error) if error.would_block() || error.aborted() => {}
                Err(error) if error.out_of_resources() => {
                    if full.is_none() {
                        log!("no descriptor for the next client: {error}");
                    }
                    full = Some(Instant::now());
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Waits, and returns the ids of what is readable, writable and exceptional.
fn wait(
    others: Vec<(Id, BorrowedFd)>,
    connections: &Connections,
    timeout: Option<Duration>,
) -> Result<[Vec<Id>; 3]> {
    let those = |wanted: fn(&Connection) -> bool| {
        let those = connections.iter().filter(move |(_, c)| wanted(c));
        those.map(|(&id, c)| (id, c.socket.as_fd()))
    };
    let inputs: Vec<_> =
        those(|c| !c.ended && c.output.len() < BOUND).chain(others).collect();
    let outputs: Vec<_> = those(|c| !c.output.is_empty()).collect();
    let exceptions: Vec<_> = those(|c| !c.ended).collect();

    let ready = select(&inputs, &outputs, &exceptions, timeout)?;
    let ids = |list: Vec<(Id, _)>| list.into_iter().map(|(id, _)| id).collect();
    Ok([ids(ready.readable), ids(ready.writable), ids(ready.exceptional)])
}

/// Takes the connection, and with it the right to use its socket, which is closed when
/// this function ends.
fn close(connection: Option<Connection>, error: Option<Error>) {
    let Some(Connection { name, .. }) = &connection else { return };
    match error {
        None => log!("closing connection to {name}"),
        Some(e) => log!("closing connection to {name} after {}", e.brief()),
    }
}
