//! The probes: ways in which clients behave. Each is a name, what the clients do, what a sound server does, the clients'
//! part, in words where it can be said in them, and what else there is to know of it.

use std::path::Path;

use super::clients::Clients;
use super::in_code;
pub use super::in_code::CROWD_NEEDS;
use super::kind::Kind;
use super::presets::Preset;
use super::script::{Deed, Script};
use super::verdict::{Step, Verdict};

/// One way in which clients behave.
pub struct Probe {
    /// What `--probe` takes.
    pub name: &'static str,
    /// What the clients do.
    pub clients: &'static str,
    /// What a sound server does under it.
    pub sound: &'static str,
    /// The clients' part.
    pub part: Part,
    /// What else a server may do under it, if it serves again afterwards.
    pub may: &'static [Choice],
    /// What it shows of a server that falls short in a way that it may.
    pub shows: Option<When>,
    /// What is played on and on to see whether the server keeps something of clients that go, where [`Probe::again`] is to
    /// say so.
    pub again: Option<Again>,
    /// In code, its clients send a message before they misbehave.
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
    part: Part::Code(|_| Ok(())),
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

/// The clients' part in a probe.
#[derive(Clone, Copy)]
pub enum Part {
    /// The text of a script.
    Words(&'static str),
    /// An error is the verdict on a server that fell short.
    Code(fn(&mut Clients) -> Step),
}

impl Part {
    /// The script, of words.
    pub fn script(&self) -> Option<Result<Script, String>> {
        match self {
            Part::Words(text) => Some(Script::read(Path::new(""), text)),
            Part::Code(_) => None,
        }
    }

    /// Has the clients do their part.
    pub fn play(&self, clients: &mut Clients) -> Step {
        match self {
            Part::Words(_) => self.script().map_or(Ok(()), |script| script.map_err(Verdict::Failed)?.play(clients)),
            Part::Code(code) => code(clients),
        }
    }

    /// Has them do it as `check` does: whatever they do in words, one more client must be served.
    pub fn play_whole(&self, clients: &mut Clients) -> Step {
        match self.script() {
            Some(script) => script.map_err(Verdict::Failed)?.play_and_one_more(clients),
            None => self.play(clients),
        }
    }
}

impl Probe {
    /// A probe in words. The first two lines of its text say what it is called and what its clients do, and what a sound
    /// server does.
    const fn in_words(text: &'static str) -> Probe {
        let (name, rest) = until(b':', text.split_at("# ".len()).1);
        let (clients, rest) = until(b'\n', rest.split_at(" ".len()).1);
        let (sound, _) = until(b'\n', rest.split_at("# sound: ".len()).1);
        Probe { name, clients, sound, part: Part::Words(text), ..PLAIN }
    }

    /// The text of a probe in words.
    pub fn words(&self) -> Option<&'static str> {
        match self.part {
            Part::Words(text) => Some(text),
            Part::Code(_) => None,
        }
    }

    /// What is played on and on to see whether the server keeps something of clients that go; nothing, if none goes.
    pub fn again(&self) -> Option<Again> {
        let goes = || self.part.script().is_some_and(|script| script.is_ok_and(|script| script.goes()));
        self.again.or_else(|| goes().then_some(Again { part: self.part, times: TIMES }))
    }

