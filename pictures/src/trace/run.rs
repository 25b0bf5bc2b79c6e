//! A recorded run: its calls, who has which number for how long, what happened between the calls.

use close_call::net::traced::{List, Lists};
use close_call::probe::record::Record;
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::RawFd;

/// A descriptor.
pub type Number = RawFd;

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

/// What happened between two calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Its line in the trace, as the caller counts them.
    pub place: usize,
    /// What: no call, and not the end.
    pub what: Record,
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
    pub before: Vec<Happening>,
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
    /// What select, or another call that waits, was asked.
    pub asked: Option<Lists>,
    /// What it said.
    pub said: Option<Lists>,
    /// After an epoll_wait, the numbers in `asked` and `said` that were closed since they were registered, or are another's.
    pub outdated: Vec<Number>,
    /// The number that the call is about, when it is about one.
    pub fd: Option<Number>,
    /// Which of the last select's marks for that number it acts on, where that is certain; where it is stale, of the
    /// number that was meant.
    pub acts_on: Option<List>,
    /// Set when the number does not mean what it meant.
    pub stale: Option<Stale>,
    /// What the server printed after it, and whatever came in between.
    pub after: Vec<Happening>,
}

impl Step {
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

/// A request to io_uring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it was handed in with, and comes back with.
    pub user_data: u64,
    /// The number that it is about.
    pub fd: Number,
    /// The call that it asks for.
    pub call: String,
    /// The step that handed it in.
    pub submitted: usize,
    /// The step that returned its completion, and the result: a number, or errno's name.
    pub completed: Option<(usize, String)>,
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
    /// Requests to io_uring, in the order in which they were handed in.
    pub requests: Vec<Request>,
    /// What clients did after the last call.
    pub after: Vec<Happening>,
    /// How the server ended, where the trace says it.
    pub ending: Option<Ending>,
}

/// The calls that wait for descriptors.
const WAITS: [&str; 6] = ["select", "pselect", "poll", "ppoll", "epoll_wait", "io_uring_enter"];

impl Trace {
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
                if let Record::Did(who, _) = &event.what {
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
            Record::Did(who, _) => Some((event.place, who.as_str())),
            _ => None,
        }));
        names.sort_by_key(|(place, _)| *place);
        let mut seen = BTreeSet::new();
        names.into_iter().map(|(_, name)| name).filter(|name| seen.insert(*name)).collect()
    }

    /// Whom a number that a step, which waits, has named means: who has it then, or, where it is outdated, who had it
    /// before.
    pub fn named(&self, step: usize, fd: Number) -> Option<usize> {
        match self.steps[step].outdated.contains(&fd) {
            true => self
                .tenures
                .iter()
                .rposition(|tenure| tenure.fd == fd && tenure.closed.is_some_and(|closed| closed <= step)),
            false => self.steps[step].fds.get(&fd).copied(),
        }
    }

    /// The select whose pass a step is in.
    pub fn wait_of(&self, step: usize) -> Option<usize> {
        // Before the first there is none to be looked for.
        (0..step).rev().take_while(|&index| self.steps[index].pass > 0).find(|&index| self.steps[index].waits())
    }
}
