//! A script: a probe in words. What its clients do, in which pass of the server's loop, and what they are promised.
//!
//! [`read`] reads one, and says of a wrong line what would be right; `sense` knows what makes sense where. [`play`] has the
//! clients do it. [`random`] makes scripts up, and makes them simpler.

pub mod play;
pub mod random;
pub mod read;
mod sense;

use std::fmt;

use super::escapes;

/// A probe in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What its first line calls it, or else its file is called.
    pub name: String,
    /// What its first line says of it; empty if that says nothing.
    pub what: String,
    /// Its clients' turns, in order.
    pub turns: Vec<Turn>,
}

/// What a script says of one client at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The client.
    pub who: String,
    /// What it does, or is promised.
    pub deed: Deed,
    /// It is in the same pass of the server's loop as the turn before.
    pub together: bool,
}

/// What a client does, or is promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It connects.
    Connects,
    /// It sends the protocol's message.
    Sends,
    /// It sends this.
    SendsText(Vec<u8>),
    /// It sends the protocol's message so many times, without a pause.
    SendsMany(usize),
    /// It sends one byte of urgent data.
    SendsUrgent,
    /// It reads what has come.
    Reads,
    /// It closes.
    Closes,
    /// It finishes sending, and can still receive.
    ShutsDown,
    /// It closes when a reply has come, which it does not read.
    ClosesUnread,
    /// It resets the connection.
    Resets,
    /// It gets what the protocol calls a reply.
    GetsReply,
    /// It gets something that contains this.
    GetsText(Vec<u8>),
    /// It has sent nothing, and gets nothing.
    GetsNothing,
    /// It reads until the connection ends in order.
    ReadsTheEnd,
    /// The server receives all that it has sent.
    IsHeard,
    /// It connects, if it has not yet, sends the protocol's message, and gets a reply.
    IsServed,
}

/// What always reads the same: a deed, in words, and in other words that are read, such as those of a transcript.
pub static PHRASES: [(Deed, &str, &[&str]); 13] = [
    (Deed::Connects, "connects", &[]),
    (Deed::Sends, "sends", &[]),
    (Deed::SendsUrgent, "sends one urgent byte", &["sends one urgent byte (MSG_OOB)", "sends an urgent byte"]),
    (Deed::Reads, "reads", &[]),
    (Deed::ShutsDown, "shuts down writing", &["shuts down its writing side", "half-closes"]),
    (Deed::Closes, "closes", &[]),
    (Deed::ClosesUnread, "closes without reading", &["closes without reading the reply"]),
    (Deed::Resets, "resets", &["resets the connection"]),
    (Deed::GetsReply, "gets a reply", &[]),
    (Deed::GetsNothing, "gets nothing", &[]),
    (Deed::ReadsTheEnd, "reads the end", &["reads the end of the connection"]),
    (Deed::IsHeard, "is heard", &[]),
    (Deed::IsServed, "is served", &[]),
];

impl Deed {
    /// Whether it sends something of the stream that the server reads as a message.
    fn sends(&self) -> bool {
        matches!(self, Deed::Sends | Deed::SendsText(_) | Deed::SendsMany(_))
    }

    /// Whether the connection has no future after it, as the server sees it.
    fn goes(&self) -> bool {
        matches!(self, Deed::Closes | Deed::ClosesUnread | Deed::Resets | Deed::ShutsDown)
    }

    /// Whether it is a promise: it can be broken, by a server that does nothing wrong but nothing either.
    fn is_promise(&self) -> bool {
        use Deed::*;
        matches!(self, GetsReply | GetsText(_) | GetsNothing | ReadsTheEnd | IsHeard | IsServed)
    }

    /// Whether a server that is stopped has no part in it.
    fn fits_in_a_pass(&self) -> bool {
        !self.is_promise() && *self != Deed::ClosesUnread
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deed::SendsText(text) => write!(f, "sends {}", quoted(text)),
            Deed::GetsText(text) => write!(f, "gets {}", quoted(text)),
            Deed::SendsMany(number) => write!(f, "sends {number} messages"),
            other => f.write_str(PHRASES.iter().find(|(deed, ..)| deed == other).map_or("", |(_, words, _)| words)),
        }
    }
}

fn quoted(text: &[u8]) -> String {
    format!("\"{}\"", escapes::text(text).replace('"', "\\\""))
}

/// The longest line of a script that is printed.
const LONGEST: usize = 76;

impl Script {
    /// The turns of each pass.
    fn passes(&self) -> impl Iterator<Item = &[Turn]> {
        self.turns.chunk_by(|_, next| next.together)
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for pass in self.passes() {
            let turns: Vec<String> = pass.iter().map(|turn| format!("{} {}", turn.who, turn.deed)).collect();
            let line = format!("{}{}", turns.join(", "), if turns.len() > 1 { ", all in one pass" } else { "" });
            match line.len() <= LONGEST {
                true => writeln!(f, "{line}")?,
                false => writeln!(f, "in one pass:\n    {}", turns.join("\n    "))?,
            }
        }
        Ok(())
    }
}
