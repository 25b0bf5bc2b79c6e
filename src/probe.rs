//! The probes: ways in which clients behave. Each is a name, what the clients do, what a sound server does, and a script.

use std::process::ExitStatus;

use crate::client::{Clients, MESSAGE};
use crate::errno;
use crate::server::status_words;

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
        script: |clients| clients.polite("alice"),
    },
    Probe {
        name: "leaves",
        clients: "connect, send, read the reply, and close",
        sound: "serves the next",
        script: |clients| {
            clients.polite("alice")?;
            clients.close("alice")?;
            clients.polite("bob")
        },
    },
    Probe {
        name: "two-at-once",
        clients: "one connects and says nothing, another is polite",
        sound: "serves the other at once",
        script: |clients| {
            clients.connect("alice")?;
            clients.polite("bob")
        },
    },
    Probe {
        name: "impatient",
        clients: "send and close at once, without reading the reply",
        sound: "lives, and serves the next",
        script: |clients| {
            clients.connect("alice")?;
            clients.in_one_pass(|clients| {
                clients.send("alice", MESSAGE)?;
                clients.close("alice")
            })?;
            clients.polite("bob")
        },
    },
    Probe {
        name: "urgent",
        clients: "send one urgent byte (MSG_OOB), and stay",
        sound: "lives, and serves the next",
        script: |clients| {
            clients.connect("alice")?;
            clients.send_urgent("alice")?;
            clients.polite("bob")
        },
    },
];

/// The probe of that name.
pub fn by_name(name: &str) -> Option<&'static Probe> {
    PROBES.iter().find(|probe| probe.name == name)
}

/// How a server did under a probe.
#[derive(Debug)]
pub enum Verdict {
    /// As a sound server does.
    Sound,
    /// The process ended; the last line that it wrote on standard error.
    Died {
        /// How it ended.
        status: ExitStatus,
        /// The last line on standard error, if it wrote one.
        last_words: Option<String>,
    },
    /// This client got no reply, from a server that has nothing more to do.
    NoReply(&'static str),
    /// This client's connection ended before the reply, and how.
    ReplyLost(&'static str, String),
    /// The server works, and works, and gets nothing done.
    Busy,
    /// The probe could not do its part.
    Failed(String),
}

impl Verdict {
    /// In a word or two, for the scoreboard: `ok`, `EBADF`, `no reply`.
    pub fn cell(&self) -> String {
        match self {
            Verdict::Sound => "ok".into(),
            Verdict::Died { status, last_words } => {
                let name = last_words.as_deref().and_then(errno::name_in);
                name.map_or_else(|| status_words(*status), str::to_string)
            }
            Verdict::NoReply(_) => "no reply".into(),
            Verdict::ReplyLost(..) => "reply lost".into(),
            Verdict::Busy => "spins".into(),
            Verdict::Failed(_) => "failed".into(),
        }
    }

    /// In a sentence or two: what it died of, and what became of it.
    pub fn sentence(&self) -> String {
        match self {
            Verdict::Sound => "ok. The server still runs.".into(),
            Verdict::Died { status, last_words } => {
                let status = status_words(*status);
                let words = last_words.as_deref();
                match (
                    words.and_then(errno::name_in),
                    words.and_then(|words| words.split_once(": ")),
                ) {
                    (Some(name), Some((call, _))) => format!("{name} in {call}. The server has died: {status}."),
                    _ => format!("the server has died: {status}."),
                }
            }
            Verdict::NoReply(who) => format!("no reply to {who}. The server still runs, and waits."),
            Verdict::ReplyLost(who, why) => format!("no reply to {who}: {why}. The server still runs."),
            Verdict::Busy => "the server is busy without end.".into(),
            Verdict::Failed(why) => format!("the probe could not do its part: {why}"),
        }
    }
}
