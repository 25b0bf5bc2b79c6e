//! Reads what `--trace=json` prints.

use super::run::{Ending, Event, Lists, Number, Owner, Step, Tenure, Trace, What};
use super::{marks, requests};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

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
fn is_outside(event: &Event) -> bool {
    matches!(event.what, What::Act { .. } | What::Stopped(_))
}

/// Reads a trace line by line.
struct Reader {
    trace: Trace,
    /// What happened since the last call.
    between: Vec<Event>,
    pass: usize,
    /// The clients' names, by their addresses.
    names: HashMap<String, String>,
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
            names: HashMap::new(),
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
        if !line.starts_with('{') {
            self.between.push(Event { place, what: What::Said(line.to_string()) });
            return Ok(());
        }
        let object: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| format!("it is no JSON object: {error}"))?;
        if self.trace.ending.is_some() {
            return Err("it comes after the line that says how the server ended".to_string());
        }
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        if object.contains_key("at") {
            return self.step(place, &object);
        }
        let who = text("who").ok_or("it has neither `at` nor `who`")?;
        if let Some(notes) = text("notes") {
            // Nobody's act, but something that was done to the server.
            let args = notes.trim_matches(['(', ')']).to_string();
            self.between.push(Event { place, what: What::Act { who: String::new(), call: String::new(), args } });
            return Ok(());
        }
        let what = match (text("call"), text("says"), text("error"), text("signal"), text("ended")) {
            (Some(call), ..) => {
                let args = text("args").unwrap_or_default().to_string();
                if call == "connect" {
                    self.names.insert(args.clone(), who.to_string());
                }
                What::Act { who: who.to_string(), call: call.to_string(), args }
            }
            (_, Some(line), ..) => What::Said(line.to_string()),
            (_, _, Some(line), ..) => What::Error(line.to_string()),
            (_, _, _, Some("SIGSTOP"), _) => What::Stopped(true),
            (_, _, _, Some("SIGCONT"), _) => What::Stopped(false),
            (_, _, _, _, Some(ended)) => {
                let verdict = text("verdict").unwrap_or_default().to_string();
                self.trace.ending = Some(Ending { ended: ended.to_string(), verdict });
                return Ok(());
            }
            _ if object.contains_key("notes") => What::Noted(text("notes").unwrap_or_default().to_string()),
            _ => return Err("it is neither a call, nor a client's act, a signal, a line or the end".to_string()),
        };
        self.between.push(Event { place, what });
        Ok(())
    }

    fn step(&mut self, place: usize, object: &Map<String, Value>) -> Result<(), String> {
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        let line = object.get("at").and_then(Value::as_u64).and_then(|line| usize::try_from(line).ok());
        let line = line.ok_or("`at` is not the number of a line")?;
        let call = text("call").ok_or("`call` is missing")?.to_string();
        let args = text("args").ok_or("`args` is missing")?.to_string();
        let result = match (text("ret"), text("err")) {
            (Some(value), None) => Ok(self.named(value)),
            (None, Some(name)) => Err(name.to_string()),
            _ => return Err("either `ret` or `err` must be there".to_string()),
        };
        let fds = object.get("fds").and_then(Value::as_object).ok_or("`fds`, the table after it, is missing")?;
        let mut open = BTreeMap::new();
        for (fd, what) in fds {
            let fd: Number = fd.parse().map_err(|_| format!("`{fd}` in `fds` is not a number"))?;
            open.insert(fd, what.as_str().ok_or("`fds` holds something other than text")?.to_string());
        }
        let [asked, said] = ["asked", "said"].map(|key| object.get(key).map(|value| lists(key, value)).transpose());
        let (asked, said) = (asked?, said?);
        let outdated =
            object.get("stale").map_or(Some(Vec::new()), numbers).ok_or("`stale` is not a list of numbers")?;

        requests::take(&mut self.trace.requests, self.trace.steps.len(), object)?;

        let accepts = ["accept", "accept4"].contains(&call.as_str());
        let step = Step {
            place,
            pass: 0,
            before: Vec::new(),
            line,
            fd: if OF_A_NUMBER.contains(&call.as_str()) { first_number(&args) } else { None },
            args: self.named(&args),
            call,
            result,
            fds: BTreeMap::new(),
            asked,
            said,
            outdated,
            acts_on: None,
            stale: None,
            after: Vec::new(),
        };
        let peer = text("ret").and_then(|value| value.split_once(", ")).map(|(_, address)| address.to_string());
        self.push(step, open, peer.filter(|_| accepts));
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
            _ => match self.name(what) {
                Some(name) => Owner::Client(name),
                None => Owner::Other(what.to_string()),
            },
        }
    }

    /// The name for an address: the client's that connected from there, the one that a stored trace has in the place of
    /// the port, or the port. `None` for what is no address.
    fn name(&self, address: &str) -> Option<String> {
        if let Some(name) = self.names.get(address) {
            return Some(name.clone());
        }
        let (host, port) = address.rsplit_once(':')?;
        let stored = port.strip_prefix('<').and_then(|port| port.strip_suffix('>'));
        match stored {
            Some("port") => Some("client".to_string()),
            Some(name) => Some(name.to_string()),
            None if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() && port.parse::<u16>().is_ok() => {
                Some(format!(":{port}"))
            }
            None => None,
        }
    }

    /// A text with the addresses of clients replaced by their names.
    fn named(&self, text: &str) -> String {
        let words = text.split_inclusive([' ', ',']).map(|word| {
            let address = word.trim_end_matches([' ', ',']);
            let client = self.names.contains_key(address);
            let stored = address.ends_with('>') && !address.ends_with("<port>");
            match self.name(address).filter(|_| client || stored) {
                Some(name) => name + &word[address.len()..],
                None => word.to_string(),
            }
        });
        words.collect()
    }
}

fn is_number(result: &Result<String, String>, fd: Number) -> bool {
    result.as_ref().is_ok_and(|value| first_number(value) == Some(fd))
}

/// The number that a list of arguments begins with.
fn first_number(args: &str) -> Option<Number> {
    args.split(',').next()?.trim().parse().ok()
}

fn lists(key: &str, value: &Value) -> Result<Lists, String> {
    let list = |name: &str| {
        value.get(name).and_then(numbers).ok_or_else(|| format!("`{name}` of `{key}` is not a list of numbers"))
    };
    // select has three, and no call is asked about the others.
    let more = |name: &str| if value.get(name).is_some() { list(name) } else { Ok(Vec::new()) };
    Ok(Lists { r: list("r")?, w: list("w")?, x: list("x")?, e: more("e")?, h: more("h")?, n: more("n")? })
}

fn numbers(value: &Value) -> Option<Vec<Number>> {
    let numbers = value.as_array()?.iter().map(|fd| Number::try_from(fd.as_i64()?).ok());
    numbers.collect()
}
