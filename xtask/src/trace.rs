//! A recorded run: what `--trace=json` prints, call by call, with what can be told from it.
//!
//! Nothing is made up here. The table after each call, what select was asked and what it said are in the trace; what
//! this module adds is who is at the other end of a number, for how long (a [`Tenure`]), in which pass of the loop a call
//! was made, and which of select's marks it acts on. Where that cannot be told for certain, it is not told.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A descriptor.
pub type Number = i32;

/// Who or what a descriptor stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// The socket that listens.
    Listener,
    /// A connection, by the name of the client at its other end; its port, where the client has no name.
    Client(String),
    /// A socket that is neither, or not yet.
    Socket,
    /// Anything else: a pipe, a file.
    Other(String),
}

impl Owner {
    /// The name to show.
    pub fn name(&self) -> &str {
        match self {
            Owner::Listener => "listener",
            Owner::Client(name) | Owner::Other(name) => name,
            Owner::Socket => "socket",
        }
    }
}

/// A number's time with one owner: from the call that opened it to the call that closed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// The number.
    pub fd: Number,
    /// Who is at its other end.
    pub owner: Owner,
    /// The step after which the number is open; `None` when it was open before the first.
    pub opened: Option<usize>,
    /// The step after which it is not any more.
    pub closed: Option<usize>,
    /// The step after which it is connected to nobody, though still open: its client has reset the connection.
    pub orphaned: Option<usize>,
}

/// The three lists of select.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// Readable.
    pub r: Vec<Number>,
    /// Writable.
    pub w: Vec<Number>,
    /// Exceptional.
    pub x: Vec<Number>,
}

/// One of the three lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// Readable.
    R,
    /// Writable.
    W,
    /// Exceptional.
    X,
}

impl List {
    /// All three, in the order of select's arguments.
    pub const ALL: [List; 3] = [List::R, List::W, List::X];

    /// `r`, `w` or `x`.
    pub fn letter(self) -> &'static str {
        match self {
            List::R => "r",
            List::W => "w",
            List::X => "x",
        }
    }

    /// `readable`, `writable` or `exceptional`.
    pub fn word(self) -> &'static str {
        match self {
            List::R => "readable",
            List::W => "writable",
            List::X => "exceptional",
        }
    }
}

impl Lists {
    /// One of them.
    pub fn get(&self, list: List) -> &[Number] {
        match list {
            List::R => &self.r,
            List::W => &self.w,
            List::X => &self.x,
        }
    }

    /// The lists that name a number.
    pub fn of(&self, fd: Number) -> impl Iterator<Item = List> + '_ {
        List::ALL.into_iter().filter(move |list| self.get(*list).contains(&fd))
    }
}

/// What happened between two calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its line in the trace, as the caller counts them.
    pub place: usize,
    /// What.
    pub what: What,
}

/// What can happen between two calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A client did something.
    Act {
        /// Its name.
        who: String,
        /// The call by its POSIX name; empty when many were summed up.
        call: String,
        /// Its arguments, or what it received.
        args: String,
    },
    /// The server printed a line.
    Said(String),
    /// The server printed a line on standard error.
    Error(String),
    /// The server was stopped (true), or went on.
    Stopped(bool),
}

impl What {
    /// Who speaks or acts; nobody, when the server is stopped.
    pub fn who(&self) -> &str {
        match self {
            What::Act { who, .. } => who,
            What::Said(_) | What::Error(_) => "server",
            What::Stopped(_) => "",
        }
    }

    #[allow(dead_code)] // for the page that steps
    /// The line of a story's transcript, without who speaks.
    pub fn words(&self) -> String {
        match self {
            What::Act { call, args, .. } => match (call.as_str(), args.as_str()) {
                ("connect", address) => format!("connects from {address}"),
                ("send", urgent) if urgent.ends_with(" MSG_OOB") => "sends one urgent byte (MSG_OOB)".to_string(),
                ("send", _) => format!("sends {args:?}"),
                ("recv", "") => "reads the end of the connection".to_string(),
                ("recv", _) => format!("Received from server: {args}"),
                ("close", "reset") => "resets the connection".to_string(),
                ("close", _) => "closes".to_string(),
                ("shutdown", _) => "shuts down its writing side".to_string(),
                ("", _) => args.clone(),
                _ => format!("{call} {args}").trim_end().to_string(),
            },
            What::Said(line) | What::Error(line) => line.clone(),
            What::Stopped(true) => "(the server is stopped: SIGSTOP)".to_string(),
            What::Stopped(false) => "(the server goes on: SIGCONT)".to_string(),
        }
    }
}

