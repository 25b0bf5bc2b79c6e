//! Chapter 12's exercise, solved: a client that has left is marked, and taken out when
//! both lists have been worked through.

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
    left: bool,     // taken out at the end of the pass
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

        for (client, said) in clients.iter_mut().zip(&said) {
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
                        close(client, ended.err());
                    }
                }
            }
        }

        for (client, said) in clients.iter_mut().zip(&said) {
            if said.intersects(Events::OUT) && !client.left {
                client.owed = false;
                match client.socket.send(GREETING) {
                    Ok(_) => {}
                    Err(error) if error.would_block() => client.owed = true,
                    Err(error) => close(client, Some(error)),
                }
            }
        }

        for (client, said) in clients.iter_mut().zip(&said) {
            if said.intersects(Events::PRI) && !client.left {
                log!("handling exceptional condition for {}", client.name);
                if client.owed {
                    let _ = client.socket.send(GREETING); // before the close
                }
                close(client, None);
            }
        }

        clients.retain(|client| !client.left);
        if clients.len() < all {
            full = None; // a close has freed a descriptor
        }

        if said.get(all).is_some_and(|said| said.intersects(Events::IN)) {
            match listener.accept() {
                Ok((socket, name)) => {
                    log!("New connection from {name}");
                    socket.set_nonblocking(true)?;
                    clients.push(Client { socket, name, owed: false, left: false });
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

/// Marks a client that has left. Its socket is closed with the others at the end of
/// the pass.
fn close(client: &mut Client, error: Option<Error>) {
    let name = &client.name;
    match error {
        None => log!("closing connection to {name}"),
        Some(e) => log!("closing connection to {name} after {}", e.brief()),
    }
    client.left = true;
}
