//! Chapter 16 on the other of the two schedulers of tokio: the tasks may run on any of
//! several threads. It is here to be measured, and differs in that one word.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use close_call::net::{Error, Result, Socket};
use close_call::{chapter, log};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch::{self, Receiver};
use tokio::{select, task::JoinSet, time::sleep};

fn main() -> ExitCode {
    chapter::main(env!("CARGO_BIN_NAME"), serve)
}

#[tokio::main(flavor = "multi_thread")]
async fn serve(listener: Socket) -> Result<()> {
    listener.set_nonblocking(true)?;
    let listener =
        TcpListener::from_std(listener.into()).map_err(Error::of("epoll_ctl"))?;
    let mut int = signal(SignalKind::interrupt()).map_err(Error::of("sigaction"))?;
    let mut term = signal(SignalKind::terminate()).map_err(Error::of("sigaction"))?;
    let (stop, stopped) = watch::channel(());
    let (mut tasks, mut full) = (JoinSet::new(), false); // full: no free descriptor
    loop {
        select! {
            _ = int.recv() => break log!("stopping on SIGINT"),
            _ = term.recv() => break log!("stopping on SIGTERM"),
            Some(_) = tasks.join_next() => full = false, // now there is one
            () = sleep(Duration::from_secs(1)), if full => full = false,
            accepted = listener.accept(), if !full => match accepted {
                Ok((stream, name)) => {
                    tasks.spawn(connection(stream, name, stopped.clone()));
                }
                Err(error) => { full = true; log!("accept: {error}") }
            }
        }
    }
    drop((listener, stop)); // no client can connect, and no task reads any more
    let done = async { while tasks.join_next().await.is_some() {} };
    select! { () = done => {}, _ = int.recv() => {}, _ = term.recv() => {} }
    Ok(())
}

/// Serves one client. Its socket is closed when this ends, however it ends.
async fn connection(mut stream: TcpStream, name: SocketAddr, mut stop: Receiver<()>) {
    log!("New connection from {name}");
    let (greeting, mut buffer) = (chapter::greeting(), [0; 1024]);
    let talk = async {
        loop {
            let n = select! {
                biased;
                _ = stop.changed() => 0, // as if the client had finished sending
                n = stream.read(&mut buffer) => n.map_err(Error::of("recv"))?,
            };
            if n == 0 {
                return Ok(());
            }
            let message = String::from_utf8_lossy(&buffer[..n]);
            log!("received {message:?} from {name}");
            stream.write_all(&greeting).await.map_err(Error::of("send"))?;
        }
    };
    match talk.await {
        Ok::<(), Error>(()) => log!("closing connection to {name}"),
        Err(error) => log!("closing connection to {name} after {}", error.brief()),
    }
}
