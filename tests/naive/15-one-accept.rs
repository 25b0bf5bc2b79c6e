//! Chapter 15 with one accept per event, as a level-triggered loop may do it. Broken
//! on purpose; the book shows what becomes of what is left in the queue.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsRawFd;
use std::{mem, process::ExitCode, time::Duration};

use close_call::net::{Error, Result, Socket};
use close_call::signals::Signals;
use close_call::{chapter, log};
use mio::event::{Event, Source};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, unix::SourceFd};

fn main() -> ExitCode {
    chapter::main_that_stops(env!("CARGO_BIN_NAME"), serve)
}

// A token names a connection for as long as the server runs. None is given out twice.
const LISTENER: Token = Token(0);
const SIGNALS: Token = Token(1);

/// Stop reading from a client while this many bytes are queued for it.
const BOUND: usize = 64 * 1024;

struct Connection {
    stream: TcpStream,
    name: SocketAddr, // from accept
    output: Vec<u8>,  // still to be sent
    ended: bool,      // the client has finished sending; it may still read
    urgent: bool,     // it has sent urgent data, at whose mark a read stops
}

fn serve(listener: Socket, signals: Signals) -> Result<()> {
    listener.set_nonblocking(true)?;
    let mut listener = TcpListener::from_std(listener.into());
    let mut poll = Poll::new().map_err(Error::of("epoll_create1"))?;
    watch(&poll, &mut listener, LISTENER)?;
    watch(&poll, &mut SourceFd(&signals.as_raw_fd()), SIGNALS)?;

    let mut listener = Some(listener); // until a signal tells us to stop
    let mut connections: BTreeMap<Token, Connection> = BTreeMap::new();
    let mut next = SIGNALS.0 + 1;
    let mut events = Events::with_capacity(256);
    let mut ready = BTreeSet::new(); // had an edge, and no EAGAIN since
    let mut full = false; // accept has found no descriptor free
    let greeting = chapter::greeting();

    while listener.is_some() || !connections.is_empty() {
        let second = full.then_some(Duration::from_secs(1));
        let timeout = if ready.is_empty() { second } else { Some(Duration::ZERO) };
        match poll.poll(&mut events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled.map_err(Error::of("epoll_wait"))?,
        }
        ready.extend(events.iter().map(Event::token));
        for event in events.iter().filter(|event| event.is_priority()) {
            connections.entry(event.token()).and_modify(|client| client.urgent = true);
        }
        if ready.remove(&SIGNALS) {
            log!("stopping on {}", signals.take());
            (listener, full) = (None, false);
            // What has come is still read, and then each seems to have ended sending.
            // One that was reset is down already.
            for connection in connections.values() {
                let _ = connection.stream.shutdown(Shutdown::Read);
            }
        }
        let accepts = ready.remove(&LISTENER) || full;

        for token in mem::take(&mut ready) {
            // A token that is not found is gone for good, and names nothing else.
            let Some(connection) = connections.get_mut(&token) else { continue };
            match talk(connection, &greeting) {
                Ok(true) => drop(ready.insert(token)),
                Ok(false) if !connection.ended || !connection.output.is_empty() => {
                    if connection.urgent {
                        look_again(&poll, connection, token)?;
                    }
                }
                over => close(&poll, connections.remove(&token), over.err())?,
            }
        }

        let Some(listener) = listener.as_ref().filter(|_| accepts) else { continue };
        match listener.accept().map_err(Error::of("accept")) {
            Ok((mut stream, name)) => {
                log!("New connection from {name}");
                let token = Token(next);
                match watch(&poll, &mut stream, token) {
                    Ok(()) => {
                        let (output, ended, urgent) = (Vec::new(), false, false);
                        let client =
                            Connection { stream, name, output, ended, urgent };
                        connections.insert(token, client);
                    }
                    // There is a limit to what epoll watches, for each user.
                    Err(error) => log!("turning away {name}: {error}"),
                }
                next += 1;
                full = false;
            }
            Err(error) if error.would_block() => full = false,
            Err(error) => {
                if !mem::replace(&mut full, true) {
                    log!("no connection for the next client: {error}");
                }
            }
        }
    }
    Ok(())
}

/// Receives and sends until both would wait. Or for a while, because one client must
/// not hold up the others: then it returns true, and there may be more to do.
fn talk(connection: &mut Connection, greeting: &[u8]) -> Result<bool> {
    let Connection { stream, name, output, ended, .. } = connection;
    for _ in 0..16 {
        let mut gets_on = false;
        let mut buffer = [0; 1024];
        if !*ended && output.len() < BOUND {
            match stream.read(&mut buffer).map_err(Error::of("recv")) {
                Ok(0) => *ended = true,
                Ok(n) => {
                    let message = String::from_utf8_lossy(&buffer[..n]);
                    log!("received {message:?} from {name}");
                    output.extend(greeting);
                    gets_on = true;
                }
                Err(error) if error.would_block() => {}
                Err(error) => return Err(error),
            }
        }
        if !output.is_empty() {
            match stream.write(output).map_err(Error::of("send")) {
                Ok(n) => gets_on = output.drain(..n).len() > 0,
                Err(error) if error.would_block() => {}
                Err(error) => return Err(error),
            }
        }
        if !gets_on {
            return Ok(false);
        }
    }
    Ok(true)
}

fn watch(poll: &Poll, source: &mut impl Source, token: Token) -> Result<()> {
    let all = Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY;
    poll.registry().register(source, token, all).map_err(Error::of("epoll_ctl"))
}

/// Has epoll report what is ready now, news or not, of what talk would go on with. At
/// the mark of urgent data recv says EAGAIN when a signal is pending, whatever waits
/// behind it.
fn look_again(poll: &Poll, connection: &mut Connection, token: Token) -> Result<()> {
    let Connection { stream, output, ended, .. } = connection;
    let wanted = match (*ended || output.len() >= BOUND, output.is_empty()) {
        (false, true) => Interest::READABLE,
        (false, false) => Interest::READABLE | Interest::WRITABLE,
        (true, _) => Interest::WRITABLE,
    };
    poll.registry().reregister(stream, token, wanted).map_err(Error::of("epoll_ctl"))
}

/// Deregisters, then closes: what is closed may still be registered.
fn close(
    poll: &Poll,
    connection: Option<Connection>,
    error: Option<Error>,
) -> Result<()> {
    let Some(Connection { mut stream, name, .. }) = connection else { return Ok(()) };
    match error {
        None => log!("closing connection to {name}"),
        Some(e) => log!("closing connection to {name} after {}", e.brief()),
    }
    poll.registry().deregister(&mut stream).map_err(Error::of("epoll_ctl"))
}
