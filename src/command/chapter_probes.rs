//! Probes for the chapters and what was begun from them: they need more of a server than any server has. They are not on
//! the scoreboard, and `check` does not play them.

use std::time::Duration;

use super::greeting::{GREETING, greeting_of};
use crate::probe::clients::Clients;
use crate::probe::probes::{self, PLAIN, Part, Probe, UNREAD_LOG};
use crate::probe::verdict::Step;

/// The probes.
pub const CHAPTER_PROBES: &[Probe] = &[SLOW_READER, SHORTAGE, UNREAD_LOG, TOLD_TO_STOP, STOP_WHILE_OWING];

/// For the chapters from 10 on, whose greeting can be made long: `GREETING=4000000` in the server's environment.
pub const SLOW_READER: Probe = Probe {
    name: "slow-reader",
    clients: "send, and read a reply of four million bytes, a little at a time",
    sound: "delivers all of it",
    part: Part::Code(slow_reader),
    environment: &[("GREETING", "4000000")],
    ..PLAIN
};

/// A descriptor becomes free although the server has closed none, as when another thread closes a file. Another server
/// may open a descriptor of its own meanwhile, and then it proves nothing.
pub const SHORTAGE: Probe = Probe {
    name: "shortage",
    clients: "one connects when no descriptor is free; then one becomes free elsewhere",
    sound: "serves it, although no connection was closed",
    part: Part::Code(shortage),
    ..PLAIN
};

/// For the chapters that stop in order, from 11 on. Chapter 18 has a recv in flight for alice then.
pub const TOLD_TO_STOP: Probe = Probe {
    name: "told-to-stop",
    clients: "one is idle, and one has sent a message, when SIGTERM comes",
    sound: "replies to the one, ends both connections, and ends",
    part: Part::Code(told_to_stop),
    ends: true,
    ..PLAIN
};

/// With a greeting as long as that of [`SLOW_READER`]. The server ends the connection of a client that has nothing to wait for while
/// it still serves the others, so it is not its own end that does it.
pub const STOP_WHILE_OWING: Probe = Probe {
    name: "stop-while-owing",
    clients: "one is idle, one has sent, one is owed four million bytes, when SIGTERM comes",
    sound: "replies to all that has come, whole, and ends the idle one meanwhile",
    part: Part::Code(stop_while_owing),
    ends: true,
    environment: &[("GREETING", "4000000")],
    ..PLAIN
};

/// How long it is, in bytes.
pub const LONG_GREETING: usize = 4_000_000;

/// How long a server is given to look again whether a descriptor is free. Only a limit can tell that it does not.
const LOOKS_AGAIN: Duration = Duration::from_secs(10);

/// The probe of that name, one of these or of all.
pub fn by_name(name: &str) -> Option<&'static Probe> {
    CHAPTER_PROBES.iter().find(|probe| probe.name == name).or_else(|| probes::by_name(name))
}

/// Alice's kernel keeps only a little for her, so the server's socket is full long before the reply is sent.
fn slow_reader(clients: &mut Clients) -> Step {
    clients.connect_with_little_room("alice")?;
    clients.ask("alice")?;
    clients.reply_in_pieces("alice", &greeting_of(LONG_GREETING))
}

fn told_to_stop(clients: &mut Clients) -> Step {
    clients.connect("alice")?;
    clients.connect("carol")?;
    let stopped = clients.in_one_pass(|clients| {
        clients.ask("carol")?;
        clients.tell_to_stop()
    });
    clients.until_it_has_stopped(stopped)?;
    clients.reads_to_the_end("carol", GREETING)?;
    clients.reads_to_the_end("alice", &[])
}

fn stop_while_owing(clients: &mut Clients) -> Step {
    let long = greeting_of(LONG_GREETING);
    clients.connect("alice")?;
    clients.connect_with_little_room("bob")?;
    clients.ask("bob")?;
    clients.connect("carol")?;
    clients.in_one_pass(|clients| {
        clients.summed_up("carol", "sends 1,500 bytes, which one recv does not take", |clients| {
            clients.send("carol", &"x".repeat(1500))
        })?;
        clients.has_sent_for_much("carol")?;
        clients.tell_to_stop()
    })?;
    clients.sees_the_end("alice")?;
    clients.reply_in_pieces("carol", &long.repeat(2))?;
    clients.reads_to_the_end("bob", &long)?;
    clients.until_it_has_stopped(Ok(()))
}

fn shortage(clients: &mut Clients) -> Step {
    clients.observed().limit_descriptors(0, 0)?;
    clients.note("the server may open no more descriptors: RLIMIT_NOFILE")?;
    clients.connect("alice")?;
    clients.ask("alice")?;
    clients.observed().limit_descriptors(24, 8)?;
    clients.note("it may open more again, and has closed none")?;
    clients.reply_within("alice", LOOKS_AGAIN)
}
