//! Chapter 7's exercise, solved: a client that has finished sending still gets its
//! reply.

use std::collections::HashMap;
use std::os::fd::{IntoRawFd, RawFd};
use std::process::ExitCode;

use close_call::net::{self, Address, Error, Result, Socket};
use close_call::select::select;
use close_call::{chapter, log};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

fn serve(listener: Socket) -> Result<()> {
    // select(2) deals in numbers, so its lists are lists of numbers.
    let listener = listener.into_raw_fd();
    let mut inputs: Vec<RawFd> = vec![listener]; // to be read from
    let mut outputs: Vec<RawFd> = vec![]; // owed a reply
    let mut names: HashMap<RawFd, Address> = HashMap::new(); // from accept

    loop {
        let ready = select(&inputs, &outputs, &inputs, None)?;

        for fd in ready.readable {
            if fd == listener {
                let (client, address) = net::accept(listener)?;
                log!("New connection from {address}");
                inputs.push(client);
                names.insert(client, address);
                continue;
            }
            let Some(name) = names.get(&fd).cloned() else { continue };
            let mut buffer = [0; 1024];
            let received = net::recv(fd, &mut buffer);
            if let Ok(n @ 1..) = received {
                let message = String::from_utf8_lossy(&buffer[..n]);
                log!("received {message:?} from {name}");
                if !outputs.contains(&fd) {
                    outputs.push(fd);
                }
            } else if received.is_ok() && outputs.contains(&fd) {
                // It sends no more, but it is owed a reply: the writable loop sends
                // it, and a later pass closes.
            } else {
                // Nothing received, or an error: this client has left, the others
                // stay.
                inputs.retain(|&other| other != fd);
                outputs.retain(|&other| other != fd);
                names.remove(&fd);
                close(fd, &name, received.err())?;
            }
        }

        for fd in ready.writable {
            // Not found: closed above, in this very pass.
            let Some(name) = names.get(&fd).cloned() else { continue };
            outputs.retain(|&other| other != fd);
            if let Err(error) = net::send(fd, b"Hello, client!") {
                inputs.retain(|&other| other != fd);
                names.remove(&fd);
                close(fd, &name, Some(error))?;
            }
        }

        for fd in ready.exceptional {
            let Some(name) = names.get(&fd).cloned() else { continue };
            log!("handling exceptional condition for {name}");
            inputs.retain(|&other| other != fd);
            outputs.retain(|&other| other != fd);
            names.remove(&fd);
            close(fd, &name, None)?;
        }
    }
}

fn close(fd: RawFd, name: &Address, error: Option<Error>) -> Result<()> {
    match error {
        None => log!("closing connection to {name}"),
        Some(e) => log!("closing connection to {name} after {}", e.brief()),
    }
    net::close(fd)
}
