//! What sock_diag(7) says of the two ends of a connection, as TCP has them.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use close_call::net::in_flight::all_arrived;
use close_call::net::sock_diag::{SockDiag, state};

#[test]
fn the_ends_of_a_connection_are_as_tcp_has_them() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut kernel = SockDiag::open().unwrap();
    assert!(kernel.listener(address).unwrap().is_some());

    let mut client = TcpStream::connect(address).unwrap();
    let (server, peer) = listener.accept().unwrap();
    assert!(all_arrived(&[(peer, address)], Duration::from_secs(60)).unwrap());
    assert_eq!(kernel.find(address, peer).unwrap().unwrap().state, state::ESTABLISHED);

    client.write_all(b"hello").unwrap();
    assert!(all_arrived(&[(peer, address)], Duration::from_secs(60)).unwrap());
    assert_eq!(kernel.find(address, peer).unwrap().unwrap().receive_queue, 5);

    drop(client);
    assert!(all_arrived(&[(peer, address)], Duration::from_secs(60)).unwrap());
    assert_eq!(kernel.find(address, peer).unwrap().unwrap().state, state::CLOSE_WAIT);

    // Closed with five bytes unread: the end here is gone at once, and the other one with it.
    drop(server);
    assert!(all_arrived(&[(peer, address)], Duration::from_secs(60)).unwrap());
    assert_eq!(kernel.find(address, peer).unwrap(), None);

    drop(listener);
    assert_eq!(kernel.listener(address).unwrap(), None);
}
