//! The probes: ways in which clients behave. Each is a name, what the clients do, what a sound server does, and a script.

use super::clients::Clients;
use super::scripts;
use super::verdict::Verdict;

/// One way in which clients behave.
pub struct Probe {
    /// What `--probe` takes.
    pub name: &'static str,
    /// What the clients do.
    pub clients: &'static str,
    /// What a sound server does under it.
    pub sound: &'static str,
    /// The clients' part. An error is the verdict on a server that fell short.
    pub script: fn(&mut Clients) -> Result<(), Verdict>,
}

/// All probes, in the order in which the book meets them.
pub const PROBES: &[Probe] = &[
    Probe {
        name: "polite",
        clients: "connect, send, read the reply, and stay",
        sound: "replies",
        script: scripts::polite,
    },
    Probe {
        name: "leaves",
        clients: "connect, send, read the reply, and close",
        sound: "serves the next client",
        script: scripts::leaves,
    },
    Probe {
        name: "two-at-once",
        clients: "one connects and sends nothing, another is polite",
        sound: "serves the other at once",
        script: scripts::two_at_once,
    },
    Probe {
        name: "impatient",
        clients: "send and close at once, without reading the reply",
        sound: "survives, and serves the next client",
        script: scripts::impatient,
    },
    Probe {
        name: "half-close",
        clients: "send, shut down the writing side, and read to the end",
        sound: "delivers the reply, then the end",
        script: scripts::half_close,
    },
    Probe {
        name: "urgent",
        clients: "send one urgent byte (MSG_OOB), and stay",
        sound: "survives, and serves the next client",
        script: scripts::urgent,
    },
    Probe {
        name: "urgent-then-close",
        clients: "send one urgent byte and close, seen in one pass",
        sound: "survives, and serves the next client",
        script: scripts::urgent_then_close,
    },
    Probe {
        name: "rude",
        clients: "reset the connection while it is idle",
        sound: "survives, and serves the next client",
        script: scripts::rude,
    },
    Probe {
        name: "unread",
        clients: "send, and close when the reply has come, without reading it",
        sound: "survives, and serves the next client",
        script: scripts::unread,
    },
    Probe {
        name: "send-then-reset",
        clients: "send, and reset before the server reads",
        sound: "survives, and serves the next client",
        script: scripts::send_then_reset,
    },
    Probe {
        name: "reset-in-queue",
        clients: "reset before they are accepted",
        sound: "survives, and serves the next client",
        script: scripts::reset_in_queue,
    },
    Probe {
        name: "ask-then-reset-in-queue",
        clients: "send, and reset before they are accepted",
        sound: "survives, and serves the next client",
        script: scripts::ask_then_reset_in_queue,
    },
    Probe {
        name: "stranger",
        clients: "while one sends and leaves, new ones connect and send nothing",
        sound: "sends them nothing, and serves the next client",
        script: scripts::stranger,
    },
    Probe {
        name: "stampede",
        clients: "forty of each of four kinds, in one pass, and new ones that reset",
        sound: "survives, and serves the next client",
        script: scripts::stampede,
    },
    Probe {
        name: "never-reads",
        clients: "send on and on, never read, and reset at last",
        sound: "serves others meanwhile and afterwards, in bounded memory",
        script: scripts::never_reads,
    },
    Probe {
        name: "out-of-descriptors",
        clients: "forty connect, the server has few descriptors, and they leave",
        sound: "neither dies nor spins, and serves the next client afterwards",
        script: scripts::out_of_descriptors,
    },
    Probe {
        name: "crowd",
        clients: "1,100 connect and send nothing, then a polite one comes",
        sound: "serves it",
        script: scripts::crowd,
    },
    Probe {
        name: "long-message",
        clients: "one sends 256 KiB, and reads the replies meanwhile",
        sound: "leaves none of it unread, and replies to what comes next",
        script: scripts::long_message,
    },
    Probe {
        name: "around-urgent",
        clients: "send a message, one urgent byte, and a message, all in one pass",
        sound: "leaves nothing unread, or replies and closes; serves the next client",
        script: scripts::around_urgent,
    },
];

/// For `check` alone, and only where it is asked for: what it finds is a race, so it is no part of a story, and may find
/// nothing.
pub const HAMMER: Probe = Probe {
    name: "hammer",
    clients: "thousands that send and close at once, twenty at a time",
    sound: "survives, and serves the next client",
    script: scripts::hammer,
};

/// Where it is asked for: a server that waits for whoever reads its log has chosen to, and may have been meant to.
pub const UNREAD_LOG: Probe = Probe {
    name: "unread-log",
    clients: "a hundred are polite and leave, and nobody reads what the server prints",
    sound: "serves them all, and the next client",
    script: scripts::unread_log,
};

/// The probe of that name.
pub fn by_name(name: &str) -> Option<&'static Probe> {
    PROBES.iter().find(|probe| probe.name == name)
}
