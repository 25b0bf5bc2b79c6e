//! A client, the kernel and the server over time: what the client does above, the server's calls below, and between
//! them, in the kernel, the numbers that are open. Calls that only wait are left out.

use crate::hues::Hues;
use crate::part::{Moment, Part, act};
use crate::shapes::{Shapes, cross};
use crate::svg::{Anchor, Svg, width};
use crate::trace::{Number, Owner, Step, What};
use close_call::probe::act::Act;
use std::collections::BTreeMap;

/// Where the tracks begin: before them are their names.
const LEFT: f64 = 62.0;
/// The client's track, where the kernel begins, a bar.
const CLIENT: f64 = 34.0;
const KERNEL: f64 = 74.0;
const BAR: f64 = 24.0;

/// Draws a stretch.
pub fn draw(part: &Part) -> Result<Shapes, String> {
    let hues = Hues::of(&part.trace);
    let moments: Vec<Moment> = part
        .moments()
        .into_iter()
        .filter(|moment| match moment {
            Moment::Call(_, step) => !step.waits(),
            Moment::Act(event) => matches!(event.what, What::Act(..)),
        })
        .collect();
    let mut numbers: BTreeMap<Number, f64> = BTreeMap::new();
    for (_, step) in part.calls() {
        for fd in step
            .fds
            .iter()
            .filter(|(_, tenure)| part.trace.tenures[**tenure].owner != Owner::Listener)
            .map(|(fd, _)| fd)
        {
            numbers.insert(*fd, 0.0);
        }
    }
    for (index, y) in numbers.values_mut().enumerate() {
        *y = KERNEL + 6.0 + (BAR + 6.0) * index as f64;
    }
    let kernel_end = KERNEL + 12.0 + (BAR + 6.0) * numbers.len() as f64 - 6.0;
    let server = kernel_end + 44.0;

    // Where each moment is: to the right of the one before, and its text to the right of the text before in its row.
    let mut places: Vec<f64> = Vec::new();
    let mut ends = [LEFT - 4.0; 2];
    let mut last = LEFT - 8.0;
    for moment in &moments {
        let (row, needed) = match moment {
            Moment::Call(_, step) => (1, width(&label(step), 12.0).max(width(&below(step), 11.0))),
            Moment::Act(event) => (0, width(&does(&event.what), 12.0)),
        };
        let x = (last + 34.0).max(ends[row] + 10.0 + needed / 2.0);
        ends[row] = x + needed / 2.0;
        last = x;
        places.push(x);
    }
    let right = ends[0].max(ends[1]).max(last + 16.0) + 2.0;
    let mut svg = Svg::default();
    svg.rect("pass", (LEFT, KERNEL), (right - LEFT, kernel_end - KERNEL), 4.0);
    svg.text("number", (LEFT - 8.0, (KERNEL + kernel_end) / 2.0 + 5.0), Anchor::End, "kernel");
    svg.text("number", (LEFT - 8.0, server + 5.0), Anchor::End, "server");
    svg.line("wait", (LEFT, server), (right, server));
    for y in numbers.values() {
        svg.line("nobody", (LEFT, y + BAR / 2.0), (right, y + BAR / 2.0));
    }

    let who =
        part.trace.clients().into_iter().find(|name| {
            moments.iter().any(|moment| matches!(moment, Moment::Act(event) if event.what.who() == *name))
        });
    if let Some(who) = who {
        svg.text("number", (LEFT - 8.0, CLIENT + 5.0), Anchor::End, who);
        svg.line(&format!("staff {}", hues.client(who)), (LEFT, CLIENT), (right, CLIENT));
    }

    // The bars, from the call that opened a number to the one that closed it.
    let at = |step: usize| {
        moments.iter().zip(&places).find_map(|(moment, x)| match moment {
            Moment::Call(index, _) if *index == step => Some(*x),
            _ => None,
        })
    };
    for tenure in &part.trace.tenures {
        let Some(y) = numbers.get(&tenure.fd) else { continue };
        let from = tenure.opened.map_or(Some(LEFT), at);
        let Some(from) = from else { continue };
        let to = tenure.closed.and_then(at).unwrap_or(right);
        svg.rect(&format!("bar {}", hues.owner(&tenure.owner)), (from, *y), (to - from, BAR), 3.0);
        let name = format!("{} is {}", tenure.fd, tenure.owner.name());
        svg.text("name", (from + 24.0, y + BAR / 2.0 + 4.5), Anchor::Start, &name);
    }

    for (moment, x) in moments.iter().zip(&places) {
        match moment {
            Moment::Act(event) => {
                let class = hues.client(event.what.who());
                svg.text("", (*x, CLIENT - 12.0), Anchor::Middle, &does(&event.what));
                svg.dot(&format!("flag {class}"), (*x, CLIENT), 5.0);
                let down = !matches!(&event.what, What::Act(_, Act::Receive(_) | Act::ReadEnd));
                let (from, to) = if down { (CLIENT + 6.0, KERNEL) } else { (KERNEL, CLIENT + 6.0) };
                svg.line("acts", (*x, from), (*x, to + if down { -6.0 } else { 6.0 }));
                svg.head("point", (*x, to), down);
            }
            Moment::Call(_, step) => {
                let y = step.fd.and_then(|fd| numbers.get(&fd)).copied();
                let opened = part.trace.tenures.iter().find(|tenure| tenure.opened.and_then(at) == Some(*x));
                let y = opened.and_then(|tenure| numbers.get(&tenure.fd)).copied().or(y);
                let edge = y.map_or(kernel_end, |y| y + BAR);
                let bad = step.result.is_err();
                svg.text(if bad { "call bad" } else { "call" }, (*x, server + 20.0), Anchor::Middle, &label(step));
                svg.text(if bad { "small bad" } else { "small" }, (*x, server + 35.0), Anchor::Middle, &below(step));
                svg.dot("dot bare", (*x, server), 4.0);
                if bad {
                    svg.line("stale", (*x, server - 6.0), (*x, edge - BAR / 2.0 + 9.0));
                    svg.path("cross", &cross(*x, edge - BAR / 2.0));
                    continue;
                }
                // What is received goes down; all else is asked of the kernel.
                let up = !matches!(step.call.as_str(), "recv" | "read" | "accept" | "getpeername");
                let (from, to) = if up { (server - 5.0, edge) } else { (edge, server - 5.0) };
                svg.line("acts", (*x, from), (*x, to + if up { 6.0 } else { -6.0 }));
                svg.head("point", (*x, to), !up);
            }
        }
    }
    Ok(Shapes { shapes: svg.shapes(), size: (right + 2.0, server + 42.0) })
}

/// What a client does, without its name.
fn does(what: &What) -> String {
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
