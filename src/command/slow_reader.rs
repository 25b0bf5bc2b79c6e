//! A probe for the chapters from 10 on, whose greeting can be made long: `GREETING=4000000` in the server's environment.
//! It is not on the scoreboard, because for no other server does it know what a whole reply is.

use super::greeting::greeting_of;
use crate::probe::clients::{Clients, MESSAGE};
use crate::probe::probes::{self, Probe};
use crate::probe::verdict::Verdict;

/// The probe.
pub const SLOW_READER: Probe = Probe {
    name: "slow-reader",
    clients: "send, and read a reply of four million bytes, a little at a time",
    sound: "delivers all of it",
    script,
};

/// How long the greeting is that the probe waits for, in bytes.
pub const LONG_GREETING: usize = 4_000_000;

/// The probe of that name, this one included.
pub fn by_name(name: &str) -> Option<&'static Probe> {
    if name == SLOW_READER.name { Some(&SLOW_READER) } else { probes::by_name(name) }
}

/// Alice's kernel keeps only a little for her, so the server's socket is full long before the reply is sent.
fn script(clients: &mut Clients) -> Result<(), Verdict> {
    clients.connect_with_little_room("alice")?;
    clients.send("alice", MESSAGE)?;
    clients.reply_in_pieces("alice", greeting_of(LONG_GREETING))
}
