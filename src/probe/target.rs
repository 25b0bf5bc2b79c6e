//! A server under a probe.

use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use super::clients::{Clients, Event, Trouble};
use super::idle::LINGERS;
use super::probes::{Probe, When};
use super::protocol::Terms;
use super::server::port::Port;
use super::server::{self, Server};
use super::verdict::{Step, Verdict};

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
    /// What no client saw of a server that did well.
    pub troubles: Vec<Trouble>,
    /// It closed a connection after its reply.
    pub closes: bool,
    /// It replied while its threads that sleep for a time slept on.
    pub others_serve: bool,
    /// How much processor time it used for the probe's clients, without what came afterwards.
    pub cost: Duration,
    /// How many bytes it sent to the probe's clients.
    pub sent: u64,
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
    /// It has ended, in that way.
    Dead(ExitStatus),
}

impl Report {
    /// Of a server that did not get as far as to meet a client.
    pub fn of(verdict: Verdict) -> Report {
        Report {
            verdict,
            afterwards: Afterwards::NotAsked,
            remark: None,
            troubles: Vec::new(),
            closes: false,
            others_serve: false,
            cost: Duration::ZERO,
            sent: 0,
            descriptors: None,
            took: Duration::ZERO,
        }
    }

    /// The report with one remark more.
    pub fn with(mut self, remark: String) -> Report {
        self.remark = Some(self.remark.into_iter().chain([remark]).collect::<Vec<_>>().join(" "));
        self
    }
}

/// A server that is given a limit of descriptors at its start has room for so many clients.
const ROOM: u64 = 8;

impl Target {
    /// Starts it, has the clients do their part on these terms, and ends it. `watch` is told of all of it.
    pub fn verdict(self, probe: &Probe, terms: &Terms, watch: &mut dyn FnMut(Event)) -> Verdict {
        if let Some(too_few) = too_few_descriptors(probe) {
            return too_few;
        }
        let mut server = match Server::start(self.command, self.port, self.wait) {
            Ok(server) => server,
            Err(why) => return Verdict::NoServer(why),
        };
        let mut clients = Clients::new(&mut server, self.patience, watch).on(terms.clone());
        play(&mut clients, probe, &|clients| probe.part.play(clients))
    }

    /// Starts it, has the clients do their part on these terms, and come and go some times more, and ends it. A server that
    /// fell short is asked to serve one more client.
    pub fn report(self, probe: &Probe, terms: &Terms) -> Report {
        let begun = Instant::now();
        if let Some(too_few) = too_few_descriptors(probe) {
            return Report::of(too_few);
        }
        let mut server = match Server::start_with(self.command, self.port, self.wait, terms.descriptors) {
            Ok(server) => server,
            Err(why) => return Report { took: begun.elapsed(), ..Report::of(Verdict::NoServer(why)) },
        };
        let mut ignore = |_| {};
        let mut clients = Clients::new(&mut server, self.patience, &mut ignore).on(terms.clone());
        let mut report = Report::of(play(&mut clients, probe, &|clients| probe.part.play_whole(clients)));
        report.closes = clients.was_closed_on();
        report.descriptors = clients.observed().descriptors_needed(ROOM);
        (report.cost, report.sent) = (clients.cost(), clients.moved()[1]);
        report.others_serve = clients.observed().naps.others_serve();
        if let Some(who) = clients.streamed_to() {
            clients.remark = Some(format!("It goes on sending to {who} after the reply."));
        }
        if matches!(report.verdict, Verdict::Sound) {
            report.troubles = clients.observed().troubles();
        }
        if let (Verdict::Sound, Some(again)) = (&report.verdict, probe.again()) {
            let part = |clients: &mut Clients| again.part.play_whole(clients);
            report.verdict = clients.leak(&part, again.times, LINGERS).err().unwrap_or(Verdict::Sound);
        }
        let mut remarks: Vec<String> = clients.remark.take().into_iter().collect();
        match (clients.observed().ended_worker(), &report.verdict) {
            (Some(_), Verdict::Sound) => report.verdict = clients.worker_died().unwrap_or(Verdict::Sound),
            (Some(_), Verdict::Died { .. }) => {}
            (Some((name, _)), _) => remarks.push(format!("A worker has ended: {name}.")),
            (None, _) => {}
        }
        if !terms.verdict_only {
            report.afterwards = afterwards(&mut clients, &report.verdict);
        }
        // What ended the keeper may have been seen as something else first: it took the server with it.
        if let Some(why) = clients.lost() {
            (report.verdict, report.afterwards) = (Verdict::Failed(why), Afterwards::NotAsked);
        }
        if let Some(printed) = clients.flood() {
            remarks.push(format!("It wrote {} MB meanwhile.", printed / 1_000_000));
        }
        report.remark = (!remarks.is_empty()).then(|| remarks.join(" "));
        Report { took: begun.elapsed(), ..report }
    }
}

fn afterwards(clients: &mut Clients, verdict: &Verdict) -> Afterwards {
    match verdict {
        Verdict::Sound | Verdict::Failed(_) | Verdict::Unspoken(_) | Verdict::NotOver(_) => Afterwards::NotAsked,
        Verdict::Died { status, .. } => Afterwards::Dead(*status),
        Verdict::Stopped => Afterwards::ServesNobody,
        _ if clients.serves_again() => Afterwards::Serves,
        _ => clients.has_died().map_or(Afterwards::ServesNobody, Afterwards::Dead),
    }
}

/// The verdict where this process may not have as many descriptors as the clients need.
fn too_few_descriptors(probe: &Probe) -> Option<Verdict> {
    let ours = server::raise_our_limit();
    let why = || {
        let needs = probe.descriptors;
        format!("its clients need {needs} descriptors, and this process may have {ours} (RLIMIT_NOFILE, `ulimit -Hn`)")
    };
    (ours < probe.descriptors).then(|| Verdict::Failed(why()))
}

fn play(clients: &mut Clients, probe: &Probe, part: &dyn Fn(&mut Clients) -> Step) -> Verdict {
    // It listens, and may yet have something to do before it waits.
    let idle = clients.until_idle();
    clients.get_to_know();
    // What finds out how many are served at a time may be told of more that are silent.
    let silent = if probe.shows == Some(When::FewAtATime) { clients.terms().silent } else { 1 };
    let mut more = (1..silent).map(|number| format!("silent {number}"));
    let played = idle.and_then(|()| more.try_for_each(|who| clients.connect(&who))).and_then(|()| part(clients));
    played.err().unwrap_or(Verdict::Sound)
}
