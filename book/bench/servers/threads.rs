//! A thread for each client, on blocking sockets: the loop of chapter 1 once for each of
//! them. It is here to be measured, and has no bound and no orderly stop.

use std::process::ExitCode;
use std::thread;

use close_call::net::{Address, Result, Socket};
use close_call::{chapter, log};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

fn serve(listener: Socket) -> Result<()> {
    loop {
        let (socket, name) = listener.accept()?;
        thread::spawn(move || match converse(&socket, &name) {
            Ok(()) => log!("closing connection to {name}"),
            Err(error) => log!("closing connection to {name} after {}", error.brief()),
        });
    }
}

fn converse(socket: &Socket, name: &Address) -> Result<()> {
    log!("New connection from {name}");
    let (greeting, mut buffer) = (chapter::greeting(), [0; 1024]);
    loop {
        let n = socket.recv(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        log!("received {:?} from {name}", String::from_utf8_lossy(&buffer[..n]));
        let mut rest = &greeting[..];
        while !rest.is_empty() {
            rest = &rest[socket.send(rest)?..];
        }
    }
}
