//! Whether a server that fell short still serves, once those it fell short of have gone.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Clients;
use crate::probe::protocol::{Answer, Protocol, compare};
use crate::probe::server::keeper;

/// How long one more client is waited for. Longer than a server keeps those that are about to go.
const PATIENCE: Duration = Duration::from_secs(10);

impl Clients<'_> {
    /// Closes all connections, and says whether a new client is served. The server need not be idle for that: one that
    /// spins may well serve.
    pub fn serves_again(&mut self) -> bool {
        let all: Vec<String> = self.all.iter().map(|client| client.name.clone()).collect();
        all.iter().for_each(|who| self.skip_greeting(who));
        {
            let _closed_at_once = keeper::no_fork_meanwhile();
            self.all.clear();
        }
        self.server.ended().is_none() && self.is_served(Instant::now() + PATIENCE).unwrap_or(false)
    }

    fn is_served(&mut self, until: Instant) -> io::Result<bool> {
        let protocol: Protocol = self.terms.protocol.clone();
        let mut stream = TcpStream::connect_timeout(&self.server.address(), PATIENCE)?;
        Ok((protocol.greeting.is_empty() || self.hears(&mut stream, &protocol.greeting, until)?)
            && stream.write_all(&protocol.message).is_ok()
            && self.hears(&mut stream, &protocol.reply, until)?)
    }

    /// Whether the bytes that are wanted come before that time. What the server prints is read meanwhile: one whose pipe
    /// is full waits for it, and serves nobody.
    fn hears(&mut self, stream: &mut TcpStream, wanted: &[u8], until: Instant) -> io::Result<bool> {
        stream.set_read_timeout(Some(Duration::from_millis(20)))?;
        let (mut got, mut buffer) = (Vec::new(), [0; 4096]);
        while Instant::now() < until {
            self.read_output();
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(n) => got.extend(&buffer[..n]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(error) => return Err(error),
            }
            if compare(&got, wanted) == Answer::Whole {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
