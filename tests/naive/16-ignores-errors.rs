//! The server of tokio's README, which ignores the errors of accept, as a server "must
//! not die of one client". Broken; chapter 16 shows what it does.
#![allow(clippy::unwrap_used)]

use std::process::ExitCode;

use close_call::net::{Error, Result, Socket};
use close_call::{chapter, log};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listener: Socket) -> Result<()> {
    listener.set_nonblocking(true)?;
    let listener =
        TcpListener::from_std(listener.into()).map_err(Error::of("epoll_ctl"))?;
    loop {
        let Ok((mut socket, _)) = listener.accept().await else { continue };
        tokio::spawn(async move {
            log!("New connection from {}", socket.peer_addr().unwrap());
            let mut buffer = [0; 1024];
            loop {
                let n = match socket.read(&mut buffer).await {
                    Ok(0) => break, // the end
                    Ok(n) => n,
                    Err(error) => return eprintln!("failed to read: {error}"),
                };
                let message = String::from_utf8_lossy(&buffer[..n]);
                log!("received {message:?} from {}", socket.peer_addr().unwrap());
                if let Err(error) = socket.write_all(b"Hello, client!").await {
                    return eprintln!("failed to write: {error}");
                }
            }
            log!("closing connection to {}", socket.peer_addr().unwrap());
        });
    }
}
