//! Whether a server that fell short still serves, once those it fell short of have gone.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use super::Clients;
use super::client::Reads;
use super::waiting::{Patience, Pauses};
use crate::net::Socket;
use crate::probe::idle::LINGERS;
use crate::probe::protocol::{Answer, Protocol, compare};
use crate::probe::server::keeper;

impl Clients<'_> {
    /// Has all clients leave, and says whether a new one is served. The server need not be idle for that: one that spins
    /// may well serve, and one that keeps those that are about to go may serve when they have gone.
    pub fn serves_again(&mut self) -> bool {
        {
            // In order, and from the last to the first: the next one's turn must not come with a reply that makes a reset
            // of its close. One that never reads has no other way than that.
            let _closed_at_once = keeper::no_fork_meanwhile();
            for client in self.all.iter_mut().rev() {
                let ends = |socket: &Socket| client.reads == Reads::All && socket.shutdown(Shutdown::Write).is_ok();
                client.socket = client.socket.take().filter(ends);
            }
        }
        let (begun, mut pauses) = (Instant::now(), Pauses::of_at_most(Duration::from_millis(100)));
        let mut settled = false;
        while self.observed.server.ended().is_none() {
            if let Ok(served) = self.is_served(begun + LINGERS) {
                return served;
            }
            // It was turned away. The server may not have seen yet that the others have gone.
            if settled || begun.elapsed() > LINGERS {
                break;
            }
            self.read_output();
            self.see_off();
            settled = self.cannot_wake(begun.elapsed()).unwrap_or(true);
            pauses.pause();
        }
        false
    }

    /// How the server has ended, if it has or is about to: it may have been seen to reset a connection before it is seen to
    /// end.
    pub fn has_died(&mut self) -> Option<ExitStatus> {
        const LOOKS: usize = 200;
        for _ in 0..LOOKS {
            if self.observed.server.ended().is_some() || self.is_asleep() {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.observed.server.ended()
    }

    /// Whether a new client is served before that time. Fails if it cannot connect, or its connection ends first.
    fn is_served(&mut self, until: Instant) -> io::Result<bool> {
        let protocol: Protocol = self.terms.protocol.clone();
        let mut stream = TcpStream::connect_timeout(&self.observed.address(), LINGERS)?;
        self.one_more = stream.local_addr().ok();
        if !protocol.greeting.is_empty() && !self.is_told(&mut stream, &protocol.greeting, until)? {
            return Ok(false);
        }
        stream.write_all(&protocol.message)?;
        self.is_told(&mut stream, &protocol.reply, until)
    }

    /// Whether the bytes that are wanted come before that time. What the server prints is read meanwhile: one whose pipe
    /// is full waits for it, and serves nobody. Fails if the connection ends first.
    fn is_told(&mut self, stream: &mut TcpStream, wanted: &[u8], until: Instant) -> io::Result<bool> {
        stream.set_read_timeout(Some(Duration::from_millis(20)))?;
        let (mut got, mut buffer, mut patience) = (Vec::new(), [0; 4096], Patience::new());
        while Instant::now() < until {
            self.read_output();
            self.see_off();
            // Asked before the last look at what has come.
            let in_vain = self.is_idle_for_good(&mut patience).unwrap_or(false);
            match stream.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => got.extend(&buffer[..n]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                    if in_vain {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
            if compare(&got, wanted) == Answer::Whole {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads what still comes to those that leave, and closes what has come to its end.
    fn see_off(&mut self) {
        for client in &mut self.all {
            let mut buffer = [0; 4096];
            while let Some(socket) = &client.socket {
                match socket.recv(&mut buffer) {
                    Ok(n) if n > 0 => {}
                    Err(error) if error.would_block() => break,
                    _ => client.socket = None,
                }
            }
        }
    }
}
