//! Chapter 16: the same server on tokio, a task for each connection. Nothing in it is
//! broken on purpose; on SIGINT or SIGTERM it sends what it owes, and stops.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use close_call::net::{Error, Result, Socket};
use close_call::signals::{self, Signals};
use close_call::{chapter, log};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, unix::pipe};
use tokio::sync::watch::{self, Receiver};
use tokio::{select, task::JoinSet, time::sleep};

fn main() -> ExitCode {
    chapter::main_that_stops(env!("CARGO_BIN_NAME"), serve)
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listener: Socket, signals: Signals) -> Result<()> {
    listener.set_nonblocking(true)?;
    let listener =
        TcpListener::from_std(listener.into()).map_err(Error::of("epoll_ctl"))?;
    let signals = pipe::Receiver::from_owned_fd(signals.into());
    let mut signals = signals.map_err(Error::of("epoll_ctl"))?;
    let (stop, stopped) = watch::channel(());
    let (mut tasks, mut full) = (JoinSet::new(), false); // full: no free descriptor
    loop {
        select! {
            Ok(signal) = signals.read_u8() => {
                break log!("stopping on {}", signals::name(signal));
            }
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
    drop((listener, stop)); // no client can connect, and no task waits for one any more
    while tasks.join_next().await.is_some() {}
    Ok(())
}

/// Serves one client. Its socket is closed when this ends, however it ends.
async fn connection(mut stream: TcpStream, name: SocketAddr, mut stop: Receiver<()>) {
    log!("New connection from {name}");
    let (greeting, mut buffer) = (chapter::greeting(), [0; 1024]);
    let talk = async {
        loop {
            // What has come is answered, and then a stop is as if nothing more would.
            select! {
                biased;
                ready = stream.readable() => ready.map_err(Error::of("epoll_wait"))?,
                _ = stop.changed() => return Ok(()),
            }
            // Until EAGAIN. A read that did not fill its buffer has stopped at the end
            // of what there is, or at the mark of an urgent byte.
            let n = match stream.try_read(&mut buffer).map_err(Error::of("recv")) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(error) if error.would_block() => continue,
                Err(error) => return Err(error),
            };
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