/// A number that was closed, or closed and handed out again, between select's mark (or the last call that could know it)
/// and the call that uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The tenure that was meant.
    pub meant: usize,
    /// The one that was reached; `None` when nobody had the number.
    pub reached: Option<usize>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its line in the trace, as the caller counts them.
    pub place: usize,
    /// The pass of the loop: each select begins one; 0 before the first.
    pub pass: usize,
    /// What clients did, and signals, since the call before: what this call may answer to.
    pub before: Vec<Event>,
    /// The line of the program.
    pub line: usize,
    /// The call by its POSIX name.
    pub call: String,
    /// Its arguments, addresses replaced by names.
    pub args: String,
    /// What it returned, addresses replaced by names; or errno's name.
    pub result: Result<String, String>,
    /// The table after it: each open number, and its tenure in [`Trace::tenures`].
    pub fds: BTreeMap<Number, usize>,
    /// What select was asked.
    pub asked: Option<Lists>,
    /// What select said.
    pub said: Option<Lists>,
    /// The number that the call is about, when it is about one.
    pub fd: Option<Number>,
    /// Which of the last select's marks for that number it acts on, where that is certain.
    pub acts_on: Option<List>,
    /// Set when the number does not mean what it meant.
    pub stale: Option<Stale>,
    /// What the server printed after it, and whatever came in between.
    pub after: Vec<Event>,
}

impl Step {
    #[allow(dead_code)] // for the page that steps
    /// The call as strace shows it: `recv(4, "Hello", 1024) = 5`.
    pub fn text(&self) -> String {
        match &self.result {
            Ok(value) => format!("{}({}) = {value}", self.call, self.args),
            Err(name) => format!("{}({}) = -1 {name}", self.call, self.args),
        }
    }

    /// Whether it waits for descriptors: with it, a pass begins.
    pub fn waits(&self) -> bool {
        WAITS.contains(&self.call.as_str())
    }
}

/// How the server ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// `exit status 1`, `still running`.
    pub ended: String,
    /// `ok`, or what went wrong.
    pub verdict: String,
}

/// A run, or what was recorded of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The calls, in their order.
    pub steps: Vec<Step>,
    /// Each number's time with each owner, in the order in which they began.
    pub tenures: Vec<Tenure>,
    /// What clients did after the last call.
    pub after: Vec<Event>,
    /// How the server ended, where the trace says it.
    pub ending: Option<Ending>,
}

/// The calls that wait for descriptors.
const WAITS: [&str; 5] = ["select", "pselect", "poll", "ppoll", "epoll_wait"];

/// The calls whose first argument is a descriptor.
const OF_A_NUMBER: [&str; 18] = [
    "accept",
    "accept4",
    "bind",
    "close",
    "connect",
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

impl Trace {
    /// Reads a trace: its lines, each with its number. Lines that begin with `$` are the command; others that are not JSON
    /// are what the server printed.
    pub fn parse<'a>(lines: impl IntoIterator<Item = (usize, &'a str)>) -> Result<Trace, String> {
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
        trace.find_marks();
        Ok(trace)
    }

    #[allow(dead_code)] // for the page that steps
    /// All that happened, in the order in which it did, up to this step and what the server printed after it.
    pub fn transcript(&self, step: usize) -> impl Iterator<Item = &Event> {
        self.steps.iter().take(step + 1).flat_map(|step| step.before.iter().chain(&step.after))
    }

    /// Who has this number after a step.
    pub fn owner(&self, step: usize, fd: Number) -> Option<&Owner> {
        let tenure = self.steps.get(step)?.fds.get(&fd)?;
        Some(&self.tenures[*tenure].owner)
    }

    /// The tenure of a number before a step.
    pub fn held_before(&self, step: usize, fd: Number) -> Option<usize> {
        match step.checked_sub(1) {
            Some(before) => self.steps[before].fds.get(&fd).copied(),
            None => self.steps[0].fds.get(&fd).copied().filter(|tenure| self.tenures[*tenure].opened.is_none()),
        }
    }

    /// The clients, in the order in which they first did something or were first connected to.
    pub fn clients(&self) -> Vec<&str> {
        let mut names: Vec<(usize, &str)> = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            for event in step.before.iter().chain(&step.after) {
                if let What::Act { who, .. } = &event.what {
                    names.push((event.place, who));
                }
            }
            for tenure in self.tenures.iter().filter(|tenure| tenure.opened.unwrap_or(0) == index) {
                if let Owner::Client(name) = &tenure.owner {
                    names.push((step.place, name));
                }
            }
        }
        names.extend(self.after.iter().filter_map(|event| match &event.what {
            What::Act { who, .. } => Some((event.place, who.as_str())),
            _ => None,
        }));
        names.sort_by_key(|(place, _)| *place);
        let mut seen = BTreeSet::new();
        names.into_iter().map(|(_, name)| name).filter(|name| seen.insert(*name)).collect()
    }

    /// The select whose pass a step is in.
    pub fn wait_of(&self, step: usize) -> Option<usize> {
        (0..step).rev().find(|&index| self.steps[index].waits())
    }

    /// Finds, for each call, which mark it acts on and whether its number still means what it meant.
    fn find_marks(&mut self) {
        let mut found: Vec<(Option<List>, Option<Stale>)> = Vec::with_capacity(self.steps.len());
        let mut pass = Pass::default();
        for (index, step) in self.steps.iter().enumerate() {
            if step.waits() {
                pass = Pass::default();
                found.push((None, None));
                continue;
            }
            let Some(fd) = step.fd else {
                found.push((None, None));
                continue;
            };
            let wait = self.wait_of(index);
            let listed: Vec<List> = match wait.and_then(|wait| self.steps[wait].said.as_ref()) {
                Some(said) => said.of(fd).collect(),
                None => Vec::new(),
            };
            let meant = wait.filter(|_| !listed.is_empty()).and_then(|wait| self.steps[wait].fds.get(&fd).copied());
            let now = self.held_before(index, fd);
            let list = pass.list(step, fd, &listed, meant == now, now.is_some(), |list| self.always(step, list));
            pass.made(step, fd, list);
            let stale = match (meant, now) {
                // Nobody has the number: who had it last was meant, whether select named it or not.
                (_, None) => self
                    .tenures
                    .iter()
                    .rposition(|tenure| tenure.fd == fd && tenure.closed.is_some_and(|closed| closed < index)),
                (Some(meant), Some(now)) if meant != now && list.is_some() => Some(meant),
                _ => None,
            };
            found.push((list, stale.map(|last| Stale { meant: meant.unwrap_or(last), reached: now })));
        }
        for (step, (acts_on, stale)) in self.steps.iter_mut().zip(found) {
            step.acts_on = acts_on;
            step.stale = stale;
        }
    }

    /// Whether every call made from that line of the program was about a number that this list of its pass named. A line
    /// that was ever reached without it does not act on it.
    fn always(&self, of: &Step, list: List) -> bool {
        let same = |(_, step): &(usize, &Step)| step.line == of.line && step.call == of.call;
        self.steps.iter().enumerate().filter(same).all(|(index, step)| {
            let said = self.wait_of(index).and_then(|wait| self.steps[wait].said.as_ref());
            step.fd.zip(said).is_some_and(|(fd, said)| said.get(list).contains(&fd))
        })
    }
}

