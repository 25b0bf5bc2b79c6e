//! The probes: ways in which clients behave. Each is a name, what the clients do, what a sound server does, a script, and
//! what else there is to know of it.

use super::clients::Clients;
use super::kind::Kind;
use super::presets::Preset;
use super::scripts;
pub use super::scripts::CROWD_NEEDS;
use super::verdict::Step;

/// One way in which clients behave.
pub struct Probe {
    /// What `--probe` takes.
    pub name: &'static str,
    /// What the clients do.
    pub clients: &'static str,
    /// What a sound server does under it.
    pub sound: &'static str,
    /// The clients' part. An error is the verdict on a server that fell short.
    pub script: fn(&mut Clients) -> Step,
    /// What else a server may do under it, if it serves again afterwards.
    pub may: &'static [Choice],
    /// What it shows of a server that falls short in a way that it may.
    pub shows: Option<When>,
    /// What is played on and on to see whether the server keeps something of clients that go; nothing, if none goes.
    pub again: Option<Again>,
    /// Its clients send a message before they misbehave: with another one, they may meet something else.
    pub asks: bool,
    /// How the server's limit of descriptors comes in, if it does.
    pub limits_descriptors: bool,
    /// How many descriptors this process needs for its clients.
    pub descriptors: u64,
    /// How many times the usual time it may take.
    pub bounds: u32,
    /// It is played before the others, alone: without it they say nothing.
    pub first: bool,
    /// It is played after the others, alone: what it finds depends on who else is at work.
    pub last: bool,
    /// A sound server has ended when it is over: it was told to.
    pub ends: bool,
    /// It does what no client of a preset's protocol does, so with a preset it is played only where it is asked for.
    pub foreign: bool,
    /// What the server finds in its environment.
    pub environment: &'static [(&'static str, &'static str)],
}

/// A probe that needs nothing out of the ordinary, for the others to be made from.
pub const PLAIN: Probe = Probe {
    name: "",
    clients: "",
    sound: "",
    script: |_| Ok(()),
    may: &[],
    shows: None,
    again: None,
    asks: false,
    limits_descriptors: false,
    descriptors: 64,
    bounds: 1,
    first: false,
    last: false,
    ends: false,
    foreign: false,
    environment: &[],
};

/// Clients that come and go.
#[derive(Clone, Copy)]
pub struct Again {
    /// What they do.
    pub script: fn(&mut Clients) -> Step,
    /// How often, between two looks at what the server holds.
    pub times: usize,
}

/// The script once more, eight times between two looks.
const fn again(script: fn(&mut Clients) -> Step) -> Option<Again> {
    Some(Again { script, times: 8 })
}

/// A verdict that a server may well deserve: a limit, or a way to serve, that was chosen.
pub struct Choice {
    /// The verdicts.
    pub kinds: &'static [Kind],
    /// Where it is one.
    pub when: When,
    /// Why, in a line.
    pub why: &'static str,
}

/// Where a verdict is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Everywhere.
    Always,
    /// In a server that serves one client at a time, or a few: [`TWO_AT_ONCE`] shows it.
    FewAtATime,
    /// In a server that serves so many clients, and no more: [`CROWD`] shows it.
    Limited,
    /// In this protocol.
    Speaking(Preset),
}

const WAITS: &[Kind] = &[Kind::NoReply, Kind::NoGreeting, Kind::Refused];

const FEW: Choice = Choice {
    kinds: WAITS,
    when: When::FewAtATime,
    why: "it serves one client at a time, or a few, as two-at-once shows",
};

const LIMITED: Choice = Choice {
    kinds: &[Kind::TurnedAway, Kind::Refused, Kind::NoReply, Kind::NoGreeting, Kind::ReplyLost, Kind::WrongReply],
    when: When::Limited,
    why: "it serves so many clients at a time, and no more, as crowd shows",
};

/// The first probe: it finds out whether the clients and the server have a language in common.
pub const POLITE: Probe = Probe {
    name: "polite",
    clients: "connect, send, read the reply, and stay",
    sound: "replies",
    script: scripts::polite,
    first: true,
    ..PLAIN
};

/// It finds out how many clients a server serves at a time.
pub const TWO_AT_ONCE: Probe = Probe {
    name: "two-at-once",
    clients: "one connects and sends nothing, another is polite",
    sound: "serves the other at once",
    script: scripts::two_at_once,
    shows: Some(When::FewAtATime),
    may: &[Choice {
        kinds: WAITS,
        when: When::Always,
        why: "it serves one client at a time, or a few, and the next one waits",
    }],
    ..PLAIN
};

/// It finds out whether a server has a limit.
pub const CROWD: Probe = Probe {
    name: "crowd",
    clients: "1,100 connect and send nothing, then a polite one comes",
    sound: "serves it",
    script: scripts::crowd,
    shows: Some(When::Limited),
    may: &[
        FEW,
        Choice {
            kinds: &[Kind::TurnedAway, Kind::Refused, Kind::NoReply, Kind::NoGreeting],
            when: When::Always,
            why: "it serves so many clients at a time, and no more",
        },
    ],
    descriptors: 1200,
    ..PLAIN
};

