//! A list that is handed to another thread, which would hold it while this one closes.

use std::os::fd::AsFd;
use std::thread;

use close_call::net::Socket;
use close_call::select::select;

fn pass(socket: Socket) {
    let inputs = vec![socket.as_fd()];
    let wait = move || select(&inputs, &[], &[], None).map(|ready| ready.readable.len());
    let waiting = thread::spawn(wait);
    drop(socket);
    let _ = waiting.join();
}

fn main() {
    pass(Socket::new(&close_call::net::Address::any_port()).unwrap());
}
