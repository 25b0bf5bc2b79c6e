//! Whether something is still on its way between the two ends of a connection.
//!
//! A script needs it to know that what a client did has reached the server's end: without asking the server, and without
//! waiting for a time and hoping.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::address::Address;
use super::error::{Error, Result};
use super::sock_diag::{End, SockDiag, state};

/// How long is waited for what normally takes less than a millisecond. Generous, because a machine can be busy; nothing
/// that goes well waits for it.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Waits until all that was done at either end of the connection has arrived at the other: sent, ended or reset. Fails
/// with ETIMEDOUT's words if that takes longer than [`LIMIT`].
pub fn until_arrived(client: &Address, server: &Address) -> Result<()> {
    let (Some(client), Some(server)) = (client.as_socket(), server.as_socket()) else {
        return Ok(());
    };
    let arrived = all_arrived(&[(client, server)], LIMIT).map_err(|e| Error::new("sock_diag", e))?;
    let late = || Error::new("sock_diag", io::ErrorKind::TimedOut.into());
    if arrived { Ok(()) } else { Err(late()) }
}

/// How long a reset may take on loopback, where it normally takes microseconds. Only where [`may_be_over`] waits for it.
const RESET: Duration = Duration::from_millis(100);

/// Waits until all that was sent on each of the `connections`, the client's address and the server's, has arrived. True when
/// all has arrived; false when something has not within `limit` (a window that stays full, an accept queue that stays full).
pub fn all_arrived(connections: &[(SocketAddr, SocketAddr)], limit: Duration) -> io::Result<bool> {
    let mut kernel = SockDiag::open()?;
    let begun = Instant::now();
    let mut over_since = None;
    let mut pause = Duration::from_micros(50);
    loop {
        let (mut arrived, mut perhaps_over) = (true, false);
        for [client, server] in kernel.find_both(connections)? {
            for (from, to) in [(client, server), (server, client)] {
                perhaps_over |= may_be_over(from, to);
                arrived &= may_be_over(from, to) || !in_flight(from, to);
            }
        }
        over_since = (arrived && perhaps_over).then(|| over_since.unwrap_or_else(Instant::now));
        match over_since {
            // Nothing else is on its way, and no reset has come.
            Some(since) if since.elapsed() > RESET => return Ok(true),
            Some(_) => {}
            None if arrived || begun.elapsed() > limit => return Ok(arrived),
            None => {}
        }
        // On loopback the first look is nearly always enough; an acknowledgement can be put off for 40 ms.
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
}

/// Whether end `from`, of which nothing is left, may have ended in order: its FIN is there. The kernel keeps the memory of an
/// orderly end (TIME_WAIT, or FIN_WAIT2 for as long as tcp_fin_timeout says) only while it has room for it
/// (tcp_max_tw_buckets, tcp(7)). Otherwise a reset came after the FIN, and is about to be there.
fn may_be_over(from: Option<End>, to: Option<End>) -> bool {
    from.is_none() && to.is_some_and(|to| to.state == state::CLOSE_WAIT)
}

/// Whether something that was done at end `from` has not reached end `to`.
fn in_flight(from: Option<End>, to: Option<End>) -> bool {
    use state::*;
    let Some(to) = to else { return false };
    let Some(from) = from else {
        // This end left nothing behind: it was reset, or never got beyond connecting. The other end goes as well, when
        // the RST arrives. Only after an orderly end does one end stay alone, in TIME_WAIT.
        return to.state != TIME_WAIT;
    };
    match from.state {
        SYN_SENT | SYN_RECV => return true,
        TIME_WAIT => return false,
        FIN_WAIT1 | FIN_WAIT2 | CLOSING | LAST_ACK if matches!(to.state, ESTABLISHED | FIN_WAIT1 | FIN_WAIT2) => {
            return true;
        }
        _ => {}
    }
    // What has arrived and is not acknowledged yet still counts as sent here, and as received there.
    from.send_queue > to.receive_queue
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(state: u8, send_queue: u32, receive_queue: u32) -> Option<End> {
        Some(End { state, receive_queue, send_queue, inode: 1 })
    }

    #[test]
    fn each_pair_of_states_says_whether_something_is_in_flight() {
        use state::*;
        for (what, from, to, expected) in [
            ("nothing was sent", end(ESTABLISHED, 0, 0), end(ESTABLISHED, 0, 0), false),
            ("five bytes are sent, none has come", end(ESTABLISHED, 5, 0), end(ESTABLISHED, 0, 0), true),
            ("three of five bytes have come", end(ESTABLISHED, 5, 0), end(ESTABLISHED, 0, 3), true),
            ("all have come, not acknowledged", end(ESTABLISHED, 5, 0), end(ESTABLISHED, 0, 5), false),
            ("what waits at `from` is not its doing", end(ESTABLISHED, 0, 5), end(ESTABLISHED, 0, 0), false),
            ("SYN sent", end(SYN_SENT, 0, 0), end(LISTEN, 0, 0), true),
            ("SYN answered, the answer on its way", end(SYN_RECV, 0, 0), end(SYN_SENT, 0, 0), true),
            ("FIN sent, not yet there", end(FIN_WAIT1, 1, 0), end(ESTABLISHED, 0, 0), true),
            ("FIN there, not acknowledged", end(FIN_WAIT1, 1, 0), end(CLOSE_WAIT, 0, 1), false),
            ("data and FIN, data there", end(FIN_WAIT1, 6, 0), end(ESTABLISHED, 0, 5), true),
            ("data and FIN there", end(FIN_WAIT1, 6, 0), end(CLOSE_WAIT, 0, 6), false),
            ("FIN acknowledged", end(FIN_WAIT2, 0, 0), end(CLOSE_WAIT, 0, 1), false),
            ("an end that is not yet seen to have it", end(FIN_WAIT2, 0, 0), end(ESTABLISHED, 0, 0), true),
            ("the reply to a half-closed end", end(CLOSE_WAIT, 14, 0), end(FIN_WAIT2, 0, 0), true),
            ("the reply is there", end(CLOSE_WAIT, 14, 0), end(FIN_WAIT2, 0, 14), false),
            ("the second FIN sent", end(LAST_ACK, 1, 0), end(FIN_WAIT2, 0, 0), true),
            ("the second FIN there", end(LAST_ACK, 1, 0), end(TIME_WAIT, 0, 0), true),
            ("both at once, ours not there", end(CLOSING, 1, 0), end(FIN_WAIT1, 1, 0), true),
            ("both at once, both there", end(CLOSING, 0, 0), end(CLOSING, 0, 0), false),
            ("all done here", end(TIME_WAIT, 0, 0), end(LAST_ACK, 0, 0), false),
            ("reset, RST not there", None, end(ESTABLISHED, 0, 0), true),
            ("reset, with data before it", None, end(CLOSE_WAIT, 0, 6), true),
            ("only the memory of an orderly end", None, end(TIME_WAIT, 0, 0), false),
            ("the other end has gone", end(CLOSE_WAIT, 14, 0), None, false),
            ("both have gone", None, None, false),
        ] {
            assert_eq!(in_flight(from, to), expected, "{what}: {from:?} to {to:?}");
        }
    }
}
