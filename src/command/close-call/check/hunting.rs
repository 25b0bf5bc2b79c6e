//! `--random`: scripts that nobody has written, until the server breaks a promise; and that script, made as short as it can
//! be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, iter, thread};

use super::asked::{Check, Hunted};
use super::grades;
use super::play::{PATIENCE, Shown};
use super::progress::Progress;
use crate::net::columns::thousands;
use crate::net::signals::Signals;
use crate::probe::clients::Clients;
use crate::probe::idle::LINGERS;
use crate::probe::kind::{Grade, Kind};
use crate::probe::probes::{PLAIN, Probe, RANDOM, TIMES, may_choose, of_script};
use crate::probe::protocol::Terms;
use crate::probe::script::Script;
use crate::probe::script::random::Random;
use crate::probe::server::Server;
use crate::probe::target::Report;
use crate::probe::verdict::Verdict;

/// A script, and the verdict on a server that broke a promise of it.
type Broken = (Script, Verdict);

/// A server that is hunted.
struct Hunt<'a> {
    check: &'a Check,
    terms: &'a Terms,
    shown: &'a Shown,
    /// Told how far it has come. False if it is to end there.
    goes_on: &'a dyn Fn(String) -> bool,
}

impl Check {
    /// Plays random scripts on these terms, many on one server. The first that breaks a promise is played again by itself, is
    /// shortened, and played once more, each time on a fresh server. Returns what came of that, under a probe in the words of
    /// what was found. A SIGINT ends it, with what was found until then. Fails where that cannot be saved.
    pub(super) fn hunt(
        &self,
        asked: &Hunted,
        terms: &Terms,
        shown: &Shown,
        progress: &Progress,
    ) -> io::Result<(&'static Probe, Report)> {
        let (begun, interrupted) = (Instant::now(), interrupted()?);
        let stopped = || interrupted.load(Ordering::Relaxed);
        let goes_on = |how_far| {
            progress.note(how_far);
            !stopped()
        };
        let hunt = Hunt { check: self, terms, shown, goes_on: &goes_on };
        let mut random = Random::new(asked.seed, &self.also, terms.closes);
        let (mut played, mut chosen, mut found, mut once) = (0, 0, None, None);
        while found.is_none() && played < asked.number && !stopped() {
            let mut scripts = random.by_ref().take(asked.number - played).take_while(|_| {
                played += 1;
                goes_on(format!("{} of {} scripts", thousands(played), thousands(asked.number)))
            });
            match hunt.first_broken(&mut scripts, None) {
                None => {}
                Some((_, verdict)) if verdict.kind().grade() == Grade::Unknown => {
                    let report = Report::of(verdict).with(format!("That was random script {}.", thousands(played)));
                    return Ok((&RANDOM, report));
                }
                Some((script, verdict)) if !hunt.counts(&script, &verdict) => chosen += 1,
                Some((script, verdict)) => match hunt.broken_again(&script, &verdict) {
                    Some(verdict) => found = Some(hunt.shortest((script, verdict), &random)),
                    None => once = once.or(Some((script, verdict))),
                },
            }
        }

        let scripts = if played == 1 { "script" } else { "scripts" };
        let played = format!("{} random {scripts} (seed {})", thousands(played), asked.seed);
        let again = found.is_some();
        let (probe, report) = match found.or(once) {
            Some(broken) => self.what_was_found(asked, terms, broken, again, stopped(), &played)?,
            None if stopped() => {
                let why = format!("it was interrupted after {played}, and had found nothing");
                (&RANDOM, Report::of(Verdict::Failed(why)))
            }
            None if chosen > 0 => {
                let (nothing, chosen) = (format!("Nothing in {played}."), thousands(chosen));
                let fell_short = format!("In {chosen} it fell short in a way that it may, or that is known.");
                (&RANDOM, Report::of(Verdict::Sound).with(nothing).with(fell_short))
            }
            None => (&RANDOM, Report::of(Verdict::Sound).with(format!("Nothing in {played}."))),
        };
        Ok((probe, Report { took: begun.elapsed(), ..report }))
    }

