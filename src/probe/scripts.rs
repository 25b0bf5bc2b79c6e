//! The clients' part in each probe, in the order of [`super::PROBES`].
//!
//! A script that ends well means that the server did what a sound server does. Where it has only to live, the script
//! ends with a polite client, who is served.

use std::time::Instant;

use super::{LONG_GREETING, Verdict};
use crate::chapter::GREETING;
use crate::client::{Clients, MESSAGE};
use crate::server::LIMIT;

type Outcome = Result<(), Verdict>;

pub fn polite(clients: &mut Clients) -> Outcome {
    clients.polite("alice")
}

pub fn leaves(clients: &mut Clients) -> Outcome {
    clients.polite("alice")?;
    clients.close("alice")?;
    clients.polite("bob")
}

pub fn two_at_once(clients: &mut Clients) -> Outcome {
    clients.connect("alice")?;
    clients.polite("bob")
}

pub fn impatient(clients: &mut Clients) -> Outcome {
    clients.connect("alice")?;
    clients.in_one_pass(|clients| {
        clients.send("alice", MESSAGE)?;
        clients.close("alice")
    })?;
    clients.polite("bob")
}

pub fn half_close(clients: &mut Clients) -> Outcome {
    clients.connect("alice")?;
    clients.in_one_pass(|clients| {
        clients.send("alice", MESSAGE)?;
        clients.shut_down_writing("alice")
    })?;
    clients.reply_and_end("alice")
}

pub fn urgent(clients: &mut Clients) -> Outcome {
    clients.connect("alice")?;
    clients.send_urgent("alice")?;
    clients.polite("bob")
}

pub fn urgent_then_close(clients: &mut Clients) -> Outcome {
    clients.connect("alice")?;
    clients.in_one_pass(|clients| {
        clients.send_urgent("alice")?;
        clients.close("alice")
    })?;
    clients.polite("bob")
}

pub fn rude(clients: &mut Clients) -> Outcome {
    clients.connect("alice")?;
    clients.reset("alice")?;
    clients.polite("bob")
}

pub fn send_then_reset(clients: &mut Clients) -> Outcome {
    clients.connect("alice")?;
    clients.in_one_pass(|clients| {
        clients.send("alice", MESSAGE)?;
        clients.reset("alice")
    })?;
    clients.polite("bob")
}

pub fn reset_in_queue(clients: &mut Clients) -> Outcome {
    clients.in_one_pass(|clients| {
        clients.connect("alice")?;
        clients.reset("alice")
    })?;
    clients.polite("bob")
}

/// Two newcomers, because a server that accepts one in each pass meets the first when alice's message is read, and the
/// second when her end is: and that one gets the number that her end has freed.
pub fn stranger(clients: &mut Clients) -> Outcome {
    clients.connect("alice")?;
    clients.in_one_pass(|clients| {
        clients.send("alice", MESSAGE)?;
        clients.close("alice")?;
        clients.connect("carol")?;
        clients.connect("bob")
    })?;
    clients.got_nothing("carol")?;
    clients.got_nothing("bob")?;
    // The third list can be as old as the second.
    clients.connect("dave")?;
    clients.in_one_pass(|clients| {
        clients.send_urgent("dave")?;
        clients.close("dave")?;
        clients.connect("erin")
    })?;
    clients.got_nothing("erin")?;
    clients.polite("frank")
}

/// Those who reset do so before they are accepted, so that the first thing to go wrong is not always the same.
pub fn stampede(clients: &mut Clients) -> Outcome {
    let kinds = ["impatient", "half-closing", "urgent", "urgent and leaving"];
    let each = |kind: &str| (0..40).map(|n| format!("{kind} {n}")).collect::<Vec<_>>();
    clients.in_short("all", "connect, forty of each kind", |clients| {
        kinds.iter().flat_map(|kind| each(kind)).try_for_each(|who| clients.connect(&who))
    })?;
    clients.in_one_pass(|clients| {
        clients.in_short("all", "send, leave, half-close, send urgent bytes; new ones connect and reset", |clients| {
            for who in each("impatient") {
                clients.send(&who, MESSAGE)?;
                clients.close(&who)?;
            }
            for who in each("half-closing") {
                clients.send(&who, MESSAGE)?;
                clients.shut_down_writing(&who)?;
            }
            each("urgent").iter().try_for_each(|who| clients.send_urgent(who))?;
            for who in each("urgent and leaving") {
                clients.send_urgent(&who)?;
                clients.close(&who)?;
            }
            for who in each("new") {
                // As many as the listener's queue takes.
                if matches!(clients.connect(&who), Err(Verdict::Refused(..))) {
                    break;
                }
                clients.reset(&who)?;
            }
            Ok(())
        })
    })?;
    clients.polite("bob")
}

