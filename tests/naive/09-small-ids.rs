//! Chapter 9 with the connections in a Vec, and ids that are places in it. A free
//! place is used again. Broken on purpose, and the compiler does not mind.

use std::os::fd::AsFd;
use std::process::ExitCode;

use close_call::net::{Address, Error, Result, Socket};
use close_call::select::select;
use close_call::{chapter, log};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

/// Names a connection: its place in `Connections`. The listener has none there.
type Id = usize;
const LISTENER: Id = usize::MAX;

struct Connection {
    socket: Socket, // closed when the connection is dropped, and never before
    name: Address,  // from accept
    owed: bool,     // whether a reply is due
}

/// A place is empty when its connection is closed, and then it is free for the next.
type Connections = Vec<Option<Connection>>;

fn serve(listener: Socket) -> Result<()> {
    let mut connections = Connections::new();

    loop {
        let [readable, writable, exceptional] = wait(&listener, &connections)?;

        for id in &readable {
            let Some(connection) = find(&mut connections, *id) else { continue };
            let mut buffer = [0; 1024];
            match connection.socket.recv(&mut buffer) {
                Ok(n @ 1..) => {
                    let message = String::from_utf8_lossy(&buffer[..n]);
                    log!("received {message:?} from {}", connection.name);
                    connection.owed = true;
                }
                ended => close(remove(&mut connections, *id), ended.err()),
            }
        }

        // Clients first, new ones last, as in chapter 8.
        if readable.contains(&LISTENER) {
            let (socket, name) = listener.accept()?;
            log!("New connection from {name}");
            insert(&mut connections, Connection { socket, name, owed: false });
        }

        for id in &writable {
            let Some(connection) = find(&mut connections, *id) else { continue };
            connection.owed = false;
            if let Err(error) = connection.socket.send(b"Hello, client!") {
                close(remove(&mut connections, *id), Some(error));
            }
        }

        for id in &exceptional {
            let Some(connection) = remove(&mut connections, *id) else { continue };
            log!("handling exceptional condition for {}", connection.name);
            close(Some(connection), None);
        }
    }
}

/// The connection of that id.
fn find(connections: &mut Connections, id: Id) -> Option<&mut Connection> {
    connections.get_mut(id)?.as_mut()
}

/// Takes the connection of that id out, and leaves its place free.
fn remove(connections: &mut Connections, id: Id) -> Option<Connection> {
    connections.get_mut(id)?.take()
}

/// Puts a connection into the first free place.
fn insert(connections: &mut Connections, connection: Connection) {
    match connections.iter_mut().find(|place| place.is_none()) {
        Some(place) => *place = Some(connection),
        None => connections.push(Some(connection)),
    }
}

/// The connections with their ids.
fn each(connections: &Connections) -> impl Iterator<Item = (Id, &Connection)> {
    let places = connections.iter().enumerate();
    places.filter_map(|(id, place)| Some((id, place.as_ref()?)))
}

/// Waits, and returns the ids of what is readable, writable and exceptional.
fn wait(listener: &Socket, connections: &Connections) -> Result<[Vec<Id>; 3]> {
    let clients = each(connections).map(|(id, c)| (id, c.socket.as_fd()));
    let inputs: Vec<_> = clients.chain([(LISTENER, listener.as_fd())]).collect();
    let owed = each(connections).filter(|(_, c)| c.owed);
    let outputs: Vec<_> = owed.map(|(id, c)| (id, c.socket.as_fd())).collect();

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
