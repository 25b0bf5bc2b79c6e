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

/// What the signs of a picture mean: only those that it has. A part about something that appears in the course of a run
/// names its class, so that a page that steps can show it then.
pub fn key(contents: &Contents) -> String {
    let marks: Vec<String> =
        contents.marks.iter().map(|list| format!("<b>{}</b> {}", list.letter(), list.word())).collect();
    let mut parts: Vec<(Option<&str>, String)> = Vec::new();
    if !marks.is_empty() {
        let waits: Vec<String> = contents.waits.iter().map(|call| html! { (call) }.into_string()).collect();
        let (marks, waits) = (marks.join(", "), waits.join(" and "));
        parts.push((None, format!("{marks}, as {waits} says; a line leads to the call that acts on it")));
    }
    if contents.passes {
        parts.push((None, "shaded in turn: passes".to_string()));
    }
    for (there, of, words) in [
        (contents.outdated, "ring", "framed in red: for who had the number before"),
        (contents.stale, "stale", "dashed red: closed in between"),
        (contents.fails, "cross", "cross: the call fails"),
        (contents.in_flight, "flight", "thin bar: a request in flight, from its submission to its completion"),
        (contents.orphaned, "alone", "empty bar: open, but connected to nobody"),
    ] {
        if there {
            parts.push((Some(of), words.to_string()));
        }
    }
    let mut text = String::new();
    for (index, (of, words)) in parts.iter().enumerate() {
        // The first letter stands in a tag when there are marks.
        let words = match (index, words.split_at_checked(1)) {
            (0, Some((first, rest))) => format!("{}{rest}", first.to_uppercase()),
            _ => format!("; {words}"),
        };
        text += &match of {
            Some(of) => format!("<span data-of=\"{of}\">{words}</span>"),
            None => words,
        };
    }
    text
}
