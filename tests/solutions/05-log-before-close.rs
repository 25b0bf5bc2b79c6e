//! Chapter 5's exercise, solved: before the send, the server asks whether it still
//! owes this client a reply; before the name, whether the socket is still there.

use std::os::fd::{IntoRawFd, RawFd};
use std::process::ExitCode;

use close_call::net::{self, Result, Socket};
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

    loop {
        let ready = select(&inputs, &outputs, &inputs, None)?;

        for fd in ready.readable {
            if fd == listener {
                let (client, address) = net::accept(listener)?;
                log!("New connection from {address}");
                inputs.push(client);
                continue;
            }
            let mut buffer = [0; 1024];
            let n = net::recv(fd, &mut buffer)?;
            if n > 0 {
                let message = String::from_utf8_lossy(&buffer[..n]);
                log!("received {message:?} from {}", net::peer_name(fd)?);
                if !outputs.contains(&fd) {
                    outputs.push(fd);
                }
            } else {
                // Readable, and nothing to receive: the client has left.
                inputs.retain(|&other| other != fd);
                outputs.retain(|&other| other != fd);
                log!("closing connection to {}", net::peer_name(fd)?);
                net::close(fd)?;
            }
        }

        for fd in ready.writable {
            if !outputs.contains(&fd) {
                continue; // closed above, in this very pass
            }
            net::send(fd, b"Hello, client!")?;
            outputs.retain(|&other| other != fd);
        }

        for fd in ready.exceptional {
            if !inputs.contains(&fd) {
                continue;
            }
            log!("handling exceptional condition for {}", net::peer_name(fd)?);
            inputs.retain(|&other| other != fd);
            outputs.retain(|&other| other != fd);
            net::close(fd)?;
        }
    }
}
