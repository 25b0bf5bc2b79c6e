//! Chapter 9's exercise, solved: who has finished sending still gets the reply that is due.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::process::ExitCode;

use close_call::chapter;
use close_call::net::{Address, Error, Result, Socket};
use close_call::select::select;

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

/// Stands for a connection as long as the server runs. No id is given out twice.
type Id = u64;
const LISTENER: Id = 0;

struct Connection {
    socket: Socket, // closed when the connection is dropped, and never before
    name: Address,  // from accept
    owed: bool,     // whether a reply is due
}

fn serve(listener: Socket) -> Result<()> {
    let mut connections: BTreeMap<Id, Connection> = BTreeMap::new();
    let mut next: Id = LISTENER + 1;

    loop {
        let [readable, writable, exceptional] = wait(&listener, &connections)?;

        for id in &readable {
            // An id that is not there is gone for ever, and is nobody else's.
            let Some(connection) = connections.get_mut(id) else { continue };
            let mut buffer = [0; 1024];
            match connection.socket.recv(&mut buffer) {
                Ok(n @ 1..) => {
                    let message = String::from_utf8_lossy(&buffer[..n]);
                    println!("received {message:?} from {}", connection.name);
                    connection.owed = true;
                }
                ended => {
                    if ended.is_ok() && connection.owed {
                        // It sends no more. That does not mean that it does not wait for what we owe it.
                        let _ = connection.socket.send(b"Hello, client!");
                    }
                    close(connections.remove(id), ended.err());
                }
            }
        }

        // After those who are here, who comes, as in chapter 8. Here that order does no harm.
        if readable.contains(&LISTENER) {
            let (socket, name) = listener.accept()?;
            println!("New connection from {name}");
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
            println!("handling exceptional condition for {}", connection.name);
            close(Some(connection), None);
        }
    }
}

/// Waits, and gives the ids of those that are readable, writable and exceptional. The lists that select gives borrow the
/// sockets, so nothing can be closed while they are held; ids borrow nothing, and promise nothing.
fn wait(listener: &Socket, connections: &BTreeMap<Id, Connection>) -> Result<[Vec<Id>; 3]> {
    let clients = connections.iter().map(|(&id, connection)| (id, connection.socket.as_fd()));
    let inputs: Vec<_> = clients.chain([(LISTENER, listener.as_fd())]).collect();
    let owed = connections.iter().filter(|(_, connection)| connection.owed);
    let outputs: Vec<_> = owed.map(|(&id, connection)| (id, connection.socket.as_fd())).collect();

    let ready = select(&inputs, &outputs, &inputs, None)?;
    let ids = |list: Vec<(Id, _)>| list.into_iter().map(|(id, _)| id).collect();
    Ok([ids(ready.readable), ids(ready.writable), ids(ready.exceptional)])
}

/// Takes the connection, and with it the right to use its socket. It is closed where this function ends.
fn close(connection: Option<Connection>, error: Option<Error>) {
    let Some(connection) = connection else { return };
    match error {
        None => println!("closing connection to {}", connection.name),
        Some(error) => println!("closing connection to {} after {error}", connection.name),
    }
}
