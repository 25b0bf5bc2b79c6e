//! A script of random clients, and what a server owes them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use close_call::chapter::GREETING;
use close_call::net::in_flight::LIMIT;
use close_call::probe::clients::{Clients, MESSAGE};
use close_call::probe::server::Server;
use close_call::probe::server::port::Port;
use close_call::probe::verdict::Verdict;
use proptest::prelude::*;

const NAMES: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// More than this a server does not hold after a script than before it, in bytes.
const GROWS: u64 = 4 << 20;

/// What a client does. Simplest first, because that is where shrinking goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Connect,
    Send,
    Read,
    Close,
    HalfClose,
    Urgent,
    Reset,
}
use Step::*;

/// One step: who, what, and whether it is in the same pass of the server's loop as the one before.
type Entry = (usize, Step, bool);

/// Steps of several clients. One that makes no sense where it is is skipped: a client that is not connected can only
/// connect, and that once.
#[derive(Clone, Debug)]
pub struct Script(Vec<Entry>);

/// What is asked of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// It does not die of EBADF: no descriptor is used that is closed.
    UsesNothingClosed,
    /// It still serves a polite client afterwards.
    Lives,
    /// And no client got anything without having sent something.
    CrossesNothing,
    /// And every reply that could be delivered was.
    Delivers,
    /// And no descriptor is left, and no memory.
    Everything,
}

/// Scripts of up to thirty steps.
pub fn scripts() -> impl Strategy<Value = Script> {
    let step = prop_oneof![
        6 => Just(Connect), 4 => Just(Send), 1 => Just(Read), 4 => Just(Close),
        2 => Just(HalfClose), 1 => Just(Urgent), 2 => Just(Reset)
    ];
    prop::collection::vec((0..NAMES.len(), step, prop::bool::weighted(0.6)), 1..30).prop_map(Script)
}

impl Script {
    /// The steps alone, without their clients and passes.
    pub fn steps(&self) -> Vec<Step> {
        self.0.iter().map(|(_, step, _)| *step).collect()
    }

    /// The same, with alice as the first to come, then bob, and so on.
    pub fn renamed(&self) -> Script {
        let mut known: Vec<usize> = Vec::new();
        let renamed = self.0.iter().map(|&(who, step, together)| {
            let at = known.iter().position(|other| *other == who).unwrap_or(known.len());
            if at == known.len() {
                known.push(who);
            }
            (at, step, together)
        });
        Script(renamed.collect())
    }

    /// The scripts that are a little simpler: without one of the steps, with a simpler one in its place, or with one
    /// done by itself.
    pub fn simpler(&self) -> Vec<Script> {
        let without = (0..self.0.len()).map(|at| {
            let mut less = self.0.clone();
            let (_, _, together) = less.remove(at);
            if let Some(next) = less.get_mut(at) {
                next.2 &= together;
            }
            less
        });
        let changed = (0..self.0.len()).flat_map(|at| {
            let (who, step, together) = self.0[at];
            let steps = [Connect, Send, Read, Close, HalfClose, Urgent].into_iter().filter(move |other| *other < step);
            let apart = together.then_some((who, step, false));
            let other = steps.map(move |step| (who, step, together)).chain(apart);
            other.map(move |entry| {
                let mut changed = self.0.clone();
                changed[at] = entry;
                changed
            })
        });
        without.chain(changed).map(Script).collect()
    }

    /// The steps of each pass.
    fn passes(&self) -> Vec<Vec<(usize, Step)>> {
        let mut passes: Vec<Vec<(usize, Step)>> = Vec::new();
        for &(who, step, together) in &self.0 {
            match passes.last_mut() {
                Some(pass) if together => pass.push((who, step)),
                _ => passes.push(vec![(who, step)]),
            }
        }
        passes
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for pass in self.passes() {
            let steps = pass.iter().map(|(who, step)| {
                let does = match step {
                    Connect => "connects",
                    Send => "sends",
                    Read => "reads",
                    HalfClose => "half-closes",
                    Close => "closes",
                    Urgent => "sends an urgent byte",
                    Reset => "resets",
                };
                format!("{} {does}", NAMES[*who])
            });
            let steps: Vec<String> = steps.collect();
            let at_once = if steps.len() > 1 { ", all in one pass" } else { "" };
            writeln!(f, "    {}{at_once}", steps.join(", "))?;
        }
        Ok(())
    }
}

/// A client, and what is due to it.
#[derive(Default)]
struct Model {
    connected: bool,
    half_closed: bool,
    gone: bool,
    /// It has sent an urgent byte, at which the server may close.
    urgent: bool,
    sends: usize,
    /// In how many passes it has sent something. What is sent in one may be received, and answered, in one.
    passes: usize,
    received: String,
}

