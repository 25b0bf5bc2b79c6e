//! A server under a probe.

use std::process::Command;
use std::time::{Duration, Instant};

use super::clients::{Clients, Event};
use super::probes::Probe;
use super::protocol::Terms;
use super::server::Server;
use super::server::port::Port;
use super::verdict::Verdict;

/// A server to be probed, of which we know nothing but how to start it.
pub struct Target {
    /// The program and its arguments.
    pub command: Command,
    /// Where it will listen.
    pub port: Port,
    /// How long it may take until it listens.
    pub wait: Duration,
    /// How long a reply is waited for once it is idle.
    pub patience: Duration,
}

/// How a server did under a probe, and what else was seen of it.
#[derive(Debug)]
pub struct Report {
    /// How it did.
    pub verdict: Verdict,
    /// What became of it when the probe's clients had gone.
    pub afterwards: Afterwards,
    /// What its verdict does not say.
    pub remark: Option<String>,
    /// It closed a connection after its reply.
    pub closes: bool,
    /// How many descriptors are enough for it, as it was at the end, and for some clients, if that is known.
    pub descriptors: Option<u64>,
    /// How long that took, from its start.
    pub took: Duration,
}

/// What becomes of a server that fell short, when those it fell short of have gone and one more client comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// It did not fall short, or the probe says nothing about it.
    NotAsked,
    /// It serves that client.
    Serves,
    /// It runs, and does not.
    ServesNobody,
    /// It has ended.
    Dead,
}

impl Report {
    /// Of a server that did not get as far as to meet a client.
    pub fn of(verdict: Verdict) -> Report {
        Report {
            verdict,
            afterwards: Afterwards::NotAsked,
            remark: None,
            closes: false,
            descriptors: None,
            took: Duration::ZERO,
        }
    }
}

/// A server that is given a limit of descriptors at its start has room for so many clients.
const ROOM: u64 = 8;

impl Target {
    /// Starts it, has the clients do their part, and ends it. `watch` is told of all of it.
    pub fn verdict(self, probe: &Probe, watch: &mut dyn FnMut(Event)) -> Verdict {
        let mut server = match Server::start(self.command, self.port, self.wait) {
            Ok(server) => server,
            Err(why) => return Verdict::NoServer(why),
        };
        let mut clients = Clients::new(&mut server, self.patience, watch);
        play(&mut clients, probe)
    }

    /// The same on `terms`; and a server that fell short is asked to serve one more client.
    pub fn report(self, probe: &Probe, terms: &Terms) -> Report {
        let begun = Instant::now();
        let mut server = match Server::start_with(self.command, self.port, self.wait, terms.descriptors) {
            Ok(server) => server,
            Err(why) => return Report { took: begun.elapsed(), ..Report::of(Verdict::NoServer(why)) },
        };
        let mut ignore = |_| {};
        let mut clients = Clients::new(&mut server, self.patience, &mut ignore).on(terms.clone());
        let mut verdict = play(&mut clients, probe);
        let (closes, descriptors) = (clients.was_closed_on(), clients.descriptors_needed(ROOM));
        let mut remarks: Vec<String> = clients.remark.take().into_iter().collect();
        match (clients.ended_worker(), &verdict) {
            (Some((name, replaced)), Verdict::Sound) => {
                verdict = Verdict::WorkerDied { name, replaced, last_words: clients.last_words() };
            }
            (Some(_), Verdict::Died { .. }) => {}
            (Some((name, _)), _) => remarks.push(format!("A worker has ended: {name}.")),
            (None, _) => {}
        }
        let afterwards = match verdict {
            Verdict::Sound | Verdict::Failed(_) | Verdict::Unspoken(_) => Afterwards::NotAsked,
            Verdict::Died { .. } => Afterwards::Dead,
            Verdict::Stopped => Afterwards::ServesNobody,
            _ if clients.serves_again() => Afterwards::Serves,
            _ if clients.has_died() => Afterwards::Dead,
            _ => Afterwards::ServesNobody,
        };
        if let Some(printed) = clients.flood() {
            remarks.push(format!("It wrote {} MB meanwhile.", printed / 1_000_000));
        }
        let remark = (!remarks.is_empty()).then(|| remarks.join(" "));
        Report { verdict, afterwards, remark, closes, descriptors, took: begun.elapsed() }
    }
}

fn play(clients: &mut Clients, probe: &Probe) -> Verdict {
    // It listens, and may yet have something to do before it waits.
    let idle = clients.until_idle();
    clients.know_server();
    match idle.and_then(|()| (probe.script)(clients)) {
        Ok(()) => Verdict::Sound,
        Err(verdict) => verdict,
    }
}
