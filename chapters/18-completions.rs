//! Chapter 18: the same server on io_uring. A request in flight owns a share of its
//! socket and all of its buffer, and the last completion is the close. Nothing in it is
//! broken on purpose; on SIGINT or SIGTERM it sends what it owes, and stops.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use std::{mem, net::Shutdown, process::ExitCode};

use close_call::net::{Address, Error, Result, Socket};
use close_call::ring::{Done, Ring};
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
    socket: Rc<Socket>, // a share; each of its requests in flight has another
    name: Address,      // from accept
    output: Vec<u8>,    // still to be sent, when what is being sent has been
    ended: bool,        // the client has finished sending; it may still read
    receiving: bool,    // a recv is in flight
    sending: bool,      // a send is in flight
}

impl Connection {
    /// Requests what is wanted, and is not in flight already.
    fn request(&mut self, ring: &mut Ring, id: Id) -> Result<()> {
        if !self.receiving && !self.ended && self.output.len() < BOUND {
            self.receiving = true;
            ring.recv(id, &self.socket, 1024)?;
        }
        if !self.sending && !self.output.is_empty() {
            self.sending = true;
            ring.send(id, &self.socket, mem::take(&mut self.output))?;
        }
        Ok(())
    }
}

fn serve(listener: Socket, signals: Signals) -> Result<()> {
    let mut connections: BTreeMap<Id, Connection> = BTreeMap::new();
    let mut next: Id = SIGNALS + 1;
    let greeting = chapter::greeting();
    let mut full: Option<Instant> = None; // when accept last found no descriptor free
    let mut accepting = false; // an accept is in flight
    let mut ring = Ring::new()?;
    let signals = Rc::new(signals);
    ring.readable(SIGNALS, &signals)?;
    let mut listener = Some(Rc::new(listener)); // until a signal tells us to stop

    // What waits for a signal is in flight until one has come, and then the rest is.
    while !ring.is_empty() {
        // With no descriptor free, accept fails at once, whether a client waits or not.
        // Asking again would spin, so it is left out for a second.
        let second = Duration::from_secs(1);
        let rest = full.map(|since| second.saturating_sub(since.elapsed()));
        let rest = rest.filter(|rest| !rest.is_zero());
        let wanted = listener.as_ref().filter(|_| rest.is_none() && !accepting);
        if let Some(listener) = wanted {
            accepting = true;
            ring.accept(LISTENER, listener)?;
        }

        for (id, done) in ring.wait(rest)? {
            match done {
                Done::Readable => {
                    log!("stopping on {}", signals.take());
                    // What waits for a client waits no more: the accept fails, and each
                    // recv returns what has come, or that nothing more does.
                    let clients = connections.values().map(|client| &client.socket);
                    for socket in clients.chain(&listener.take()) {
                        let _ = socket.shutdown(Shutdown::Read); // or it is down
                    }
                }
                Done::Accepted(_) if listener.is_none() => {} // too late
                Done::Accepted(accepted) => {
                    accepting = false;
                    match accepted {
                        Ok((socket, name)) => {
                            log!("New connection from {name}");
                            let mut client = Connection {
                                socket: Rc::new(socket),
                                name,
                                output: Vec::new(),
                                ended: false,
                                receiving: false,
                                sending: false,
                            };
                            client.request(&mut ring, next)?;
                            connections.insert(next, client);
                            next += 1;
                            full = None;
                        }
                        Err(error) if error.aborted() => {} // broken off in the queue
                        Err(error) if error.out_of_resources() => {
                            if full.is_none() {
                                log!("no descriptor for the next client: {error}");
                            }
                            full = Some(Instant::now());
                        }
                        Err(error) => return Err(error),
                    }
                }
                done => {
                    // An id that is not found is gone for good, and names no other
                    // connection.
                    let Some(client) = connections.get_mut(&id) else { continue };
                    match converse(client, done, &greeting) {
                        Ok(true) => client.request(&mut ring, id)?,
                        over => {
                            close(connections.remove(&id), over.err());
                            full = None; // a descriptor is free
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// Does what the completion calls for. False when the client is done; an error ends it
/// too.
fn converse(client: &mut Connection, done: Done, greeting: &[u8]) -> Result<bool> {
    match done {
        Done::Received(received) => {
            client.receiving = false;
            let message = received?;
            client.ended = message.is_empty();
            if !client.ended {
                let message = String::from_utf8_lossy(&message);
                log!("received {message:?} from {}", client.name);
                client.output.extend(greeting);
            }
        }
        Done::Sent(sent, mut bytes) => {
            client.sending = false;
            // The socket takes what it has room for. The rest comes first in the next.
            bytes.drain(..sent?);
            bytes.append(&mut client.output);
            client.output = bytes;
        }
        Done::Accepted(_) | Done::Readable => {} // of no client
    }
    // A client that has finished sending, and is owed nothing, is done.
    Ok(!client.ended || client.sending || !client.output.is_empty())
}

/// Shuts the connection down, so that what is in flight for it completes, and gives up
/// our share of its socket, at the end of this function. The last share is the close.
fn close(gone: Option<Connection>, error: Option<Error>) {
    let Some(Connection { socket, name, .. }) = &gone else { return };
    match error {
        None => log!("closing connection to {name}"),
        Some(e) => log!("closing connection to {name} after {}", e.brief()),
    }
    let _ = socket.shutdown(Shutdown::Both); // or it is down
}