/// A call, and the line that it was made from.
type Made<'a> = (&'a str, usize);

/// What one pass has done with select's marks so far.
#[derive(Default)]
struct Pass<'a> {
    /// The marks that a call has acted on.
    used: Vec<(Number, List)>,
    /// For each number, the list that its calls act on at the moment, and which calls those were, and from which line.
    current: BTreeMap<Number, (List, Vec<Made<'a>>)>,
}

impl<'a> Pass<'a> {
    /// Which of the marks `listed` for its number a call acts on. `same`: the number's owner is who it was when select
    /// returned; `open`: it has one.
    fn list(
        &self,
        step: &Step,
        fd: Number,
        listed: &[List],
        same: bool,
        open: bool,
        always: impl Fn(List) -> bool,
    ) -> Option<List> {
        let wanted = match step.call.as_str() {
            "accept" | "accept4" | "recv" | "recvfrom" | "read" => Some(List::R),
            "send" | "sendto" | "write" => Some(List::W),
            _ => None,
        };
        if let Some(wanted) = wanted {
            return Some(wanted).filter(|wanted| listed.contains(wanted) && always(*wanted));
        }
        let unused: Vec<List> = listed.iter().copied().filter(|list| !self.used.contains(&(fd, *list))).collect();
        let only = match unused.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let current = self.current.get(&fd);
        if open && !same {
            // The number is another's by now. A call may well be about the newcomer: its first fcntl, say.
            return only.filter(|only| always(*only));
        }
        if !open {
            // After the close, the loop over the next list; where there is none, still the same.
            return if unused.is_empty() { current.map(|(list, _)| *list) } else { only };
        }
        match current {
            // The same call again, from another line: the next list.
            Some((_, calls)) if calls.iter().any(|(call, line)| *call == step.call && *line != step.line) => only,
            Some((list, _)) => Some(*list),
            None => only,
        }
    }

    /// A call was made.
    fn made(&mut self, step: &'a Step, fd: Number, list: Option<List>) {
        let Some(list) = list else { return };
        if !self.used.contains(&(fd, list)) {
            self.used.push((fd, list));
        }
        let current = self.current.entry(fd).or_insert((list, Vec::new()));
        if current.0 != list {
            *current = (list, Vec::new());
        }
        current.1.push((&step.call, step.line));
    }
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
            trace: Trace { steps: Vec::new(), tenures: Vec::new(), after: Vec::new(), ending: None },
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
                    let orphaned = peer.map(|_| index);
                    if let Some(peer) = peer {
                        owner = self.owner(peer);
                    }
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
            None if host.contains(['.', ']']) && port.parse::<u16>().is_ok() => Some(format!(":{port}")),
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
    let list = |name: &str| -> Result<Vec<Number>, String> {
        let wrong = || format!("`{name}` of `{key}` is not a list of numbers");
        let numbers = value.get(name).and_then(Value::as_array).ok_or_else(wrong)?;
        let numbers = numbers.iter().map(|fd| fd.as_i64().and_then(|fd| Number::try_from(fd).ok()));
        numbers.collect::<Option<_>>().ok_or_else(wrong)
    };
    Ok(Lists { r: list("r")?, w: list("w")?, x: list("x")? })
}