/// How much is sent to a server that may keep it, and how much it may keep.
const SENT: usize = 8 << 20;
const KEPT: u64 = 4 << 20;

fn send(clients: &mut Clients, bytes: usize) -> Outcome {
    let begun = Instant::now();
    let mut sent = 0;
    while sent < bytes && begun.elapsed() < LIMIT {
        let asleep = clients.server_sleeps()?;
        let more = clients.send_without_end("alice", MESSAGE)?;
        if more == 0 && asleep && clients.server_sleeps()? {
            break; // It takes no more, and rests: that is one way to keep the bound.
        }
        sent += more;
    }
    clients.until_taken("alice")
}

pub fn never_reads(clients: &mut Clients) -> Outcome {
    clients.connect("alice")?;
    // Three times: what a server takes at first, to grow into, or because it has not tidied up yet, is not a sign.
    clients.in_short("alice", "sends without end, and never reads", |clients| send(clients, SENT))?;
    let mut least = u64::MAX;
    for _ in 0..2 {
        let before = clients.memory();
        clients.in_short("alice", "sends as much again", |clients| send(clients, SENT))?;
        least = least.min(clients.memory().saturating_sub(before));
    }
    if least > KEPT {
        return Err(Verdict::Grows(least));
    }
    clients.polite("bob")?;
    clients.reset("alice")?;
    clients.polite("carol")
}

pub fn out_of_descriptors(clients: &mut Clients) -> Outcome {
    clients.limit_descriptors(24, 8)?;
    let forty: Vec<String> = (0..40).map(|n| format!("client {n}")).collect();
    clients.in_short("forty", "connect to a server that has no descriptors for them all", |clients| {
        connect_as_many_as_possible(clients, &forty)
    })?;
    clients.in_one_pass(|clients| clients.in_short("all", "close", |clients| leave(clients, &forty)))?;
    clients.polite("bob")
}

pub fn crowd(clients: &mut Clients) -> Outcome {
    let crowd: Vec<String> = (0..1100).map(|n| format!("client {n}")).collect();
    clients.in_short("1,100", "connect, and say nothing", |clients| connect_as_many_as_possible(clients, &crowd))?;
    // Bob's connection is closed although nobody knows yet what he will say.
    clients.connect("bob")?;
    if clients.is_at_its_end("bob")? {
        return Err(Verdict::TurnedAway("bob".into()));
    }
    clients.send("bob", MESSAGE)?;
    clients.reply("bob")
}

/// A server need not take them all. That it takes the next one is what counts.
fn connect_as_many_as_possible(clients: &mut Clients, names: &[String]) -> Outcome {
    for name in names {
        match clients.connect(name) {
            Err(Verdict::Refused(..)) => break,
            other => other?,
        }
    }
    Ok(())
}

/// Those of them leave that have come.
fn leave(clients: &mut Clients, names: &[String]) -> Outcome {
    for name in names {
        if clients.close(name).is_err() {
            break;
        }
    }
    Ok(())
}

/// Alice's kernel keeps only a little for her, so the server's socket is full long before the reply is sent.
pub fn slow_reader(clients: &mut Clients) -> Outcome {
    clients.connect_with_little_room("alice")?;
    clients.send("alice", MESSAGE)?;
    let whole = GREETING.iter().copied().cycle().take(LONG_GREETING);
    clients.reply_in_pieces("alice", whole)
}
