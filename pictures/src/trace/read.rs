//! Makes a run of the lines that `--trace=json` prints.

use super::run::{Ending, Happening, Number, Owner, Step, Tenure, Trace};
use super::{marks, requests};
use close_call::command::names::Names;
use close_call::net::traced::TracedCall;
use close_call::probe::act::Act;
use close_call::probe::record::Record;
use std::collections::BTreeMap;

/// The calls whose first argument is a descriptor.
const OF_A_NUMBER: [&str; 21] = [
    "accept",
    "accept4",
    "bind",
    "close",
    "connect",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "getpeername",
    "getsockname",
    "getsockopt",
    "listen",
    "read",
    "recv",
    "recvfrom",
    "send",
    "sendto",
    "setsockopt",
    "shutdown",
    "write",
];

/// Reads a trace: its lines, each with its number. Lines that begin with `$` are the command; others that are not JSON
/// are what the server printed.
pub fn read<'a>(lines: impl IntoIterator<Item = (usize, &'a str)>) -> Result<Trace, String> {
    let mut reader = Reader::default();
    for (place, line) in lines {
        reader.line(place, line).map_err(|what| format!("line {place}: {what}"))?;
    }
    let Reader { mut trace, mut between, .. } = reader;
    if trace.steps.is_empty() {
        return Err("no call is in it; a trace is what --trace=json prints".to_string());
    }
    if let Some(last) = trace.steps.last_mut() {
        let acts = between.iter().position(is_outside).unwrap_or(between.len());
        trace.after = between.split_off(acts);
        last.after = between;
    }
    marks::find(&mut trace);
    Ok(trace)
}

/// Whether it came from outside the server: the next call may answer to it.
fn is_outside(event: &Happening) -> bool {
    matches!(event.what, Record::Did(..) | Record::Stopped(_) | Record::Noted(_))
}

/// Reads a trace line by line.
struct Reader {
    trace: Trace,
    /// What happened since the last call.
    between: Vec<Happening>,
    pass: usize,
    names: Names,
    /// The table after the last call: what the trace says of each number, and its tenure.
    table: BTreeMap<Number, (String, usize)>,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader {
            trace: Trace {
                steps: Vec::new(),
                tenures: Vec::new(),
                requests: Vec::new(),
                after: Vec::new(),
                ending: None,
            },
            between: Vec::new(),
            pass: 0,
            names: Names::default(),
            table: BTreeMap::new(),
        }
    }
}

impl Reader {
    fn line(&mut self, place: usize, line: &str) -> Result<(), String> {
        if line.trim().is_empty() || (line.starts_with("$ ") && self.trace.steps.is_empty() && self.between.is_empty())
        {
            return Ok(());
        }
        let record = if line.starts_with('{') { line.parse()? } else { Record::Said(line.to_string()) };
        if self.trace.ending.is_some() && line.starts_with('{') {
            return Err("it comes after the line that says how the server ended".to_string());
        }
        let what = match record {
            Record::Call(call) => {
                return self.step(place, call);
            }
            Record::Ended(ended, verdict) => {
                self.trace.ending = Some(Ending { ended, verdict });
                return Ok(());
            }
            Record::Did(who, act) => {
                if let Act::Connect(address) = &act {
                    self.names.insert(&who, address);
                }
                Record::Did(who, act)
            }
            Record::Said(line) => Record::Said(line),
            Record::Error(line) => Record::Error(line),
            Record::Stopped(stopped) => Record::Stopped(stopped),
            Record::Noted(what) => Record::Noted(what),
        };
        self.between.push(Happening { place, what });
        Ok(())
    }

    fn step(&mut self, place: usize, call: TracedCall) -> Result<(), String> {
        let TracedCall { line, name, args, result, asked, said, stale, submitted, completed, fds } = call;
        let (submitted, completed) = (submitted.unwrap_or_default(), completed.unwrap_or_default());
        requests::take(&mut self.trace.requests, self.trace.steps.len(), submitted, completed)?;
        let accepts = ["accept", "accept4"].contains(&name.as_str());
        let peer = result.as_ref().ok().filter(|_| accepts).and_then(|value| value.split_once(", "));
        let peer = peer.map(|(_, address)| address.to_string());
        let step = Step {
            place,
            pass: 0,
            before: Vec::new(),
            line: line as usize,
            fd: if OF_A_NUMBER.contains(&name.as_str()) { first_number(&args) } else { None },
            args: self.names.put_into(&args),
            call: name,
            result: result.map(|value| self.names.put_into(&value)).map_err(|failure| failure.name),
            fds: BTreeMap::new(),
            asked,
            said,
            outdated: stale.unwrap_or_default(),
            acts_on: None,
            stale: None,
            after: Vec::new(),
        };
        self.push(step, fds.into_iter().collect(), peer);
        Ok(())
    }

