//! A picture in words: its title, and what happens in it, for those who do not see it.

use super::draw::Contents;
use crate::part::{Moment, Part, act};
use crate::trace::{List, Owner, Step};
use close_call::probe::record::Record;
use maud::html;

/// What happens in a stretch, call by call.
pub fn description(part: &Part) -> String {
    let mut sentences = Vec::new();
    for moment in part.moments() {
        match moment {
            Moment::Act(event) => sentences.push(match &event.what {
                Record::Stopped(true) => "The server is stopped.".to_string(),
                Record::Stopped(false) => "The server goes on.".to_string(),
                what => format!("{}.", act(what)),
            }),
            Moment::Call(index, step) => sentences.push(call(part, index, step)),
        }
    }
    if let Some(ending) = part.trace.ending.as_ref().filter(|_| part.ends) {
        sentences.push(match ending.ended.as_str() {
            "still running" => "The server still runs.".to_string(),
            ended => format!("The server has ended: {ended}."),
        });
    }
    sentences.join(" ")
}

fn call(part: &Part, index: usize, step: &Step) -> String {
    let trace = &part.trace;
    let name = |tenure: usize| match &trace.tenures[tenure].owner {
        Owner::Listener => "the listener",
        owner => owner.name(),
    };
    if let Some(said) = &step.said {
        let lists = List::ALL.into_iter().filter(|list| !said.get(*list).is_empty());
        let lists: Vec<String> = lists
            .map(|list| {
                let numbers = said.get(list).iter().map(|fd| match trace.named(index, *fd) {
                    Some(tenure) if step.outdated.contains(fd) => format!("{fd} (which was {}'s)", name(tenure)),
                    Some(tenure) => format!("{fd} ({})", name(tenure)),
                    None => fd.to_string(),
                });
                format!("{} {}", list.word(), numbers.collect::<Vec<_>>().join(" and "))
            })
            .collect();
        return match lists.is_empty() {
            true => format!("{} says nothing.", step.call),
            false => format!("{} says: {}.", step.call, lists.join(", ")),
        };
    }
    let about = match (step.fd, step.fd.and_then(|fd| trace.held_before(index, fd))) {
        (Some(fd), Some(tenure)) => format!("{} on {fd}, {},", step.call, name(tenure)),
        (Some(fd), None) => format!("{} on {fd}, which is not open,", step.call),
        _ => step.call.to_string(),
    };
    let opened = trace.tenures.iter().find(|tenure| tenure.opened == Some(index));
    let mut sentence = match (&step.result, opened) {
        (Err(error), _) => format!("{about} fails with {error}"),
        (Ok(_), Some(opened)) => format!("{about} opens {} for {}", opened.fd, opened.owner.name()),
        (Ok(value), None) => format!("{about} returns {value}"),
    };
    if let Some(stale) = step.stale {
        let meant = name(stale.meant);
        sentence += &match (stale.reached, step.acts_on) {
            (Some(reached), _) => format!(": it was meant for {meant}, and reaches {}", name(reached)),
            (None, Some(list)) => {
                format!(": the number was {meant}'s when it was named {}, and was closed since", list.word())
            }
            (None, None) => format!(": the number was {meant}'s, and was closed"),
        };
    }
    sentence + "."
}

/// What the signs of a picture mean: only those that it has.
pub fn key(contents: &Contents) -> String {
    let marks: Vec<String> =
        contents.marks.iter().map(|list| format!("<b>{}</b> {}", list.letter(), list.word())).collect();
    let mut parts = Vec::new();
    if !marks.is_empty() {
        let waits: Vec<String> = contents.waits.iter().map(|call| html! { (call) }.into_string()).collect();
        let (marks, waits) = (marks.join(", "), waits.join(" and "));
        parts.push(format!("{marks}, from {waits}, with a line to the call that acts on it"));
    }
    if contents.outdated {
        parts.push("framed in red: a mark for who had the number before".to_string());
    }
    if contents.stale {
        parts.push("dashed red: stale, the number was closed in between".to_string());
    }
    if contents.fails {
        parts.push("cross: the call fails".to_string());
    }
    if contents.in_flight {
        parts.push("thin bar: a request in flight, from its submission to its completion".to_string());
    }
    if contents.orphaned {
        parts.push("empty bar: open, but connected to nobody".to_string());
    }
    if contents.passes {
        parts.push("shaded in turn: the passes of the loop".to_string());
    }
    let text = parts.join("; ");
    let mut letters = text.chars();
    // The first letter stands in a tag when there are marks.
    match letters.next() {
        Some(first) if first != '<' => first.to_uppercase().chain(letters).chain(['.']).collect(),
        Some(_) => text + ".",
        None => text,
    }
}
