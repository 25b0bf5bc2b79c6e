//! Chapter 1's exercise, solved: a thread for each client, so that no client waits for
//! another.

use std::process::ExitCode;
use std::thread;

use close_call::net::{Address, Result, Socket};
use close_call::{chapter, log};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

fn serve(listener: Socket) -> Result<()> {
    loop {
        // Waits until a client connects.
        let (client, address) = listener.accept()?;
        log!("New connection from {address}");

        // The thread waits for this client; here we wait for the next one.
        thread::spawn(move || {
            if let Err(error) = converse(&client, &address) {
                eprintln!("{error}");
            }
            log!("closing connection to {address}");
        });
    }
}

fn converse(client: &Socket, address: &Address) -> Result<()> {
    let mut buffer = [0; 1024];
    loop {
        // Waits until this client sends or closes.
        let n = client.recv(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        let message = String::from_utf8_lossy(&buffer[..n]);
        log!("received {message:?} from {address}");
        client.send(b"Hello, client!")?;
    }
}
