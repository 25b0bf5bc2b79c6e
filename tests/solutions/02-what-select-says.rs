//! Chapter 2's exercise, solved: one more row, for a UDP socket.

use std::fs::File;
use std::io::pipe;
use std::net::Shutdown::{Both, Read, Write};
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use close_call::chapter;
use close_call::net::{self, Address, Error, Result, Socket};
use close_call::select::select;

fn main() -> ExitCode {
    chapter::main_without_server(env!("CARGO_BIN_NAME"), show)
}

fn show() -> Result<()> {
    println!("{:<48}r w x  getpeername", "a TCP socket");
    let socket = Socket::new(&Address::any_port())?;
    ask("fresh", socket.as_raw_fd());
    socket.bind(&Address::any_port())?;
    ask("bound, not listening", socket.as_raw_fd());
    let refused = Socket::new(&Address::any_port())?;
    let _ = refused.connect(&socket.local_addr()?);
    ask("after a connect that was refused", refused.as_raw_fd());

    println!("\na listener, and a client that connects to it");
    let listener = net::listen(&Address::any_port())?;
    let address = listener.local_addr()?;
    ask("listening", listener.as_raw_fd());
    let waiting = Socket::new(&Address::any_port())?;
    waiting.connect(&address)?;
    let ends = (waiting.local_addr()?, address.clone());
    ask("listening, a connection waits to be accepted", listener.as_raw_fd());
    waiting.reset()?;
    then_ask(&ends, "listening, the waiting one was reset", &listener)?;
    listener.listen(0)?; // no room for more than that one
    let connecting = Socket::new(&Address::any_port())?;
    connecting.set_nonblocking(true)?;
    let _ = connecting.connect(&address);
    ask("connecting, no answer yet: SYN sent", connecting.as_raw_fd());

    println!("\na connection: our end, and what the peer does");
    let (ours, peer, ends) = net::connection()?;
    then_ask(&ends, "connected", &ours)?;
    peer.send(b"x")?;
    then_ask(&ends, "data waits", &ours)?;
    peer.reset()?;
    then_ask(&ends, "data waits, then the peer resets", &ours)?;

    let (ours, _peer, _) = net::connection()?;
    ours.set_nonblocking(true)?;
    // What the peer's kernel takes makes room again, so fill it until it stays full.
    let has_room = |fd: RawFd| -> Result<bool> {
        let ready = select(&[], &[fd], &[], Some(Duration::from_millis(200)))?;
        Ok(!ready.writable.is_empty())
    };
    while has_room(ours.as_raw_fd())? {
        while ours.send(&[0; 65536]).is_ok() {}
    }
    ask("our send buffer is full", ours.as_raw_fd());

    for (state, how) in [("SHUT_RD", Read), ("SHUT_WR", Write), ("SHUT_RDWR", Both)] {
        let (ours, _peer, ends) = net::connection()?;
        ours.shutdown(how)?;
        then_ask(&ends, &format!("we shut down: {state}"), &ours)?;
    }

    let (ours, peer, ends) = net::connection()?;
    peer.send_out_of_band(b'!')?;
    then_ask(&ends, "an urgent byte waits", &ours)?;
    ours.recv_out_of_band()?;
    then_ask(&ends, "the urgent byte is received", &ours)?;

    let (ours, peer, ends) = net::connection()?;
    peer.send(b"x")?;
    peer.send_out_of_band(b'!')?;
    then_ask(&ends, "a normal and an urgent byte wait", &ours)?;
    ours.recv(&mut [0; 1])?;
    then_ask(&ends, "the normal byte is received", &ours)?;

    let (ours, peer, ends) = net::connection()?;
    peer.shutdown(Write)?;
    then_ask(&ends, "the peer shuts down: SHUT_WR", &ours)?;

    let (ours, peer, ends) = net::connection()?;
    drop(peer);
    then_ask(&ends, "the peer closes", &ours)?;
    ours.recv(&mut [0; 1])?;
    then_ask(&ends, "the peer closes, recv returns 0", &ours)?;
    ours.send(b"x")?;
    then_ask(&ends, "the peer closes, we send, its kernel resets", &ours)?;

    let (ours, peer, ends) = net::connection()?;
    drop(peer);
    ours.shutdown(Write)?;
    then_ask(&ends, "the peer closes, we shut down: SHUT_WR", &ours)?;

    // A reset tears the connection down, where a close ends it in order.
    let (ours, peer, ends) = net::connection()?;
    peer.reset()?;
    then_ask(&ends, "the peer resets", &ours)?;
    let _ = ours.recv(&mut [0; 1]);
    then_ask(&ends, "the peer resets, recv says ECONNRESET", &ours)?;

    println!("\nsomething else");
    let (reader, writer) = pipe().map_err(|e| Error::new("pipe", e))?;
    ask("a pipe's reading end", reader.as_raw_fd());
    ask("a pipe's writing end", writer.as_raw_fd());
    drop(writer);
    ask("a pipe's reading end, the other end closed", reader.as_raw_fd());
    let (reader, writer) = pipe().map_err(|e| Error::new("pipe", e))?;
    drop(reader);
    ask("a pipe's writing end, the other end closed", writer.as_raw_fd());
    let file = File::open("/dev/null").map_err(|e| Error::new("open", e))?;
    ask("/dev/null", file.as_raw_fd());
    let udp = UdpSocket::bind("127.0.0.1:0").map_err(|e| Error::new("bind", e))?;
    ask("a UDP socket", udp.as_raw_fd());
    let (ours, theirs) =
        UnixStream::pair().map_err(|e| Error::new("socketpair", e))?;
    drop(theirs);
    ask("a Unix socket, its peer closed", ours.as_raw_fd());
    let fd = net::connection()?.0.into_raw_fd();
    net::close(fd)?;
    ask("a closed descriptor", fd);
    Ok(())
}

/// Asks select about one descriptor in all three lists, without waiting, then
/// getpeername, and prints both answers.
fn ask(state: &str, fd: RawFd) {
    let bit = |list: Vec<RawFd>| list.len().to_string();
    let said = match select(&[fd], &[fd], &[fd], Some(Duration::ZERO)) {
        Ok(ready) => {
            [bit(ready.readable), bit(ready.writable), bit(ready.exceptional)]
                .join(" ")
        }
        Err(error) => error.name(),
    };
    let peer =
        net::peer_name(fd).map_or_else(|error| error.name(), |_| "the address".into());
    println!("  {state:<46}{said:<7}{peer}");
}

/// The same for one end of a connection, once what was done at the other end has
/// arrived.
fn then_ask(
    (peer, ours): &(Address, Address),
    state: &str,
    socket: &Socket,
) -> Result<()> {
    net::until_arrived(peer, ours)?;
    ask(state, socket.as_raw_fd());
    Ok(())
}