/// Plays a script against a server of its own, and says which promise was broken, and how.
pub fn play(server: &Path, script: &Script, promise: Promise) -> Result<(), String> {
    let mut command = Command::new(server);
    command.args(["--listen", "127.0.0.1:0"]);
    let mut server = Server::start(command, Port::Announced, LIMIT).map_err(|why| why.to_string())?;
    let mut ignore = |_| {};
    let mut clients = Clients::new(&mut server, Duration::ZERO, &mut ignore);
    match act(&mut clients, script, promise) {
        Ok(()) => Ok(()),
        Err(Broken::Promise(why)) => Err(why),
        Err(Broken::Verdict(verdict)) if promise == Promise::UsesNothingClosed && verdict.cell() != "EBADF" => Ok(()),
        // Somebody was closed on by mistake. Here only those count who were sent something by mistake.
        Err(Broken::Verdict(Verdict::Ended(..))) if promise == Promise::CrossesNothing => Ok(()),
        Err(Broken::Verdict(verdict)) => Err(verdict.sentence()),
    }
}

enum Broken {
    Verdict(Verdict),
    Promise(String),
}

impl From<Verdict> for Broken {
    fn from(verdict: Verdict) -> Broken {
        Broken::Verdict(verdict)
    }
}

fn act(clients: &mut Clients, script: &Script, promise: Promise) -> Result<(), Broken> {
    clients.until_idle()?;
    // What the server sets up when it begins to serve is not to count as left over.
    if promise == Promise::Everything {
        clients.polite("yan")?;
        clients.close("yan")?;
    }
    let before = (clients.observed().held().0, clients.observed().memory());
    let mut models: BTreeMap<usize, Model> = BTreeMap::new();
    for pass in script.passes() {
        let mut sent = Vec::new();
        let mut steps = |clients: &mut Clients| {
            for &(who, step) in &pass {
                let model = models.entry(who).or_default();
                if take(clients, NAMES[who], step, model)? && step == Send && !sent.contains(&who) {
                    sent.push(who);
                }
            }
            Ok(())
        };
        if pass.len() > 1 {
            clients.in_one_pass(steps)?
        } else {
            steps(clients)?
        }
        for who in sent {
            models.entry(who).or_default().passes += 1;
        }
    }
    clients.polite("zoe")?;
    if promise == Promise::Everything {
        clients.close("zoe")?;
    }

    for (who, model) in models.iter_mut().filter(|(_, model)| model.connected && !model.gone) {
        let (text, ended) = clients.read_all(NAMES[*who])?;
        model.received += &text;
        if promise >= Promise::CrossesNothing {
            keeps_its_word(NAMES[*who], model, ended, promise).map_err(Broken::Promise)?;
        }
        if promise == Promise::Everything {
            clients.close(NAMES[*who])?;
        }
    }
    if promise == Promise::Everything {
        let (descriptors, memory) = (clients.observed().held().0, clients.observed().memory());
        if descriptors != before.0 {
            return Err(Broken::Promise(format!("{} descriptors before, {descriptors} after", before.0)));
        }
        if memory > before.1 + GROWS {
            return Err(Broken::Promise(format!("{} bytes before, {memory} after", before.1)));
        }
    }
    Ok(())
}

/// Takes a step, if it makes sense, and notes what it means. Gives whether it was taken.
fn take(clients: &mut Clients, who: &str, step: Step, model: &mut Model) -> Result<bool, Verdict> {
    let open = model.connected && !model.gone;
    match step {
        Connect if !model.connected => {
            model.connected = true;
            clients.connect(who)?;
        }
        // A server that has closed, at an urgent byte, answers what is sent then with a reset.
        Send | HalfClose if open && model.urgent => return Ok(false),
        Send if open && !model.half_closed => {
            model.sends += 1;
            clients.send(who, MESSAGE)?;
        }
        Read if open => model.received += &clients.read_all(who)?.0,
        HalfClose if open && !model.half_closed => {
            model.half_closed = true;
            clients.shut_down_writing(who)?;
        }
        Urgent if open && !model.half_closed && !model.urgent => {
            model.urgent = true;
            clients.send_urgent(who)?;
        }
        Close if open => {
            model.gone = true;
            clients.close(who)?;
        }
        Reset if open => {
            model.gone = true;
            clients.reset(who)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Whether a client that is still there has got what it was owed, and nothing else.
fn keeps_its_word(who: &str, model: &Model, ended: bool, promise: Promise) -> Result<(), String> {
    let replies = model.received.len() / GREETING.len();
    let greeting = String::from_utf8_lossy(GREETING);
    if model.received != greeting.repeat(replies) {
        return Err(format!("{who} received {:?}", model.received));
    }
    if replies > model.sends {
        return Err(format!(
            "{who} sent {} and got {}",
            counted(model.sends, "message", "messages"),
            counted(replies, "reply", "replies")
        ));
    }
    if promise >= Promise::Delivers && !model.urgent {
        if replies < model.passes {
            return Err(format!("{who} is owed {} replies and got {replies}", model.passes));
        }
        if ended != model.half_closed {
            let how = if ended { "was closed on" } else { "has finished, and sees no end" };
            return Err(format!("{who} {how}"));
        }
    }
    Ok(())
}

impl PartialOrd for Promise {
    fn partial_cmp(&self, other: &Promise) -> Option<std::cmp::Ordering> {
        (*self as u8).partial_cmp(&(*other as u8))
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
