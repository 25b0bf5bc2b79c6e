//! A client, the kernel and the server over time: what the client does above, the server's calls below, and between
//! them, in the kernel, the numbers that are open. Calls that only wait are left out.

use crate::hues::Hues;
use crate::part::{Moment, Part, act};
use crate::shapes::{Shapes, cross};
use crate::svg::{Anchor, Svg, width};
use crate::trace::{Happening, Number, Owner, Step};
use close_call::probe::act::Act;
use close_call::probe::record::Record;
use std::collections::{BTreeMap, BTreeSet};

/// Where the tracks begin: before them are their names.
const LEFT: f64 = 62.0;
/// The client's track, where the kernel begins, a bar.
const CLIENT: f64 = 34.0;
const KERNEL: f64 = 74.0;
const BAR: f64 = 24.0;

/// Draws a stretch.
pub fn draw(part: &Part) -> Result<Shapes, String> {
    let picture = Picture::of(part);
    let mut svg = Svg::default();
    picture.tracks(&mut svg);
    picture.bars(&mut svg);
    for (moment, x) in &picture.moments {
        match moment {
            Moment::Act(event) => picture.act(&mut svg, *x, event),
            Moment::Call(_, step) => picture.call(&mut svg, *x, step),
        }
    }
    Ok(Shapes { shapes: svg.shapes(), size: (picture.right + 2.0, picture.server + 42.0) })
}

/// What is where.
struct Picture<'a> {
    part: &'a Part,
    hues: Hues,
    /// What happens, from left to right, and where.
    moments: Vec<(Moment<'a>, f64)>,
    /// The numbers that are open at some time, each with the top of its bar.
    numbers: BTreeMap<Number, f64>,
    /// Where the kernel ends, and where the server's track is.
    kernel_end: f64,
    server: f64,
    /// Where the tracks end.
    right: f64,
}

