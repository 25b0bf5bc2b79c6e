//! Chapter 16's exercise, solved: the name comes from accept, and an error of accept
//! costs a second.

use std::process::ExitCode;
use std::time::Duration;

use close_call::net::{Error, Result, Socket};
use close_call::{chapter, log};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::sleep;

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listener: Socket) -> Result<()> {
    listener.set_nonblocking(true)?;
    let listener =
        TcpListener::from_std(listener.into()).map_err(Error::of("epoll_ctl"))?;
    loop {
        let (mut socket, name) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                eprintln!("failed to accept: {error}");
                sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        tokio::spawn(async move {
            log!("New connection from {name}");
            let mut buffer = [0; 1024];
            loop {
                let n = match socket.read(&mut buffer).await {
                    Ok(0) => break, // the end
                    Ok(n) => n,
                    Err(error) => return eprintln!("failed to read: {error}"),
                };
                let message = String::from_utf8_lossy(&buffer[..n]);
                log!("received {message:?} from {name}");
                if let Err(error) = socket.write_all(b"Hello, client!").await {
                    return eprintln!("failed to write: {error}");
                }
            }
            log!("closing connection to {name}");
        });
    }
}
