//! Many clients at once, of whom nobody keeps account: what they find is a race.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::Clients;
use crate::net::sock_diag::SockDiag;
use crate::probe::verdict::Verdict;

/// How many clients of it are there at a time, or half as many as the server has room for in its queue.
const AT_A_TIME: usize = 20;

impl Clients<'_> {
    /// `number` clients connect, send and close at once, without reading a reply, some at a time. Says how many of them
    /// had connected when the server ended, or when they were through.
    pub fn hammer(&mut self, number: usize) -> (usize, Result<(), Verdict>) {
        let address = self.observed.address();
        let message = self.terms.provocation().to_vec();
        let room = SockDiag::open().and_then(|mut kernel| kernel.listener(address));
        let room = room.ok().flatten().map_or(1, |listener| listener.send_queue as usize / 2);
        let (begun, connected, ended) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let one_more = |begun| (begun < number).then(|| begun + 1);
        let work = || {
            let mut kernel = SockDiag::open().ok();
            while begun.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok() {
                wait_for_room(&mut kernel, address);
                let came = comes_and_goes(address, &message).is_ok();
                connected.fetch_add(usize::from(came), Ordering::Relaxed);
            }
            ended.fetch_add(1, Ordering::Release);
        };
        let result = thread::scope(|scope| {
            let mut threads = 0;
            while threads < AT_A_TIME.min(room).min(number).max(1) {
                match thread::Builder::new().spawn_scoped(scope, work) {
                    Ok(_) => threads += 1,
                    Err(error) if threads == 0 => {
                        return Err(Verdict::Failed(format!("no thread for a client: {error}")));
                    }
                    Err(_) => break, // those that there are do it
                }
            }
            let mut result = Ok(());
            while ended.load(Ordering::Acquire) < threads {
                result = self.alive();
                if result.is_err() {
                    begun.store(number, Ordering::Relaxed); // nobody else need come
                    break;
                }
                thread::sleep(Duration::from_millis(1));
            }
            result
        });
        (connected.load(Ordering::Relaxed), result)
    }
}

/// Waits until the queue has room for one more. A SYN that finds none is lost, and sent again a second later.
fn wait_for_room(kernel: &mut Option<SockDiag>, address: SocketAddr) {
    let begun = Instant::now();
    let mut full = || {
        let listener = kernel.as_mut().and_then(|kernel| kernel.listener(address).ok()).flatten();
        listener.is_some_and(|listener| listener.receive_queue >= listener.send_queue.max(1))
    };
    while full() && begun.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_micros(100));
    }
}

fn comes_and_goes(address: SocketAddr, message: &[u8]) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
    // It may have been reset already: it has been there.
    let _ = stream.write_all(message);
    Ok(())
}
