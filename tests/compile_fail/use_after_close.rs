//! Chapter 4's line, written against a socket that is owned.

use close_call::net::{Result, Socket};

fn leave(socket: Socket) -> Result<()> {
    drop(socket);
    println!("closing connection to {}", socket.peer_addr()?);
    Ok(())
}

fn main() {
    let _ = leave;
}
