//! A ready list that is kept for longer than the socket lives.

use std::os::fd::{AsFd, BorrowedFd};

use close_call::net::{Address, Result, Socket};
use close_call::select::{Ready, select};

fn pass<'fd>() -> Result<Ready<BorrowedFd<'fd>>> {
    let socket = Socket::new(&Address::any_port())?;
    select(&[socket.as_fd()], &[], &[], None)
}

fn main() {
    let _ = pass;
}
