//! Chapter 14's exercise, solved: after an edge the server receives and accepts until
//! there is no more; a client that has much to say is asked about anew after some of it.

use std::collections::BTreeMap;
use std::net::Shutdown;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use close_call::epoll::{Epoll, Events};
use close_call::net::{Address, Error, Result, Socket};
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

/// Receive so many times from one client, and then let the others have their turn.
const TURN: usize = 16;

struct Connection {
    socket: Socket, // closed when the connection is dropped, and never before
    name: Address,  // from accept
    output: Vec<u8>, // still to be sent
    ended: bool,    // the client has finished sending; it may still read
    asked: Events,  // what epoll has been asked about it
    more: bool,     // it may have sent more than was received
}

impl Connection {
    /// What to ask epoll about it.
    fn wanted(&self) -> Events {
        let urgent = if self.ended { Events::NONE } else { Events::PRI };
        let mut events = urgent | Events::ET;
        if !self.ended && self.output.len() < BOUND {
            events |= Events::IN;
        }
        if !self.output.is_empty() {
            events |= Events::OUT;
        }
        events
    }
}

fn serve(listener: Socket, signals: Signals) -> Result<()> {
    let mut connections: BTreeMap<Id, Connection> = BTreeMap::new();
    let mut next: Id = SIGNALS + 1;
    let greeting = chapter::greeting();
    listener.set_nonblocking(true)?;
    let mut full: Option<Instant> = None; // when accept last found no descriptor free
    let epoll = Epoll::new()?;
    epoll.add(&listener, Events::IN | Events::ET, LISTENER)?;
    epoll.add(&signals, Events::IN, SIGNALS)?;
    let mut listener = Some((listener, Events::IN | Events::ET)); // until a signal

    while listener.is_some() || !connections.is_empty() {
        // With no descriptor free, accept fails and the listener stays readable.
        // Watching it would spin, so it is left out for a second.
        let second = Duration::from_secs(1);
        let rest = full.map(|since| second.saturating_sub(since.elapsed()));
        let rest = rest.filter(|rest| !rest.is_zero());
        if let Some((listener, asked)) = &mut listener {
            let open = Events::IN | Events::ET;
            let wanted = if rest.is_none() { open } else { Events::NONE };
            if wanted != *asked {
                epoll.modify(&*listener, wanted, LISTENER)?;
                *asked = wanted;
            }
        }
        let ready = epoll.wait(rest);
        if ready.as_ref().is_err_and(Error::interrupted) {
            continue; // by a signal, or by a stop
        }
        let ready = ready?;

        for &(id, events) in &ready {
            // An id that is not found is gone for good, and names no other connection.
            let Some(connection) = connections.get_mut(&id) else { continue };
            let stays = converse(connection, events, &greeting);
            if let Ok(true) = stays {
                // Asked anew if something else is wanted; or if there is more, which
                // then is an edge once again.
                if connection.wanted() != connection.asked || connection.more {
                    connection.asked = connection.wanted();
                    epoll.modify(&connection.socket, connection.asked, id)?;
                }
            } else {
                close(&epoll, connections.remove(&id), stays.err())?;
                full = None; // a descriptor is free
            }
        }

        let is_ready = |wanted: Id| ready.iter().any(|(id, _)| *id == wanted);
        if is_ready(SIGNALS) {
            log!("stopping on {}", signals.take());
            if let Some((listener, _)) = listener.take() {
                epoll.remove(&listener)?;
            }
            // What has come is still read, and then each seems to have ended sending.
            // One that was reset is down already.
            for connection in connections.values() {
                let _ = connection.socket.shutdown(Shutdown::Read);
            }
        }

        // Until the queue is empty, or there is no descriptor.
        while let Some((listener, _)) =
            listener.as_ref().filter(|_| is_ready(LISTENER))
        {
            match listener.accept() {
                Ok((socket, name)) => {
                    log!("New connection from {name}");
                    socket.set_nonblocking(true)?;
                    let output = Vec::new();
                    let asked = Events::IN | Events::PRI | Events::ET;
                    match epoll.add(&socket, asked, next) {
                        Ok(()) => {
                            let (ended, more) = (false, false);
                            let client = Connection {
                                socket,
                                name,
                                output,
                                ended,
                                asked,
                                more,
                            };
                            connections.insert(next, client);
                        }
                        // There is a limit to what epoll watches, for each user.
                        Err(error) => log!("turning away {name}: {error}"),
                    }
                    next += 1;
                    full = None;
                }
                Err(error) if error.would_block() => break, // nothing more
                Err(error) if error.aborted() => {} // it was broken off in the queue
                Err(error) if error.out_of_resources() => {
                    if full.is_none() {
                        log!("no descriptor for the next client: {error}");
                    }
                    full = Some(Instant::now());
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Does what the events call for. False when the client is done; an error ends it too.
fn converse(client: &mut Connection, events: Events, greeting: &[u8]) -> Result<bool> {
    client.more = events.intersects(Events::IN | Events::ERR | Events::HUP);
    for _ in 0..TURN {
        if !client.more || client.output.len() >= BOUND {
            break;
        }
        let mut buffer = [0; 1024];
        match client.socket.recv(&mut buffer) {
            Ok(n @ 1..) => {
                let message = String::from_utf8_lossy(&buffer[..n]);
                log!("received {message:?} from {}", client.name);
                client.output.extend(greeting);
            }
            Ok(_) => (client.ended, client.more) = (true, false),
            Err(error) if error.would_block() => client.more = false,
            Err(error) => return Err(error),
        }
    }
    if !client.output.is_empty() {
        // At once, and not in the next pass. What there is no room for has to wait.
        match client.socket.send(&client.output) {
            Ok(n) => drop(client.output.drain(..n)),
            Err(error) if error.would_block() => {}
            Err(error) => return Err(error),
        }
    }
    if events.intersects(Events::PRI) {
        log!("handling exceptional condition for {}", client.name);
        client.ended = true; // it is sent what it is owed, and that is all
    }
    // A client that has finished sending, and is owed nothing, is done.
    Ok(!client.ended || !client.output.is_empty())
}

/// Takes the connection out of epoll's list, and then closes its socket, which is when
/// it is dropped: at the end of this function.
fn close(epoll: &Epoll, gone: Option<Connection>, error: Option<Error>) -> Result<()> {
    let Some(Connection { socket, name, .. }) = &gone else { return Ok(()) };
    match error {
        None => log!("closing connection to {name}"),
        Some(e) => log!("closing connection to {name} after {}", e.brief()),
    }
    epoll.remove(socket)
}
