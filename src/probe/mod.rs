//! The probes: ways in which clients behave. Each is a name, what the clients do, what a sound server does, and a script.

mod scripts;
pub(crate) mod verdict;

pub use verdict::Verdict;

use crate::client::Clients;

/// One way in which clients behave.
pub struct Probe {
    /// What `--probe` takes.
    pub name: &'static str,
    /// What the clients do.
    pub clients: &'static str,
    /// What a sound server does under it.
    pub sound: &'static str,
    /// The page of the book that explains it: a chapter's name, or `check`.
    pub page: &'static str,
    /// The clients' part. An error is the verdict on a server that fell short.
    pub script: fn(&mut Clients) -> Result<(), Verdict>,
}

/// All probes, in the order in which the book meets them.
pub const PROBES: &[Probe] = &[
    Probe {
        name: "polite",
        clients: "connect, send, read the reply, and stay",
        sound: "replies",
        page: "01-blocking-server",
        script: scripts::polite,
    },
    Probe {
        name: "leaves",
        clients: "connect, send, read the reply, and close",
        sound: "serves the next",
        page: "04-use-after-close",
        script: scripts::leaves,
    },
    Probe {
        name: "two-at-once",
        clients: "one connects and says nothing, another is polite",
        sound: "serves the other at once",
        page: "01-blocking-server",
        script: scripts::two_at_once,
    },
    Probe {
        name: "impatient",
        clients: "send and close at once, without reading the reply",
        sound: "lives, and serves the next",
        page: "05-log-before-close",
        script: scripts::impatient,
    },
    Probe {
        name: "half-close",
        clients: "send, shut down the writing side, and read to the end",
        sound: "delivers the reply, then the end",
        page: "10-never-block",
        script: scripts::half_close,
    },
    Probe {
        name: "urgent",
        clients: "send one urgent byte (MSG_OOB), and stay",
        sound: "lives, and serves the next",
        page: "02-what-select-says",
        script: scripts::urgent,
    },
    Probe {
        name: "urgent-then-close",
        clients: "send one urgent byte and close, seen in one pass",
        sound: "lives, and serves the next",
        page: "05-log-before-close",
        script: scripts::urgent_then_close,
    },
    Probe {
        name: "rude",
        clients: "reset the connection while it is idle",
        sound: "lives, and serves the next",
        page: "06-skip-the-dead",
        script: scripts::rude,
    },
    Probe {
        name: "send-then-reset",
        clients: "send, and reset before the server reads",
        sound: "lives, and serves the next",
        page: "06-skip-the-dead",
        script: scripts::send_then_reset,
    },
    Probe {
        name: "reset-in-queue",
        clients: "reset before they are accepted",
        sound: "lives, and serves the next",
        page: "07-name-at-accept",
        script: scripts::reset_in_queue,
    },
    Probe {
        name: "stranger",
        clients: "while one sends and leaves, new ones connect and say nothing",
        sound: "sends them nothing, and serves the next",
        page: "08-recycled-number",
        script: scripts::stranger,
    },
    Probe {
        name: "stampede",
        clients: "forty of every kind, in one pass",
        sound: "lives, and serves the next",
        page: "check",
        script: scripts::stampede,
    },
    Probe {
        name: "never-reads",
        clients: "send without end, never read, and reset at last",
        sound: "serves the others meanwhile and afterwards, and keeps its memory bounded",
        page: "10-never-block",
        script: scripts::never_reads,
    },
    Probe {
        name: "out-of-descriptors",
        clients: "forty connect to a server that may have only a few descriptors, and leave",
        sound: "neither dies nor spins, and serves again when they have left",
        page: "11-limits",
        script: scripts::out_of_descriptors,
    },
    Probe {
        name: "crowd",
        clients: "1,100 connect and say nothing, and then a polite one comes",
        sound: "serves it",
        page: "11-limits",
        script: scripts::crowd,
    },
];

/// A probe for the chapters from 10 on, whose greeting can be made long: `GREETING=4000000` in the server's environment.
/// It is not on the scoreboard: what a whole reply is, it knows of no other server.
pub const SLOW_READER: Probe = Probe {
    name: "slow-reader",
    clients: "send, and read a reply of four million bytes, a little at a time",
    sound: "delivers all of it",
    page: "10-never-block",
    script: scripts::slow_reader,
};

/// How long the greeting is that [`SLOW_READER`] waits for, in bytes.
pub const LONG_GREETING: usize = 4_000_000;

/// The probe of that name.
pub fn by_name(name: &str) -> Option<&'static Probe> {
    PROBES.iter().chain([&SLOW_READER]).find(|probe| probe.name == name)
}
