//! Chapter 13: epoll with the number as the token, as in its man page's example, and a
//! second handle of each socket that is kept for the log. Broken on purpose: to close a
//! number is not to close the socket.

use std::collections::HashMap;
use std::os::fd::{AsRawFd, RawFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use close_call::chapter::{self, GREETING};
use close_call::epoll::{Epoll, Events, Token};
use close_call::log;
use close_call::net::{Address, Error, Result, Socket};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

/// What is asked about a client, and about one that is owed a reply.
const QUIET: Events = Events::IN.or(Events::PRI);
const OWED: Events = QUIET.or(Events::OUT);

struct Connection {
    socket: Socket, // its number is closed when the connection is dropped
    name: Address,  // from accept
    owed: bool,     // whether a reply is due
}

fn serve(listener: Socket) -> Result<()> {
    let mut connections: HashMap<RawFd, Connection> = HashMap::new();
    let mut departed: Vec<(Socket, Address, Option<Error>)> = vec![]; // to be logged
    listener.set_nonblocking(true)?;
    let mut full: Option<Instant> = None; // when accept last found no descriptor free
    let epoll = Epoll::new()?;
    epoll.add(&listener, Events::IN, token(&listener))?;
    let mut watched = true; // whether the listener is watched

    loop {
        // With no descriptor free, accept fails and the listener stays readable.
        // Watching it would spin, so it is left out for a second.
        let second = Duration::from_secs(1);
        let rest = full.map(|since| second.saturating_sub(since.elapsed()));
        let rest = rest.filter(|rest| !rest.is_zero());
        if watched != rest.is_none() {
            watched = rest.is_none();
            let events = if watched { Events::IN } else { Events::NONE };
            epoll.modify(&listener, events, token(&listener))?;
        }
        // Look, and do not wait, while there are clients to be logged.
        let timeout = if departed.is_empty() { rest } else { Some(Duration::ZERO) };
        let ready = epoll.wait(timeout);
        if ready.as_ref().is_err_and(Error::interrupted) {
            continue; // by a signal, or by a stop
        }
        let ready = ready?;

        // The clients that left in the last pass. By now the last reply has been
        // acknowledged, or it never will be.
        for (handle, name, error) in departed.drain(..) {
            log(&name, &handle, error);
        }

        for &(token, events) in &ready {
            let fd = token as RawFd;
            // Not found: the listener, or a client that has left.
            let Some(connection) = connections.get_mut(&fd) else { continue };
            let stays = converse(&epoll, connection, events);
            if let Ok(true) = stays {
                continue;
            }
            let Some(connection) = connections.remove(&fd) else { continue };
            let Connection { socket, name, .. } = connection;
            match socket.try_clone() {
                Ok(handle) => departed.push((handle, name, stays.err())),
                Err(_) => log(&name, &socket, stays.err()), // no descriptor free
            }
            drop(socket); // from here on the number is free
            full = None;
        }

        if ready.iter().any(|&(ready, _)| ready == token(&listener)) {
            match listener.accept() {
                Ok((socket, name)) => {
                    log!("New connection from {name}");
                    socket.set_nonblocking(true)?;
                    epoll.add(&socket, QUIET, token(&socket))?;
                    let fd = socket.as_raw_fd();
                    connections.insert(fd, Connection { socket, name, owed: false });
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
}

/// The number, as in the man page's own example.
fn token(socket: &Socket) -> Token {
    socket.as_raw_fd() as Token
}

/// Does what the events call for. False when the client has left; an error ends it too.
fn converse(epoll: &Epoll, client: &mut Connection, events: Events) -> Result<bool> {
    let Connection { socket, name, owed } = client;
    if events.intersects(Events::IN | Events::ERR | Events::HUP) {
        let mut buffer = [0; 1024];
        match socket.recv(&mut buffer) {
            Ok(n @ 1..) => {
                let message = String::from_utf8_lossy(&buffer[..n]);
                log!("received {message:?} from {name}");
                if !*owed {
                    epoll.modify(&*socket, OWED, token(socket))?;
                }
                *owed = true;
            }
            Err(error) if error.would_block() => {} // epoll was wrong
            ended => {
                if *owed {
                    let _ = socket.send(GREETING); // before the close
                }
                return ended.map(|_| false);
            }
        }
    }
    if events.intersects(Events::OUT) {
        match socket.send(GREETING) {
            Ok(_) => epoll.modify(&*socket, QUIET, token(socket))?,
            Err(error) if error.would_block() => return Ok(true),
            Err(error) => return Err(error),
        }
        *owed = false;
    }
    if events.intersects(Events::PRI) {
        log!("handling exceptional condition for {name}");
        if *owed {
            let _ = socket.send(GREETING); // before the close
        }
        return Ok(false);
    }
    Ok(true)
}

/// Logs a client that has left, with what only an open socket knows.
fn log(name: &Address, socket: &Socket, error: Option<Error>) {
    let error =
        error.map_or(String::new(), |error| format!(" after {}", error.brief()));
    let bytes = socket.unacknowledged().unwrap_or(0);
    log!("closing connection to {name}{error}, {bytes} bytes not acknowledged");
}
