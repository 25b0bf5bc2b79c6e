//! Clients that do anything, in any order, several of them at once; and what is promised to them all the same. It is the
//! generator, the player and the shortener of `check --random`, which plays as many scripts as you like.
//!
//! The clients are in this process, where a connection ends only when no process has a copy of it: whatever a test starts
//! is started by a keeper, which lets no client close meanwhile.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;
mod moments;
mod scripts;
mod steps;

use std::time::Duration;

use close_call::chapter::GREETING;
use close_call::net::in_flight::LIMIT;
use close_call::probe::clients::Clients;
use close_call::probe::kind::Kind;
use close_call::probe::script::random::Random;
use close_call::probe::script::{Deed, Script};
use close_call::probe::server::Server;
use close_call::probe::server::port::Port;
use common::{runs, say, times};
use steps::chapter;

/// More than this a server does not hold after its scripts than before them, in bytes.
const GROWS: u64 = 4 << 20;

const SEED: u64 = 4;

/// How many random scripts are played.
fn scripts() -> usize {
    10 * times()
}

#[test]
fn chapter_7_lives_and_crosses_nothing_whatever_the_clients_do() {
    let mut lost = 0;
    for script in Random::new(SEED, &[], false).take(scripts()) {
        let mut server = Server::start(chapter("07-name-at-accept"), Port::Announced, LIMIT).unwrap();
        let mut ignore = |_| {};
        let mut clients = Clients::new(&mut server, Duration::ZERO, &mut ignore);
        let Err(verdict) = script.play_and_one_more(&mut clients) else { continue };
        // Of a client that half-closes it loses the reply.
        assert_eq!(verdict.kind(), Kind::ReplyLost, "{script}{}", verdict.sentence());
        clients.polite("zoe").unwrap_or_else(|verdict| panic!("{script}{}", verdict.sentence()));
        lost += 1;
    }
    assert!(lost > 0, "no client half-closes?");
}

cases!(a_sound_chapter_keeps_every_promise: keeps_every_promise:
    chapter_10 => "10-never-block",
    chapter_11 => "11-limits",
    chapter_12 => "12-poll",
    chapter_14 => "14-epoll",
    chapter_15 => "15-mio",
    chapter_16 => "16-tokio",
    chapter_18 => "18-completions",
);

fn keeps_every_promise(name: &str) {
    if !runs(name) {
        return;
    }
    say(&format!("{name} and {} random scripts", scripts()));
    let mut server = Server::start(chapter(name), Port::Announced, LIMIT).unwrap();
    let mut ignore = |_| {};
    let mut clients = Clients::new(&mut server, Duration::ZERO, &mut ignore);
    clients.until_idle().unwrap();
    // What the server sets up when it begins to serve is not to count as left over.
    clients.polite("yan").unwrap();
    clients.start_over().unwrap();
    let before = (clients.observed().held().0, clients.observed().memory());
    for (number, script) in Random::new(SEED, &[], false).take(scripts()).enumerate() {
        let kept = script.play_and_one_more(&mut clients).map_err(|verdict| verdict.sentence());
        kept.and_then(|()| keeps_account(&script, &mut clients)).unwrap_or_else(|why| {
            panic!("{name}, script {number} of seed {SEED}:\n{script}{why}");
        });
        clients.start_over().unwrap();
        assert_eq!(clients.observed().held().0, before.0, "descriptors, {name}:\n{script}");
    }
    let memory = clients.observed().memory();
    assert!(memory < before.1 + GROWS, "{name}: {} bytes before, {memory} after", before.1);
}

/// The chapters' reply is known, so each client that is still there can be held to it: it has as many replies as there were
/// passes in which it sent, since what is sent in one may be received, and answered, in one; and no more than it has sent
/// messages. At an urgent byte the server may close.
fn keeps_account(script: &Script, clients: &mut Clients) -> Result<(), String> {
    let mut names: Vec<&str> = script.turns.iter().map(|turn| &turn.who[..]).collect();
    names.sort();
    names.dedup();
    for who in names {
        let turns: Vec<_> = script.turns.iter().filter(|turn| turn.who == who).collect();
        let is = |deed: Deed| turns.iter().filter(move |turn| turn.deed == deed).count();
        if is(Deed::Closes) + is(Deed::ClosesUnread) + is(Deed::Resets) > 0 {
            continue;
        }
        let (_, ended) = clients.read_all(who).map_err(|verdict| verdict.sentence())?;
        let bytes = clients.heard(who) as usize;
        let (replies, sends) = (bytes / GREETING.len(), is(Deed::Sends));
        if !bytes.is_multiple_of(GREETING.len()) || replies > sends {
            return Err(format!("{who} sent {sends} messages and got {bytes} bytes"));
        }
        if is(Deed::SendsUrgent) > 0 {
            continue;
        }
        let passes = script.turns.chunk_by(|_, next| next.together);
        let passes = passes.filter(|pass| pass.iter().any(|turn| turn.who == who && turn.deed == Deed::Sends)).count();
        if replies < passes {
            return Err(format!("{who} is owed {passes} replies and got {replies}"));
        }
        if ended != (is(Deed::ShutsDown) > 0) {
            return Err(format!("{who} {}", if ended { "was closed on" } else { "has finished, and sees no end" }));
        }
    }
    Ok(())
}
