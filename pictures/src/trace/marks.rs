//! Which of select's marks each call acts on, and whether its number still means what it meant.
//!
//! A trace does not say it. It can be told from the kind of a call, from the calls before it on the same number, and from
//! where else its line of the program was reached. Where that leaves more than one mark, none is named: a picture that
//! guesses would be worse than none.

use super::run::{Happening, Number, Owner, Stale, Step, Trace};
use close_call::net::traced::List;
use close_call::probe::act::Act;
use close_call::probe::record::Record;
use std::collections::{BTreeMap, HashMap};

/// Finds it for each call.
pub fn find(trace: &mut Trace) {
    let mut found: Vec<(Option<List>, Option<Stale>)> = Vec::with_capacity(trace.steps.len());
    let always = Always::of(trace);
    let (mut pass, mut wait) = (Pass::default(), None);
    for (index, step) in trace.steps.iter().enumerate() {
        if step.waits() {
            (pass, wait) = (Pass::default(), Some(index));
            found.push((None, None));
            continue;
        }
        let Some(fd) = step.fd else {
            found.push((None, None));
            continue;
        };
        let listed: Vec<List> = match wait.and_then(|wait| trace.steps[wait].said.as_ref()) {
            Some(said) => said.of(fd).collect(),
            None => Vec::new(),
        };
        let meant = wait.filter(|_| !listed.is_empty()).and_then(|wait| trace.named(wait, fd));
        let now = trace.held_before(index, fd);
        let list = pass.list(step, fd, &listed, meant == now, now.is_some(), |list| always.has(step, list));
        pass.made(step, fd, list);
        let stale = match (meant, now) {
            // Nobody has the number: who had it last was meant, whether select named it or not.
            (_, None) => trace
                .tenures
                .iter()
                .rposition(|tenure| tenure.fd == fd && tenure.closed.is_some_and(|closed| closed < index)),
            (Some(meant), Some(now)) if meant != now && list.is_some() => Some(meant),
            _ => None,
        };
        found.push((list, stale.map(|last| Stale { meant: meant.unwrap_or(last), reached: now })));
    }
    for (step, (acts_on, stale)) in trace.steps.iter_mut().zip(found) {
        step.acts_on = acts_on;
        step.stale = stale;
    }
    for (index, stale) in crossed(trace) {
        trace.steps[index].acts_on = Some(List::W);
        trace.steps[index].stale = Some(stale);
    }
}

/// The replies that have reached another client although no number was given out again: the mark was looked up by
/// something else, such as its position in a list.
///
/// That a reply was crossed is the probe's finding, and it reached whoever has sent nothing. It is shown where only one
/// mark can have led to it: that of a number that was closed in this pass.
fn crossed(trace: &Trace) -> Vec<(usize, Stale)> {
    let mut found = Vec::new();
    if trace.ending.as_ref().is_none_or(|ending| ending.verdict != "crossed") {
        return found;
    }
    for (index, step) in trace.steps.iter().enumerate() {
        let sends = ["send", "sendto", "write"].contains(&step.call.as_str()) && step.result.is_ok();
        let reached = step.fd.and_then(|fd| trace.held_before(index, fd));
        let Some((reached, wait)) = reached.zip(trace.wait_of(index)).filter(|_| sends && step.stale.is_none()) else {
            continue;
        };
        let Owner::Client(client) = &trace.tenures[reached].owner else { continue };
        let sent = |event: &Happening| matches!(&event.what, Record::Did(who, Act::Send(_) | Act::SendUrgent) if who == client);
        let asked = trace.steps[..=index].iter().flat_map(|step| &step.before).any(sent);
        let Some(said) = trace.steps[wait].said.as_ref().filter(|_| !asked) else { continue };
        // A mark of its own would have led to it.
        if step.fd.is_some_and(|fd| said.of(fd).next().is_some()) {
            continue;
        }
        let closed =
            |tenure: &usize| trace.tenures[*tenure].closed.is_some_and(|closed| closed > wait && closed < index);
        let meant: Vec<usize> =
            said.get(List::W).iter().filter_map(|fd| trace.named(wait, *fd)).filter(closed).collect();
        if let [meant] = meant[..] {
            found.push((index, Stale { meant, reached: Some(reached) }));
        }
    }
    found
}

/// For each call and line of the program, the lists that named its number in their pass each time that the line was
/// reached. A line that was ever reached without a list does not act on it.
struct Always<'a>(HashMap<Made<'a>, Vec<List>>);

impl<'a> Always<'a> {
    fn of(trace: &'a Trace) -> Always<'a> {
        let mut always = HashMap::new();
        let mut wait: Option<&Step> = None;
        for step in &trace.steps {
            let said = wait.and_then(|wait| wait.said.as_ref());
            let named: Vec<List> = step.fd.zip(said).map_or(Vec::new(), |(fd, said)| said.of(fd).collect());
            let lists = always.entry((step.call.as_str(), step.line)).or_insert_with(|| List::ALL.to_vec());
            lists.retain(|list| named.contains(list));
            if step.waits() {
                wait = Some(step);
            }
        }
        Always(always)
    }

    fn has(&self, step: &Step, list: List) -> bool {
        self.0.get(&(step.call.as_str(), step.line)).is_some_and(|lists| lists.contains(&list))
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
        // To receive from what has hung up or is in error is how a server learns of it.
        let wanted: &[List] = match step.call.as_str() {
            "accept" | "accept4" | "recv" | "recvfrom" | "read" => &[List::R, List::H, List::E],
            "send" | "sendto" | "write" => &[List::W],
            _ => &[],
        };
        if !wanted.is_empty() {
            let wanted = wanted.iter().copied().find(|list| listed.contains(list));
            return wanted.filter(|list| *list != List::R && *list != List::W || always(*list));
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
            // A call that was met already, from another line: the next list.
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
        let made = (step.call.as_str(), step.line);
        if !current.1.contains(&made) {
            current.1.push(made);
        }
    }
}
