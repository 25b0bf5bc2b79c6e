//! The server of mio's own example, `tcp_server`, made to answer each message, with
//! this book's lines in its log. Broken; chapter 15 shows what it does.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::process::ExitCode;

use close_call::net::{Error, Result, Socket};
use close_call::{chapter, log};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

const SERVER: Token = Token(0);

fn serve(listener: Socket) -> Result<()> {
    listener.set_nonblocking(true)?;
    let mut server = TcpListener::from_std(listener.into());
    let mut poll = Poll::new().map_err(Error::of("epoll_create1"))?;
    let mut events = Events::with_capacity(128);
    let register = poll.registry().register(&mut server, SERVER, Interest::READABLE);
    register.map_err(Error::of("epoll_ctl"))?;
    let mut connections = HashMap::new();
    let mut next = Token(SERVER.0 + 1);

    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled.map_err(Error::of("epoll_wait"))?,
        }
        for event in events.iter() {
            match event.token() {
                SERVER => loop {
                    let (mut connection, address) = match server.accept() {
                        Ok(accepted) => accepted,
                        Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                        Err(e) => return Err(Error::new("accept", e)),
                    };
                    log!("New connection from {address}");
                    let (registry, token) = (poll.registry(), next);
                    next.0 += 1;
                    let register =
                        registry.register(&mut connection, token, Interest::READABLE);
                    register.map_err(Error::of("epoll_ctl"))?;
                    connections.insert(token, connection);
                },
                token => {
                    let Some(connection) = connections.get_mut(&token) else {
                        continue;
                    };
                    let done = handle(poll.registry(), connection, event);
                    if done.map_err(Error::of("recv"))? {
                        log!("closing connection");
                        if let Some(mut gone) = connections.remove(&token) {
                            let deregister = poll.registry().deregister(&mut gone);
                            deregister.map_err(Error::of("epoll_ctl"))?;
                        }
                    }
                }
            }
        }
    }
}

/// Returns `true` if the connection is done.
fn handle(
    registry: &Registry,
    connection: &mut TcpStream,
    event: &Event,
) -> io::Result<bool> {
    if event.is_writable() {
        match connection.write(b"Hello, client!") {
            Ok(_) => {
                // Written: from here on, only readable events.
                registry.reregister(connection, event.token(), Interest::READABLE)?;
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => {}
            Err(e) => return Err(e), // other errors are fatal
        }
    }
    if event.is_readable() {
        let mut buffer = [0; 1024];
        loop {
            match connection.read(&mut buffer) {
                Ok(0) => return Ok(true), // the client has closed, then so do we
                Ok(n) => {
                    let message = String::from_utf8_lossy(&buffer[..n]);
                    log!("received {message:?}");
                    let both = Interest::READABLE | Interest::WRITABLE;
                    registry.reregister(connection, event.token(), both)?;
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => return Err(e), // other errors are fatal
            }
        }
    }
    Ok(false)
}
