//! Chapter 12 with two lists side by side, one for poll and one of the clients, from
//! which a client is taken out in the middle of a pass. Broken on purpose: a position
//! is not a name, and no number need be given out again.

use std::os::fd::{AsRawFd, RawFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use close_call::chapter::{self, GREETING};
use close_call::log;
use close_call::net::{Address, Error, Result, Socket};
use close_call::poll::{Events, poll};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

struct Client {
    socket: Socket, // closed when the client is dropped, and never before
    name: Address,  // from accept
    owed: bool,     // whether a reply is due
}

fn serve(listener: Socket) -> Result<()> {
    let mut clients: Vec<Client> = vec![];
    listener.set_nonblocking(true)?;
    let mut full: Option<Instant> = None; // when accept last found no descriptor free

    loop {
        // One entry per client, at the client's position, and the listener's last.
        let mut fds: Vec<(RawFd, Events)> = clients
            .iter()
            .map(|client| {
                let out = if client.owed { Events::OUT } else { Events::NONE };
                (client.socket.as_raw_fd(), Events::IN | Events::PRI | out)
            })
            .collect();
        let second = Duration::from_secs(1);
        let rest = full.map(|since| second.saturating_sub(since.elapsed()));
        let rest = rest.filter(|rest| !rest.is_zero());
        if rest.is_none() {
            fds.push((listener.as_raw_fd(), Events::IN));
        }
        let said = poll(&fds, rest);
        if said.as_ref().is_err_and(Error::interrupted) {
            continue; // by a signal
        }
        let said = said?;
        let all = clients.len();

        for (i, said) in said.iter().enumerate() {
            // Not found: the list has become shorter.
            let Some(client) = clients.get_mut(i) else { continue };
            if said.intersects(Events::IN | Events::ERR | Events::HUP) {
                let mut buffer = [0; 1024];
                match client.socket.recv(&mut buffer) {
                    Ok(n @ 1..) => {
                        let message = String::from_utf8_lossy(&buffer[..n]);
                        log!("received {message:?} from {}", client.name);
                        client.owed = true;
                    }
                    Err(error) if error.would_block() => {} // poll was wrong
                    ended => {
                        if client.owed {
                            let _ = client.socket.send(GREETING); // before the close
                        }
                        close(clients.remove(i), ended.err());
                    }
                }
            }
        }

        for (i, said) in said.iter().enumerate() {
            let Some(client) = clients.get_mut(i) else { continue };
            if said.intersects(Events::OUT) {
                client.owed = false;
                match client.socket.send(GREETING) {
                    Ok(_) => {}
                    Err(error) if error.would_block() => client.owed = true,
                    Err(error) => close(clients.remove(i), Some(error)),
                }
            }
        }

        for (i, said) in said.iter().enumerate() {
            if said.intersects(Events::PRI) && i < clients.len() {
                let client = clients.remove(i);
                log!("handling exceptional condition for {}", client.name);
                if client.owed {
                    let _ = client.socket.send(GREETING); // before the close
                }
                close(client, None);
            }
        }

        if clients.len() < all {
            full = None; // a close has freed a descriptor
        }

        if said.get(all).is_some_and(|said| said.intersects(Events::IN)) {
            match listener.accept() {
                Ok((socket, name)) => {
                    log!("New connection from {name}");
                    socket.set_nonblocking(true)?;
                    clients.push(Client { socket, name, owed: false });
                    full = None;
                }
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

/// Takes the client, and with it the right to use its socket, which is closed when
/// this function ends.
fn close(client: Client, error: Option<Error>) {
    let name = &client.name;
    match error {
        None => log!("closing connection to {name}"),
        Some(e) => log!("closing connection to {name} after {}", e.brief()),
    }
}
