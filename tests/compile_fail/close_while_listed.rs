//! Chapter 5's loops, written against lists that borrow: the first closes what the
//! second still holds.

use std::collections::BTreeMap;
use std::os::fd::AsFd;

use close_call::net::{Result, Socket};
use close_call::select::select;

fn pass(connections: &mut BTreeMap<u64, Socket>) -> Result<()> {
    let sockets = connections.iter().map(|(&id, socket)| (id, socket.as_fd()));
    let inputs: Vec<_> = sockets.collect();
    let ready = select(&inputs, &inputs, &[], None)?;

    for (id, _) in ready.readable {
        connections.remove(&id);
    }
    for (id, _) in ready.writable {
        println!("{id} is writable");
    }
    Ok(())
}

fn main() {
    let _ = pass;
}
