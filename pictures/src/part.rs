//! The stretch of a trace that a picture shows.

use crate::excerpt::Excerpt;
use crate::trace::{self, Happening, Step, Trace};
use close_call::probe::record::Record;
use std::ops::RangeInclusive;

/// A trace, and which lines of it are shown.
pub struct Part {
    /// All of it: who has a number is told from the beginning.
    pub trace: Trace,
    /// The lines to show.
    places: RangeInclusive<usize>,
    /// The command that printed it, if it is there.
    pub command: Option<String>,
    /// Whether the line that says how the server ended is shown.
    pub ends: bool,
}

/// Something that a picture shows at a place of its own, in the order of the trace.
#[derive(Clone, Copy)]
pub enum Moment<'a> {
    /// A call; its index in the trace.
    Call(usize, &'a Step),
    /// What a client did, or a signal.
    Act(&'a Happening),
}

impl Part {
    /// A stretch of a text.
    pub fn of(path: &str, text: &Excerpt, texts: Option<(&str, &str)>) -> Result<Part, String> {
        let trace = trace::read(text.numbered()).map_err(|what| format!("{path}: {what}"))?;
        let places = match texts {
            Some((from, to)) => {
                let part = text.part(path, from, to)?;
                part.first..=part.last()
            }
            None => text.first..=text.last(),
        };
        let last =
            text.numbered().filter(|(number, line)| places.contains(number) && line.contains("\"ended\":")).count();
        let command = text.lines.iter().find_map(|line| line.strip_prefix("$ ")).map(str::to_string);
        let part = Part { ends: last > 0 && trace.ending.is_some(), trace, places, command };
        if part.calls().next().is_none() {
            return Err(format!("{path}: no call is in this stretch"));
        }
        Ok(part)
    }

    /// The calls, each with its index in the trace.
    pub fn calls(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.trace.steps.iter().enumerate().filter(|(_, step)| self.places.contains(&step.place))
    }

    /// Whether a line of the trace is in it.
    pub fn shows(&self, place: usize) -> bool {
        self.places.contains(&place)
    }

    /// The program that the command names.
    pub fn program(&self) -> Option<&str> {
        let mut words = self.command.as_deref()?.split_whitespace();
        words.find(|word| *word == "--bin")?;
        words.next()
    }

    /// Calls and acts in the order in which they happened.
    pub fn moments(&self) -> Vec<Moment<'_>> {
        let mut moments = Vec::new();
        let shown = |event: &&Happening| {
            self.places.contains(&event.place) && matches!(event.what, Record::Did(..) | Record::Stopped(_))
        };
        for (index, step) in self.trace.steps.iter().enumerate() {
            moments.extend(step.before.iter().filter(shown).map(Moment::Act));
            if self.places.contains(&step.place) {
                moments.push(Moment::Call(index, step));
            }
        }
        moments.extend(self.trace.after.iter().filter(shown).map(Moment::Act));
        moments
    }

    /// Whether the server is stopped where the stretch begins.
    pub fn begins_stopped(&self) -> bool {
        let events = self.trace.steps.iter().flat_map(|step| &step.before).chain(&self.trace.after);
        let before = events.filter(|event| event.place < *self.places.start());
        before.fold(false, |stopped, event| if let Record::Stopped(now) = event.what { now } else { stopped })
    }

    /// The line that it begins with.
    pub fn first(&self) -> usize {
        *self.places.start()
    }

    /// The program and the probe, as the command names them.
    pub fn name(&self) -> String {
        let words: Vec<&str> = self.command.as_deref().unwrap_or_default().split_whitespace().collect();
        let after = |option: &str| words.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1]);
        match (after("--bin").or(after("--example")), after("--probe")) {
            (Some(program), Some(probe)) => format!("{program} under {probe}"),
            (Some(program), None) => program.to_string(),
            _ => "A recorded run".to_string(),
        }
    }
}

/// What a client did, in a few words.
pub fn act(what: &Record) -> String {
    let Record::Did(who, act) = what else { return String::new() };
    let all = format!("{who} {}", act.in_short());
    if all.chars().count() <= 32 { all } else { all.chars().take(31).chain(['…']).collect() }
}
