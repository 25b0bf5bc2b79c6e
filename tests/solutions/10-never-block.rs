//! Chapter 10's exercise, solved: with no descriptor free, the listener is left out of
//! what select is asked about, for a second at most. A close ends that sooner.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use close_call::net::{Address, Error, Result, Socket};
use close_call::select::select;
use close_call::{chapter, log};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

/// Names a connection for as long as the server runs. No id is given out twice.
type Id = u64;
const LISTENER: Id = 0;

/// Stop reading from a client while this many bytes are queued for it.
const BOUND: usize = 64 * 1024;

/// Do not accept for so long after no descriptor was free.
const SECOND: Duration = Duration::from_secs(1);

struct Connection {
    socket: Socket, // closed when the connection is dropped, and never before
    name: Address,  // from accept
    output: Vec<u8>, // still to be sent
    ended: bool,    // the client has finished sending; it may still read
}

type Connections = BTreeMap<Id, Connection>;

fn serve(listener: Socket) -> Result<()> {
    let mut connections = Connections::new();
    let mut next: Id = LISTENER + 1;
    let greeting = chapter::greeting();
    listener.set_nonblocking(true)?;
    let mut full: Option<Instant> = None; // when accept last found no descriptor free

    loop {
        let rest = full.map(|since| SECOND.saturating_sub(since.elapsed()));
        let rest = rest.filter(|rest| !rest.is_zero());
        let watched = Some(&listener).filter(|_| rest.is_none());
        let [readable, writable, exceptional] = wait(watched, &connections, rest)?;
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

        if readable.contains(&LISTENER) {
            match listener.accept() {
                Ok((socket, name)) => {
                    log!("New connection from {name}");
                    socket.set_nonblocking(true)?;
                    let output = Vec::new();
                    connections.insert(
                        next,
                        Connection { socket, name, output, ended: false },
                    );
                    next += 1;
                }
                Err(error) if error.would_block() => {} // it left the queue
                Err(error) if error.out_of_resources() => full = Some(Instant::now()),
                Err(error) => return Err(error),
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

        // A client that has finished sending, and is owed nothing, is done.
        let done = connections.iter().filter(|(_, c)| c.ended && c.output.is_empty());
        for id in done.map(|(&id, _)| id).collect::<Vec<Id>>() {
            close(connections.remove(&id), None);
        }
        if connections.len() < before {
            full = None; // a close has freed a descriptor
        }
    }
}

/// Waits, and returns the ids of what is readable, writable and exceptional.
fn wait(
    listener: Option<&Socket>,
    connections: &Connections,
    timeout: Option<Duration>,
) -> Result<[Vec<Id>; 3]> {
    let those = |wanted: fn(&Connection) -> bool| {
        let those = connections.iter().filter(move |(_, c)| wanted(c));
        those.map(|(&id, c)| (id, c.socket.as_fd()))
    };
    let listener = listener.map(|listener| (LISTENER, listener.as_fd()));
    let inputs: Vec<_> =
        those(|c| !c.ended && c.output.len() < BOUND).chain(listener).collect();
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
