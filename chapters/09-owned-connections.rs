//! Chapter 9: a connection owns its socket, select borrows it, and an id that is never
//! reused names it. Nothing in it is broken on purpose: with these types the bugs of
//! chapters 4 and 5 do not compile.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::process::ExitCode;

use close_call::net::{Address, Error, Result, Socket};
use close_call::select::select;
use close_call::{chapter, log};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

/// Names a connection for as long as the server runs. No id is given out twice.
type Id = u64;
const LISTENER: Id = 0;

struct Connection {
    socket: Socket, // closed when the connection is dropped, and never before
    name: Address,  // from accept
    owed: bool,     // whether a reply is due
}

type Connections = BTreeMap<Id, Connection>;

fn serve(listener: Socket) -> Result<()> {
    let mut connections = Connections::new();
    let mut next: Id = LISTENER + 1;

    loop {
        let [readable, writable, exceptional] = wait(&listener, &connections)?;

        for id in &readable {
            // An id that is not found is gone for good, and names no other connection.
            let Some(connection) = connections.get_mut(id) else { continue };
            let mut buffer = [0; 1024];
            match connection.socket.recv(&mut buffer) {
                Ok(n @ 1..) => {
                    let message = String::from_utf8_lossy(&buffer[..n]);
                    log!("received {message:?} from {}", connection.name);
                    connection.owed = true;
                }
                ended => close(connections.remove(id), ended.err()),
            }
        }

        // Clients first, new ones last, as in chapter 8. Here that order does no harm.
        if readable.contains(&LISTENER) {
            let (socket, name) = listener.accept()?;
            log!("New connection from {name}");
            connections.insert(next, Connection { socket, name, owed: false });
            next += 1;
        }

        for id in &writable {
            let Some(connection) = connections.get_mut(id) else { continue };
            connection.owed = false;
            if let Err(error) = connection.socket.send(b"Hello, client!") {
                close(connections.remove(id), Some(error));
            }
        }

        for id in &exceptional {
            let Some(connection) = connections.remove(id) else { continue };
            log!("handling exceptional condition for {}", connection.name);
            close(Some(connection), None);
        }
    }
}

/// Waits, and returns the ids of what is readable, writable and exceptional. The lists
/// that select returns borrow the sockets, so no socket can be closed while they are
/// held; ids borrow nothing.
fn wait(listener: &Socket, connections: &Connections) -> Result<[Vec<Id>; 3]> {
    let clients = connections.iter().map(|(&id, c)| (id, c.socket.as_fd()));
    let inputs: Vec<_> = clients.chain([(LISTENER, listener.as_fd())]).collect();
    let owed = connections.iter().filter(|(_, c)| c.owed);
    let outputs: Vec<_> = owed.map(|(&id, c)| (id, c.socket.as_fd())).collect();

    let ready = select(&inputs, &outputs, &inputs, None)?;
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