    /// A script that the server has broken a promise of, and does `again` on a fresh server: played once more, and saved if
    /// that was asked for.
    fn what_was_found(
        &self,
        asked: &Hunted,
        terms: &Terms,
        (script, verdict): Broken,
        again: bool,
        stopped: bool,
        played: &str,
    ) -> io::Result<(&'static Probe, Report)> {
        let probe = of_script(&Script { name: RANDOM.name.into(), ..script.clone() }, script.to_string());
        let report = Report::of(verdict);
        let once_more = again.then(|| self.report_once(probe, terms, PATIENCE));
        let once_more = once_more.filter(|once_more| once_more.verdict.cell() == report.verdict.cell());
        let remark = match (&once_more, stopped) {
            (None, _) => " Not again on a fresh server: what came before has a part in it, or chance.",
            (_, true) => " It may be made shorter: that was interrupted.",
            _ => "",
        };
        let report = once_more.unwrap_or(report).with(format!("After {played}.{remark}"));
        if let Some(file) = &asked.save {
            let text = format!("# found: {}, after {played}\n{script}", report.verdict.cell());
            let named = |error| io::Error::other(format!("{}: {error}", file.display()));
            fs::write(file, text).map_err(named)?;
        }
        Ok((probe, report))
    }
}

impl Hunt<'_> {
    /// Whether a verdict is one that is looked for.
    fn counts(&self, script: &Script, verdict: &Verdict) -> bool {
        let probe = Probe { may: may_choose(script), ..PLAIN };
        let holds = |when| self.check.holds(when, self.terms, self.shown);
        let (grade, _) = grades::grade(&probe, verdict.kind(), true, &holds);
        let known = self.check.known.as_ref().is_some_and(|known| known.lists(RANDOM.name, &verdict.cell()));
        !known && (grade == Grade::Fault || self.check.strict && grade == Grade::Choice)
    }

    /// The script without every turn that it can do without, with the same verdict in a word.
    fn shortest(&self, mut broken: Broken, random: &Random) -> Broken {
        let shorter = |(script, verdict): &Broken| {
            let how_far = || format!("a script of {} turns is made shorter", script.turns.len());
            let mut simpler = random.simpler(script).into_iter().take_while(|_| (self.goes_on)(how_far()));
            simpler.find_map(|simpler| self.broken_again(&simpler, verdict).map(|verdict| (simpler, verdict)))
        };
        while let Some(simpler) = shorter(&broken) {
            broken = simpler;
        }
        broken
    }

    /// The verdict under a script by itself, if it counts and is called as it was.
    fn broken_again(&self, script: &Script, before: &Verdict) -> Option<Verdict> {
        let held = (before.kind() == Kind::Leaks).then_some(0); // it is looked for
        let (_, verdict) = self.first_broken(&mut iter::once(script.clone()), held)?;
        (verdict.cell() == before.cell() && self.counts(script, &verdict)).then_some(verdict)
    }

    /// Starts the server, and plays scripts until one of them breaks a promise. It leaks if it holds more descriptors than it
    /// `held` after any script before, and more again however often the script is played.
    fn first_broken(&self, scripts: &mut dyn Iterator<Item = Script>, mut held: Option<usize>) -> Option<Broken> {
        let mut script = scripts.next()?;
        let (target, _port) = match self.check.target(PATIENCE) {
            Ok(target) => target,
            Err(why) => return Some((script, why)),
        };
        let mut server = match Server::start(target.command, target.port, target.wait) {
            Ok(server) => server,
            Err(why) => return Some((script, Verdict::NoServer(why))),
        };
        let mut ignore = |_| {};
        let mut clients = Clients::new(&mut server, target.patience, &mut ignore).on(self.terms.clone());
        // Where a leak is looked for, it was seen already that the server does not only linger.
        let lingers = if held.is_some() { Duration::ZERO } else { LINGERS };
        let mut played = clients.until_idle();
        clients.get_to_know();
        loop {
            let part = |clients: &mut Clients| script.play_and_one_more(clients);
            played = played.and_then(|()| part(&mut clients));
            if played.is_ok() {
                // What it does when the last ones go is no part of the script. The next one is for a fresh server.
                clients.start_over().ok()?;
                let more = held.is_some_and(|held| clients.observed().held().0 > held);
                played = if more { clients.leak(&part, TIMES, lingers) } else { Ok(()) };
                played = clients.worker_died().map_or(played, Err);
            }
            if let Err(verdict) = played {
                return Some((script, verdict));
            }
            held = held.max(Some(clients.observed().held().0));
            script = scripts.next()?;
        }
    }
}

/// What the first SIGINT sets; the second ends this process.
fn interrupted() -> io::Result<Arc<AtomicBool>> {
    let signals = Signals::catch(&[libc::SIGINT]).map_err(|error| io::Error::other(error.to_string()))?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&interrupted);
    // Where there may be no more threads, the first one is in vain.
    let _waits = thread::Builder::new().spawn(move || {
        signals.take();
        set.store(true, Ordering::Relaxed);
    });
    Ok(interrupted)
}
