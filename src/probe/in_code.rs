//! The clients' part in the probes that are not in words, in the order of [`super::probes::PROBES`].
//!
//! One that ends well means that the server did what a sound server does. Where it only has to live, it ends with a polite
//! client, which must be served.

use super::clients::Clients;
use super::server::raise_our_limit;
use super::verdict::{Step, Verdict};
use crate::net::columns::thousands;

/// The clients that reset do so before they are accepted, so that the first thing to go wrong is not always the same.
pub fn stampede(clients: &mut Clients) -> Step {
    let kinds = ["impatient", "half-closing", "urgent", "urgent and leaving"];
    let each = |kind: &str| (0..40).map(|n| format!("{kind} {n}")).collect::<Vec<_>>();
    clients.summed_up("all", "connect, forty of each kind", |clients| {
        kinds.iter().flat_map(|kind| each(kind)).try_for_each(|who| clients.connect(&who))
    })?;
    clients.in_one_pass(|clients| {
        clients.summed_up("all", "send, leave, half-close, send urgent bytes; new ones connect and reset", |clients| {
            for who in each("impatient") {
                clients.provoke(&who)?;
                clients.close(&who)?;
            }
            for who in each("half-closing") {
                clients.provoke(&who)?;
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

/// How much is sent at first, so that the server's socket is full of replies (tcp(7), tcp_wmem); how much then, each time,
/// to a server that may keep it; how much it may keep; and how much is enough to see that it does.
const FILLS: usize = 6 << 20;
const SENT: usize = 2 << 20;
const KEPT: u64 = 1 << 20;
const ENOUGH: u64 = 64 << 20;

/// Sends, and says how much was taken, and how much more the server holds. It may take no more, and it may close the
/// connection of one that sends too much: both keep the bound.
fn send(clients: &mut Clients, most: usize) -> Result<(usize, u64), Verdict> {
    let before = clients.observed().memory();
    let mut sent = 0;
    while sent < most && clients.observed().memory().saturating_sub(before) < ENOUGH {
        let more = match clients.send_repeatedly("alice", most - sent) {
            Err(Verdict::Ended(..)) => break,
            other => other?,
        };
        sent += more;
        // What its kernel holds for it has to be taken before there is room for more.
        clients.until_taken("alice")?;
        if more == 0 {
            break;
        }
    }
    Ok((sent, clients.observed().memory().saturating_sub(before)))
}

pub fn never_reads(clients: &mut Clients) -> Step {
    if clients.terms().closes {
        clients.remark = Some("Says little: the server closes after each reply.".into());
    }
    clients.connect_with_little_room("alice")?;
    // Once, and three times more: what a server takes at first, for its buffers or before it frees others, proves nothing.
    clients.summed_up("alice", "sends on and on, and never reads", |clients| send(clients, FILLS).map(drop))?;
    let (mut least, mut sent) = (u64::MAX, 0);
    for _ in 0..3 {
        clients.summed_up("alice", "sends as much again", |clients| {
            let (taken, more) = send(clients, SENT)?;
            if more < least {
                (least, sent) = (more, taken);
            }
            Ok(())
        })?;
    }
    if least > KEPT {
        return Err(Verdict::Grows(least, sent));
    }
    clients.polite("bob")?;
    clients.reset("alice")?;
    clients.polite("carol")
}

/// One that has not read the replies to some messages resets.
pub fn stops_reading(clients: &mut Clients) -> Step {
    clients.connect("alice")?;
    clients.send_repeatedly("alice", 64 << 10)?;
    clients.until_idle()?;
    clients.reset("alice")
}

/// A server that sizes itself at its start, or that may not be given a limit later, is given one at its start. A server
/// may keep those that leave for some seconds, and only then have a descriptor to spare.
pub fn out_of_descriptors(clients: &mut Clients) -> Step {
    let many = match clients.terms().descriptors {
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(16),
        None => {
            clients.observed().limit_descriptors(24, 8)?;
            40
        }
    };
    let many: Vec<String> = (0..many).map(|n| format!("client {n}")).collect();
    clients.summed_up("forty", "connect to a server that has no descriptors for them all", |clients| {
        connect_as_many_as_possible(clients, &many)
    })?;
    clients.in_one_pass(|clients| clients.summed_up("all", "close", |clients| leave(clients, &many)))?;
    clients.patiently(|clients| clients.polite("bob"))
}

pub fn forty_come_and_go(clients: &mut Clients) -> Step {
    let forty: Vec<String> = (0..40).map(|n| format!("client {n}")).collect();
    clients.summed_up("forty", "connect", |clients| connect_as_many_as_possible(clients, &forty))?;
    clients.in_one_pass(|clients| clients.summed_up("all", "close", |clients| leave(clients, &forty)))
}

/// A descriptor for each client of the crowd, and some for all else.
pub const CROWD_NEEDS: u64 = 1100 + 64;

pub fn crowd(clients: &mut Clients) -> Step {
    let may_have = raise_our_limit();
    if may_have < CROWD_NEEDS {
        let why = format!("it needs {CROWD_NEEDS} descriptors, and may have {may_have} (ulimit -Hn)");
        return Err(Verdict::Failed(why));
    }
    let crowd: Vec<String> = (0..1100).map(|n| format!("client {n}")).collect();
    clients.summed_up("1,100", "connect, and send nothing", |clients| connect_as_many_as_possible(clients, &crowd))?;
    // A connection that is closed before its client has sent anything is turned away.
    // It may be told why.
    let connected = clients.connect("bob");
    if matches!(connected, Ok(()) | Err(Verdict::Wrong { .. })) && clients.read_all("bob")?.1 {
        return Err(Verdict::TurnedAway("bob".into()));
    }
    connected?;
    clients.ask("bob")?;
    clients.reply("bob")
}

/// How long the long message is, and how much it may be answered with.
const LONG: usize = 256 << 10;
const ANSWERED: usize = 256 << 20;

/// Longer than what any server receives with one call. One that is told only once that there is something to read, and
/// reads only some of it, then waits for a client that waits for it.
pub fn long_message(clients: &mut Clients) -> Step {
    clients.connect("alice")?;
    let mut left = 0;
    let long = long(clients);
    clients.summed_up("alice", "sends 256 KiB, and reads the replies meanwhile", |clients| {
        left = clients.converse("alice", long)?;
        Ok(())
    })?;
    if left > 0 {
        return Err(Verdict::LeftUnread("alice".into()));
    }
    let (_, closed) = clients.read_all("alice")?;
    if closed {
        return clients.polite("bob");
    }
    clients.ask("alice")?;
    clients.reply("alice")
}

/// As long as its replies do not become too much.
fn long(clients: &mut Clients) -> usize {
    let terms = clients.terms();
    let reply = terms.reply_length.map_or(1, |length| usize::try_from(length).unwrap_or(usize::MAX)).max(1);
    let long = (ANSWERED / reply).max(1).saturating_mul(terms.protocol.message.len()).min(LONG);
    if long < LONG {
        clients.remark = Some(format!("Only {} bytes of requests: the replies are long.", thousands(long)));
    }
    long
}

pub fn hammer(clients: &mut Clients) -> Step {
    let number = clients.terms().hammer;
    let (connected, ended) = clients.hammer(number);
    clients.remark = Some(format!("After {} of {} clients.", thousands(connected), thousands(number)));
    ended?;
    clients.until_idle()?;
    clients.polite("bob")?;
    clients.remark = Some(format!("Not in {} clients.", thousands(number)));
    Ok(())
}

/// Enough to see whether each of them leaves something.
pub fn some_hammer(clients: &mut Clients) -> Step {
    clients.hammer(64).1?;
    clients.until_idle()
}

/// A server need not take them all. What counts is that it serves the next one.
fn connect_as_many_as_possible(clients: &mut Clients, names: &[String]) -> Step {
    for name in names {
        match clients.connect(name) {
            Err(Verdict::Refused(..)) => break,
            other => other?,
        }
    }
    Ok(())
}

/// Those that have connected leave.
fn leave(clients: &mut Clients, names: &[String]) -> Step {
    for name in names {
        if clients.close(name).is_err() {
            break;
        }
    }
    Ok(())
}

/// More than a page of log, whatever a line of it is.
pub fn unread_log(clients: &mut Clients) -> Step {
    clients.leave_its_output_unread()?;
    clients.summed_up("a hundred", "come one after the other, are served, and leave", |clients| {
        (0..100).map(|n| format!("client {n}")).try_for_each(|who| {
            clients.polite(&who)?;
            clients.close(&who)
        })
    })?;
    clients.read_its_output()?;
    clients.polite("bob")
}
