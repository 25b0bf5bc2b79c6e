//! Chapter 1: a server that does one thing after another: accept, recv, send, close.
//! Nothing in it is wrong, but while it waits for one client, the others wait for it.

use std::process::ExitCode;

use close_call::net::{Result, Socket};
use close_call::{chapter, log};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

fn serve(listener: Socket) -> Result<()> {
    loop {
        // Waits until a client connects.
        let (client, address) = listener.accept()?;
        log!("New connection from {address}");

        let mut buffer = [0; 1024];
        loop {
            // Waits until this client sends or closes. Meanwhile no other is served.
            let n = client.recv(&mut buffer)?;
            if n == 0 {
                break;
            }
            let message = String::from_utf8_lossy(&buffer[..n]);
            log!("received {message:?} from {address}");
            client.send(b"Hello, client!")?;
        }

        log!("closing connection to {address}");
        drop(client);
    }
}
