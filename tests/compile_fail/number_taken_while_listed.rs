//! To take the number out of a socket, which is how one closes it by hand, while a
//! list holds it.

use std::os::fd::{AsFd, IntoRawFd};

use close_call::net::{self, Result, Socket};
use close_call::select::select;

fn pass(socket: Socket) -> Result<()> {
    let ready = select(&[socket.as_fd()], &[], &[], None)?;
    net::close(socket.into_raw_fd())?;
    println!("{} are readable", ready.readable.len());
    Ok(())
}

fn main() {
    let _ = pass;
}