/// All probes, in the order in which the book meets them.
pub const PROBES: &[Probe] = &[
    POLITE,
    Probe {
        name: "leaves",
        clients: "connect, send, read the reply, and close",
        sound: "serves the next client",
        script: scripts::leaves,
        again: again(scripts::leaves),
        ..PLAIN
    },
    TWO_AT_ONCE,
    Probe {
        name: "impatient",
        clients: "send and close at once, without reading the reply",
        sound: "survives, and serves the next client",
        script: scripts::impatient,
        again: again(scripts::impatient),
        asks: true,
        ..PLAIN
    },
    Probe {
        name: "half-close",
        clients: "send, shut down the writing side, and read to the end",
        sound: "delivers the reply, then the end",
        script: scripts::half_close,
        again: again(scripts::half_close),
        asks: true,
        may: &[Choice {
            kinds: &[Kind::ReplyLost],
            when: When::Speaking(Preset::Http),
            why: "many HTTP servers take a client that has ended for one that has gone",
        }],
        ..PLAIN
    },
    Probe {
        name: "urgent",
        clients: "send one urgent byte (MSG_OOB), and stay",
        sound: "survives, and serves the next client",
        script: scripts::urgent,
        may: &[FEW],
        ..PLAIN
    },
    Probe {
        name: "urgent-then-close",
        clients: "send one urgent byte and close, seen in one pass",
        sound: "survives, and serves the next client",
        script: scripts::urgent_then_close,
        again: again(scripts::urgent_then_close),
        ..PLAIN
    },
    Probe {
        name: "rude",
        clients: "reset the connection while it is idle",
        sound: "survives, and serves the next client",
        script: scripts::rude,
        again: again(scripts::rude),
        asks: true,
        ..PLAIN
    },
    Probe {
        name: "unread",
        clients: "send, and close when the reply has come, without reading it",
        sound: "survives, and serves the next client",
        script: scripts::unread,
        again: again(scripts::unread),
        asks: true,
        ..PLAIN
    },
    Probe {
        name: "send-then-reset",
        clients: "send, and reset before the server reads",
        sound: "survives, and serves the next client",
        script: scripts::send_then_reset,
        again: again(scripts::send_then_reset),
        asks: true,
        ..PLAIN
    },
    Probe {
        name: "reset-in-queue",
        clients: "reset before they are accepted",
        sound: "survives, and serves the next client",
        script: scripts::reset_in_queue,
        again: again(scripts::reset_in_queue),
        ..PLAIN
    },
    Probe {
        name: "ask-then-reset-in-queue",
        clients: "send, and reset before they are accepted",
        sound: "survives, and serves the next client",
        script: scripts::ask_then_reset_in_queue,
        again: again(scripts::ask_then_reset_in_queue),
        asks: true,
        ..PLAIN
    },
    Probe {
        name: "stranger",
        clients: "while one sends and leaves, new ones connect and send nothing",
        sound: "sends them nothing, and serves the next client",
        script: scripts::stranger,
        again: again(scripts::stranger),
        asks: true,
        may: &[FEW],
        ..PLAIN
    },
    Probe {
        name: "stampede",
        clients: "forty of each of four kinds, in one pass, and new ones that reset",
        sound: "survives, and serves the next client",
        script: scripts::stampede,
        again: Some(Again { script: scripts::stampede, times: 1 }),
        asks: true,
        may: &[FEW, LIMITED],
        descriptors: 400,
        ..PLAIN
    },
    Probe {
        name: "never-reads",
        clients: "send on and on, never read, and reset at last",
        sound: "serves others meanwhile and afterwards, in bounded memory",
        script: scripts::never_reads,
        again: again(scripts::stops_reading),
        may: &[
            FEW,
            Choice {
                kinds: &[Kind::Grows],
                when: When::Speaking(Preset::Redis),
                why: "redis documents it: normal clients have no client-output-buffer-limit",
            },
        ],
        ..PLAIN
    },
    Probe {
        name: "out-of-descriptors",
        clients: "forty connect, the server has few descriptors, and they leave",
        sound: "neither dies nor spins, and serves the next client afterwards",
        script: scripts::out_of_descriptors,
        again: Some(Again { script: scripts::forty_come_and_go, times: 1 }),
        may: &[FEW],
        limits_descriptors: true,
        descriptors: 128,
        ..PLAIN
    },
    CROWD,
    Probe {
        name: "long-message",
        clients: "one sends 256 KiB, and reads the replies meanwhile",
        sound: "leaves none of it unread, and replies to what comes next",
        script: scripts::long_message,
        ..PLAIN
    },
    Probe {
        name: "around-urgent",
        clients: "send a message, one urgent byte, and a message, all in one pass",
        sound: "leaves nothing unread, or replies and closes; serves the next client",
        script: scripts::around_urgent,
        // None of the presets' protocols has urgent data.
        foreign: true,
        ..PLAIN
    },
];

/// For `check` alone, and only where it is asked for: what it finds is a race, so it is no part of a story, and may find
/// nothing.
pub const HAMMER: Probe = Probe {
    name: "hammer",
    clients: "thousands that send and close at once, twenty at a time",
    sound: "survives, and serves the next client",
    script: scripts::hammer,
    again: Some(Again { script: scripts::some_hammer, times: 1 }),
    asks: true,
    bounds: 4,
    last: true,
    ..PLAIN
};

/// Where it is asked for: a server that waits for whoever reads its log has chosen to, and may have been meant to.
pub const UNREAD_LOG: Probe = Probe {
    name: "unread-log",
    clients: "a hundred are polite and leave, and nobody reads what the server prints",
    sound: "serves them all, and the next client",
    script: scripts::unread_log,
    ..PLAIN
};

/// The probe of that name.
pub fn by_name(name: &str) -> Option<&'static Probe> {
    PROBES.iter().find(|probe| probe.name == name)
}