impl<'a> Picture<'a> {
    fn of(part: &'a Part) -> Picture<'a> {
        let shown = |moment: &Moment| match moment {
            Moment::Call(_, step) => !step.waits(),
            Moment::Act(event) => matches!(event.what, Record::Did(..)),
        };
        let (moments, right) = placed(part.moments().into_iter().filter(shown));
        let open = part.calls().flat_map(|(_, step)| &step.fds);
        let open = open.filter(|(_, tenure)| part.trace.tenures[**tenure].owner != Owner::Listener);
        let open: BTreeSet<Number> = open.map(|(fd, _)| *fd).collect();
        let top = |(index, fd)| (fd, KERNEL + 6.0 + (BAR + 6.0) * index as f64);
        let kernel_end = KERNEL + 12.0 + (BAR + 6.0) * open.len() as f64 - 6.0;
        Picture {
            part,
            hues: Hues::of(&part.trace),
            moments,
            numbers: open.into_iter().enumerate().map(top).collect(),
            kernel_end,
            server: kernel_end + 44.0,
            right,
        }
    }

    /// Where a call is, when it is shown.
    fn at(&self, step: usize) -> Option<f64> {
        self.moments.iter().find_map(|(moment, x)| match moment {
            Moment::Call(index, _) if *index == step => Some(*x),
            _ => None,
        })
    }

    /// The kernel, the server's track, a line for each number, and the client's track.
    fn tracks(&self, svg: &mut Svg) {
        let Picture { server, right, kernel_end, .. } = *self;
        svg.rect("pass", (LEFT, KERNEL), (right - LEFT, kernel_end - KERNEL), 4.0);
        svg.text("number", (LEFT - 8.0, (KERNEL + kernel_end) / 2.0 + 5.0), Anchor::End, "kernel");
        svg.text("number", (LEFT - 8.0, server + 5.0), Anchor::End, "server");
        svg.line("wait", (LEFT, server), (right, server));
        for y in self.numbers.values() {
            svg.line("nobody", (LEFT, y + BAR / 2.0), (right, y + BAR / 2.0));
        }
        let acts = |name: &&str| {
            self.moments.iter().any(|(moment, _)| matches!(moment, Moment::Act(event) if event.what.who() == *name))
        };
        if let Some(who) = self.part.trace.clients().into_iter().find(acts) {
            svg.text("number", (LEFT - 8.0, CLIENT + 5.0), Anchor::End, who);
            svg.line(&format!("staff {}", self.hues.client(who)), (LEFT, CLIENT), (right, CLIENT));
        }
    }

    /// The bars, from the call that opened a number to the one that closed it.
    fn bars(&self, svg: &mut Svg) {
        for tenure in &self.part.trace.tenures {
            let from = tenure.opened.map_or(Some(LEFT), |opened| self.at(opened));
            let Some((y, from)) = self.numbers.get(&tenure.fd).zip(from) else { continue };
            let to = tenure.closed.and_then(|closed| self.at(closed)).unwrap_or(self.right);
            svg.rect(&format!("bar {}", self.hues.owner(&tenure.owner)), (from, *y), (to - from, BAR), 3.0);
            let name = format!("{} is {}", tenure.fd, tenure.owner.name());
            svg.text("name", (from + 24.0, y + BAR / 2.0 + 4.5), Anchor::Start, &name);
        }
    }

    fn act(&self, svg: &mut Svg, x: f64, event: &Happening) {
        let class = self.hues.client(event.what.who());
        svg.text("", (x, CLIENT - 12.0), Anchor::Middle, &does(&event.what));
        svg.dot(&format!("flag {class}"), (x, CLIENT), 5.0);
        let down = !matches!(&event.what, Record::Did(_, Act::Receive(_) | Act::ReadEnd));
        let (from, to) = if down { (CLIENT + 6.0, KERNEL) } else { (KERNEL, CLIENT + 6.0) };
        svg.line("acts", (x, from), (x, to + if down { -6.0 } else { 6.0 }));
        svg.head("point", (x, to), down);
    }

    fn call(&self, svg: &mut Svg, x: f64, step: &Step) {
        let server = self.server;
        let opened =
            self.part.trace.tenures.iter().find(|tenure| tenure.opened.and_then(|opened| self.at(opened)) == Some(x));
        let y = |fd: Number| self.numbers.get(&fd).copied();
        let y = opened.and_then(|tenure| y(tenure.fd)).or_else(|| step.fd.and_then(y));
        let edge = y.map_or(self.kernel_end, |y| y + BAR);
        let bad = step.result.is_err();
        svg.text(if bad { "call bad" } else { "call" }, (x, server + 20.0), Anchor::Middle, &label(step));
        svg.text(if bad { "small bad" } else { "small" }, (x, server + 35.0), Anchor::Middle, &below(step));
        svg.dot("dot bare", (x, server), 4.0);
        if bad {
            svg.line("stale", (x, server - 6.0), (x, edge - BAR / 2.0 + 9.0));
            svg.path("cross", &cross(x, edge - BAR / 2.0));
            return;
        }
        // What is received goes down; all else is asked of the kernel.
        let up = !matches!(step.call.as_str(), "recv" | "read" | "accept" | "getpeername");
        let (from, to) = if up { (server - 5.0, edge) } else { (edge, server - 5.0) };
        svg.line("acts", (x, from), (x, to + if up { 6.0 } else { -6.0 }));
        svg.head("point", (x, to), !up);
    }
}

/// Each moment and where it is: to the right of the one before, and its text to the right of the text before in its row.
/// The last is where all of it ends.
fn placed<'a>(moments: impl Iterator<Item = Moment<'a>>) -> (Vec<(Moment<'a>, f64)>, f64) {
    let mut placed = Vec::new();
    let mut ends = [LEFT - 4.0; 2];
    let mut last = LEFT - 8.0;
    for moment in moments {
        let (row, needed) = match moment {
            // What fails is bold.
            Moment::Call(_, step) => (
                1,
                width(&label(step), 12.0).max(width(&below(step), 11.0))
                    * if step.result.is_err() { 1.15 } else { 1.0 },
            ),
            Moment::Act(event) => (0, width(&does(&event.what), 12.0)),
        };
        let x = (last + 34.0).max(ends[row] + 10.0 + needed / 2.0);
        ends[row] = x + needed / 2.0;
        last = x;
        placed.push((moment, x));
    }
    (placed, ends[0].max(ends[1]).max(last + 16.0) + 2.0)
}

/// What a client does, without its name.
fn does(what: &Record) -> String {
    let all = act(what);
    all.strip_prefix(what.who()).unwrap_or(&all).trim_start().to_string()
}

fn label(step: &Step) -> String {
    match step.fd {
        Some(fd) => format!("{}({fd})", step.call),
        None => step.call.clone(),
    }
}

fn below(step: &Step) -> String {
    match &step.result {
        Ok(value) => format!("= {value}"),
        Err(name) => name.clone(),
    }
}
