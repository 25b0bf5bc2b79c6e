//! Whether a server that does not come to rest gets on with its work, or works for nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Clients;
use crate::net::in_flight::LIMIT;
use crate::net::sock_diag::{End, SockDiag};
use crate::probe::server::processes;
use crate::probe::verdict::{Step, Verdict};

/// A server that has printed so many bytes more than it was sent spins: most of its time it may wait for its pipe.
const FLOODS: u64 = 20_000_000;

/// So long any server may work, and is not asked how much processor time it uses.
const SOON: Duration = Duration::from_millis(50);

/// How many bytes a server takes in one call, as a rule, at most.
const IN_ONE_CALL: usize = 64 << 10;

/// What moves when a server gets on: bytes that are taken from a queue or put into one, connections that are accepted or
/// closed.
#[derive(PartialEq, Eq)]
struct Scene {
    listener: Option<End>,
    connections: Vec<(Option<End>, Option<End>)>,
    moved: [u64; 2],
}

/// A server at work since a moment.
pub struct Work {
    begun: Instant,
    /// What it had used when that was first asked.
    used_before: Option<Duration>,
    printed_before: u64,
    /// Where it was when it was last seen to have got on, after how much processor time, and when.
    mark: Option<(Scene, Duration, Instant)>,
}

impl Clients<'_> {
    /// The server's work from now on.
    pub(super) fn work(&self) -> Work {
        Work { begun: Instant::now(), used_before: None, printed_before: self.observed.printed(), mark: None }
    }

    /// The verdict on a server that works and gets nowhere. One that gets on may go on, until the probe's time is over.
    pub(super) fn gets_on(&self, work: &mut Work) -> Step {
        let time = work.begun.elapsed();
        if time < SOON {
            return Ok(());
        }
        let all = processes::cpu_time(&self.observed.pids());
        let [sent, _] = self.moved();
        if self.observed.printed() - work.printed_before > FLOODS + 2 * sent {
            // To read a flood takes so long that what it had used before is nothing.
            return Err(Verdict::Spins { used: all, time });
        }
        let used = all.saturating_sub(*work.used_before.get_or_insert(all));
        let Some((before, used_before, since)) = &work.mark else {
            // Something to compare with, before it is needed.
            if used > self.terms.spins / 3 || time > LIMIT / 3 {
                work.mark = Some((self.scene().map_err(Verdict::no_sock_diag)?, used, Instant::now()));
            }
            return Ok(());
        };
        let spins = used.saturating_sub(*used_before) > self.terms.spins * 2 / 3 + self.granted();
        let stands_still = used == *used_before && since.elapsed() > LIMIT;
        if !spins && !stands_still {
            return Ok(());
        }
        let scene = self.scene().map_err(Verdict::no_sock_diag)?;
        match scene == *before {
            true if spins => Err(Verdict::Spins { used, time }),
            true => Err(Verdict::NotOver(time)),
            false => {
                work.mark = Some((scene, used, Instant::now()));
                Ok(())
            }
        }
    }

    /// The processor time that a server is granted for the replies that it owes: twice what one took when it was alone.
    fn granted(&self) -> Duration {
        let message = self.terms.protocol.message.len();
        let due: usize = self.all.iter().map(|client| owed(client.due, client.socket.is_some(), message)).sum();
        let due = u32::try_from(due).unwrap_or(u32::MAX);
        self.terms.cost.saturating_mul(due).saturating_mul(2)
    }

    /// How many bytes a client was sent, as far as they were read.
    pub fn heard(&self, who: &str) -> u64 {
        self.all.iter().find(|client| client.name == who).map_or(0, |client| client.moved[1])
    }

    /// How many bytes the clients have sent, and were sent.
    pub fn moved(&self) -> [u64; 2] {
        let sum = |at: usize| self.all.iter().map(|client| client.moved[at]).sum::<u64>() + self.gone[at];
        [sum(0), sum(1)]
    }

    fn scene(&self) -> std::io::Result<Scene> {
        let mut kernel = SockDiag::open()?;
        let server = self.observed.address();
        let mut ends = |client: SocketAddr| Ok((kernel.find(client, server)?, kernel.find(server, client)?));
        let connections = self.all.iter().map(|client| ends(client.address)).collect::<std::io::Result<_>>()?;
        Ok(Scene { listener: kernel.listener(server)?, connections, moved: self.moved() })
    }
}

/// How many replies a server may be at work on for a client that is due so many, to messages of so many bytes: one that has
/// gone may have been served out of what was taken in the last call.
fn owed(due: usize, is_open: bool, message: usize) -> usize {
    if is_open { due } else { due.min(IN_ONE_CALL / message.max(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_client_that_has_gone_one_call_of_messages_is_worked_on() {
        assert_eq!(owed(300_000, true, 32), 300_000);
        assert_eq!(owed(300_000, false, 32), 2_048);
        assert_eq!(owed(1, false, 32), 1);
        assert_eq!(owed(1, false, 1 << 20), 0, "not even one has been taken whole");
        assert_eq!(owed(0, false, 0), 0);
    }
}
