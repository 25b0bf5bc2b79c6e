//! A client that sends much, and reads the replies meanwhile.

use std::thread;
use std::time::{Duration, Instant};

use super::Clients;
use crate::net::in_flight::LIMIT;
use crate::net::sock_diag::SockDiag;
use crate::probe::verdict::Verdict;

/// What is in flight at all moves within some hundredths of a second.
const NOTHING_MOVES: Duration = Duration::from_millis(500);

impl Clients<'_> {
    /// It sends the message again and again, at least `bytes` in all, and reads what comes meanwhile, until the server has
    /// received everything, or is seen to take no more: it sleeps, and nothing moves. Says how many bytes the server has
    /// not received. A server that has replied may close the connection; then it has left none.
    pub fn converse(&mut self, who: &str, bytes: usize) -> Result<usize, Verdict> {
        self.client(who)?.arrives = false;
        let message = &self.terms().protocol.message;
        let all = message.repeat(bytes.div_ceil(message.len().max(1)));
        let (client, server) = (self.client(who)?.address, self.server.address());
        let mut kernel = SockDiag::open().map_err(Verdict::no_sock_diag)?;
        let (begun, mut since) = (Instant::now(), Instant::now());
        let (mut sent, mut got, mut last) = (0, 0, None);
        loop {
            self.alive()?;
            let socket = self.socket(who)?;
            let taken = if sent < all.len() { socket.send(&all[sent..]) } else { Ok(0) };
            let mut buffer = [0; 65536];
            let read = socket.recv(&mut buffer);
            let gone =
                [&taken, &read].into_iter().find_map(|result| result.as_ref().err().filter(|e| !e.would_block()));
            if gone.is_some() || matches!(read, Ok(0)) {
                let why = gone.map_or("the connection was closed".into(), ToString::to_string);
                // The end of the connection may be the end of the server.
                self.until_idle()?;
                return if got > 0 { Ok(0) } else { Err(Verdict::Ended(who.into(), why)) };
            }
            let taken = taken.unwrap_or(0);
            (sent, self.sent) = (sent + taken, self.sent + taken as u64);
            got += read.unwrap_or(0);

            let ends = (
                kernel.find(client, server).map_err(Verdict::no_sock_diag)?,
                kernel.find(server, client).map_err(Verdict::no_sock_diag)?,
            );
            let unread = ends.1.map_or(0, |end| end.receive_queue);
            // What has arrived and is not acknowledged yet is in both queues.
            let in_flight = ends.0.map_or(0, |end| end.send_queue).max(unread);
            let left = all.len() - sent + in_flight as usize;
            if left == 0 {
                return Ok(0);
            }
            if last != Some((ends, sent, got)) || !self.is_asleep() {
                (last, since) = (Some((ends, sent, got)), Instant::now());
            }
            if since.elapsed() > NOTHING_MOVES.max(self.patience) || begun.elapsed() > LIMIT {
                return Ok(left);
            }
            thread::sleep(Duration::from_micros(100));
        }
    }
}