    /// Its clients send a message before they misbehave: with another one, they may meet something else.
    pub fn asks(&self) -> bool {
        self.asks || self.part.script().is_some_and(|script| script.is_ok_and(|script| script.asks()))
    }
}

/// What comes before the first such byte, and what after it.
const fn until(byte: u8, text: &'static str) -> (&'static str, &'static str) {
    let mut at = 0;
    while text.as_bytes()[at] != byte {
        at += 1;
    }
    let (before, rest) = text.split_at(at);
    (before, rest.split_at(1).1)
}

/// The probe in words that is in the file of this name.
macro_rules! in_words {
    ($name:literal) => {
        Probe::in_words(include_str!(concat!("../../probes/", $name, ".probe")))
    };
}

/// How often clients come and go between two looks at what the server holds.
pub const TIMES: usize = 8;

/// Clients that come and go.
#[derive(Clone, Copy)]
pub struct Again {
    /// What they do.
    pub part: Part,
    /// How often, between two looks at what the server holds.
    pub times: usize,
}

/// What is in code, so many times between two looks.
const fn again(code: fn(&mut Clients) -> Step, times: usize) -> Option<Again> {
    Some(Again { part: Part::Code(code), times })
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

/// What a script waits for besides.
const FEW_IN_A_SCRIPT: Choice =
    Choice { kinds: &[Kind::NoReply, Kind::NoGreeting, Kind::Refused, Kind::NoEnd, Kind::LeftUnread], ..FEW };

const HALF_CLOSED: Choice = Choice {
    kinds: &[Kind::ReplyLost],
    when: When::Speaking(Preset::Http),
    why: "many HTTP servers take a client that has ended for one that has gone",
};

/// What meets one client too many.
const LIMITS: &[Kind] =
    &[Kind::TurnedAway, Kind::Refused, Kind::NoReply, Kind::NoGreeting, Kind::ReplyLost, Kind::WrongReply];

const LIMITED: Choice = Choice {
    kinds: LIMITS,
    when: When::Limited,
    why: "it serves so many clients at a time, and no more, as crowd shows",
};

/// The first probe: it finds out whether the clients and the server have a language in common.
pub const POLITE: Probe = Probe { first: true, ..in_words!("polite") };

/// It finds out how many clients a server serves at a time.
pub const TWO_AT_ONCE: Probe = Probe {
    shows: Some(When::FewAtATime),
    may: &[Choice {
        kinds: WAITS,
        when: When::Always,
        why: "it serves one client at a time, or a few, and the next one waits",
    }],
    ..in_words!("two-at-once")
};

/// It finds out whether a server has a limit.
pub const CROWD: Probe = Probe {
    name: "crowd",
    clients: "1,100 connect and send nothing, then a polite one comes",
    sound: "serves it",
    part: Part::Code(in_code::crowd),
    shows: Some(When::Limited),
    may: &[FEW, Choice { kinds: LIMITS, when: When::Always, why: "it serves so many clients at a time, and no more" }],
    descriptors: 1200,
    ..PLAIN
};

/// All probes, in the order in which the book meets them.
pub const PROBES: &[Probe] = &[
    POLITE,
    in_words!("leaves"),
    TWO_AT_ONCE,
    in_words!("impatient"),
    Probe { may: &[HALF_CLOSED], ..in_words!("half-close") },
    Probe { may: &[FEW], ..in_words!("urgent") },
    in_words!("urgent-then-close"),
    in_words!("rude"),
    in_words!("unread"),
    in_words!("send-then-reset"),
    in_words!("reset-in-queue"),
    in_words!("ask-then-reset-in-queue"),
    Probe { may: &[FEW], ..in_words!("stranger") },
    Probe {
        name: "stampede",
        clients: "forty of each of four kinds, in one pass, and new ones that reset",
        sound: "survives, and serves the next client",
        part: Part::Code(in_code::stampede),
        again: again(in_code::stampede, 1),
        asks: true,
        may: &[FEW, LIMITED],
        descriptors: 400,
        ..PLAIN
    },
    Probe {
        name: "never-reads",
        clients: "send on and on, never read, and reset at last",
        sound: "serves others meanwhile and afterwards, in bounded memory",
        part: Part::Code(in_code::never_reads),
        again: again(in_code::stops_reading, TIMES),
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
        part: Part::Code(in_code::out_of_descriptors),
        again: again(in_code::forty_come_and_go, 1),
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
        part: Part::Code(in_code::long_message),
        ..PLAIN
    },
    // None of the presets' protocols has urgent data.
    Probe { foreign: true, may: &[FEW], ..in_words!("around-urgent") },
];

/// For `check` alone, and only where it is asked for: what it finds is a race, so it is no part of a story, and may find
/// nothing.
pub const HAMMER: Probe = Probe {
    name: "hammer",
    clients: "thousands that send and close at once, twenty at a time",
    sound: "survives, and serves the next client",
    part: Part::Code(in_code::hammer),
    again: again(in_code::some_hammer, 1),
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
    part: Part::Code(in_code::unread_log),
    ..PLAIN
};

/// Where it is asked for: clients that nobody has thought of. What is found is a probe of the same name, in words.
pub const RANDOM: Probe = Probe {
    name: "random",
    clients: "do anything, in any order, several in one pass",
    sound: "keeps every promise",
    ..PLAIN
};

/// What a server may choose under a script that is no probe of ours.
pub fn may_choose(script: &Script) -> &'static [Choice] {
    let half_closes = script.turns.iter().any(|turn| turn.deed == Deed::ShutsDown);
    if half_closes { &[FEW_IN_A_SCRIPT, HALF_CLOSED] } else { &[FEW_IN_A_SCRIPT] }
}

/// A script as a probe. It is kept for as long as the process runs.
pub fn of_script(script: &Script, text: String) -> &'static Probe {
    let kept = |text: &str| &*Box::leak(Box::<str>::from(text));
    let part = Part::Words(kept(&text));
    let again = Some(Again { part, times: TIMES });
    let (name, clients, may) = (kept(&script.name), kept(&script.what), may_choose(script));
    Box::leak(Box::new(Probe { name, clients, part, may, again, ..PLAIN }))
}

/// The probe of that name.
pub fn by_name(name: &str) -> Option<&'static Probe> {
    PROBES.iter().find(|probe| probe.name == name)
}