    /// `peer` is the address that accept has returned.
    fn push(&mut self, mut step: Step, open: BTreeMap<Number, String>, peer: Option<String>) {
        let index = self.trace.steps.len();
        self.pass += usize::from(step.waits());
        step.pass = self.pass;
        let mut between = std::mem::take(&mut self.between);
        let outside = between.iter().position(is_outside).unwrap_or(between.len());
        step.before = between.split_off(outside);
        match self.trace.steps.last_mut() {
            Some(last) => last.after = between,
            None => step.before.splice(0..0, between).for_each(drop),
        }

        let closed = step.fd.filter(|_| step.call == "close" && step.result.is_ok());
        for (fd, (_, tenure)) in &self.table {
            if !open.contains_key(fd) || closed == Some(*fd) {
                self.trace.tenures[*tenure].closed = Some(index);
            }
        }
        let mut table = BTreeMap::new();
        for (fd, what) in open {
            let mut owner = self.owner(&what);
            let before = self.table.get(&fd).filter(|_| closed != Some(fd));
            let tenure = match before {
                Some((_, tenure)) if self.goes_on(*tenure, &owner) => *tenure,
                before => {
                    if let Some((_, tenure)) = before {
                        self.trace.tenures[*tenure].closed = Some(index);
                    }
                    // Accepted after its client had reset it: only accept knows whose it was.
                    let peer = peer.as_ref().filter(|_| owner == Owner::Socket && is_number(&step.result, fd));
                    if let Some(peer) = peer {
                        owner = self.owner(peer);
                    }
                    // So is a copy of a socket whose client has reset it.
                    let copied = step.fd.filter(|_| owner == Owner::Socket && is_number(&step.result, fd));
                    if let Some((_, of)) = copied.and_then(|fd| self.table.get(&fd)) {
                        owner = self.trace.tenures[*of].owner.clone();
                    }
                    let alone = what == "not connected" && owner != Owner::Socket;
                    let orphaned = alone.then_some(index);
                    let opened = (index > 0 || is_number(&step.result, fd)).then_some(index);
                    self.trace.tenures.push(Tenure { fd, owner: owner.clone(), opened, closed: None, orphaned });
                    self.trace.tenures.len() - 1
                }
            };
            let known = &mut self.trace.tenures[tenure];
            match (&known.owner, owner) {
                (Owner::Client(_), Owner::Socket) => known.orphaned = known.orphaned.or(Some(index)),
                (_, owner) => known.owner = owner,
            }
            step.fds.insert(fd, tenure);
            table.insert(fd, (what, tenure));
        }
        self.table = table;
        self.trace.steps.push(step);
    }

    /// Whether a number whose table entry now speaks of `owner` can still be what it was.
    fn goes_on(&self, tenure: usize, owner: &Owner) -> bool {
        let before = &self.trace.tenures[tenure].owner;
        match (before, owner) {
            // A new socket comes to listen or to be connected; a client's connection can be reset.
            (Owner::Socket, Owner::Listener | Owner::Client(_)) | (Owner::Client(_), Owner::Socket) => true,
            _ => before == owner,
        }
    }

    fn owner(&self, what: &str) -> Owner {
        match what {
            "listening" => Owner::Listener,
            "not connected" => Owner::Socket,
            _ => match self.names.of(what) {
                Some(name) => Owner::Client(name),
                None => Owner::Other(what.to_string()),
            },
        }
    }
}

fn is_number(result: &Result<String, String>, fd: Number) -> bool {
    result.as_ref().is_ok_and(|value| first_number(value) == Some(fd))
}

/// The number that a list of arguments begins with.
fn first_number(args: &str) -> Option<Number> {
    args.split(',').next()?.trim().parse().ok()
}
