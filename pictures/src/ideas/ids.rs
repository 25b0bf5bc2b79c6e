//! Chapter 9: an id names a connection, which owns a socket, which is a descriptor. An id whose connection is gone leads
//! nowhere, even where its number is another's by now.
//!
//! The ids are not in the trace. The program gives them out in the order of accept, from 1.

use crate::hues::Hues;
use crate::part::Part;
use crate::shapes::{CHIP, Shapes, arrow, chip, cross};
use crate::svg::{Anchor, Svg, width};
use crate::trace::{List, Owner, Tenure};

const ROW: f64 = 40.0;
const TOP: f64 = 30.0;
const COLUMNS: [(f64, f64, &str); 4] =
    [(8.0, 60.0, "id"), (118.0, 104.0, "connection"), (272.0, 84.0, "socket"), (406.0, 92.0, "descriptor")];

/// Draws what there is after the last call of a stretch.
pub fn draw(part: &Part) -> Result<Shapes, String> {
    let trace = &part.trace;
    let hues = Hues::of(trace);
    let last = part.calls().last().map(|(index, _)| index).ok_or("no call is in this stretch")?;
    let accepted = trace.tenures.iter().filter(|tenure| {
        matches!(tenure.owner, Owner::Client(_)) && tenure.opened.is_some_and(|opened| opened <= last)
    });
    let accepted: Vec<_> = accepted.collect();
    if accepted.is_empty() || accepted.len() > 6 {
        return Err(format!("{} clients were accepted, where one to six can be shown", accepted.len()));
    }
    let marks = trace.wait_of(last).and_then(|wait| Some((wait, trace.steps[wait].said.as_ref()?)));
    let mut svg = Svg::default();
    for (x, wide, title) in COLUMNS {
        svg.text("small", (x + wide / 2.0, TOP - 12.0), Anchor::Middle, title);
    }
    for (row, tenure) in accepted.iter().enumerate() {
        let y = TOP + ROW * row as f64;
        let (id, class) = (row + 1, hues.owner(&tenure.owner));
        boxed(&mut svg, class, (0, y), &format!("id {id}"));
        if tenure.closed.is_some_and(|closed| closed <= last) {
            let listed = marks.and_then(|(wait, said)| {
                let held = trace.steps[wait].fds.get(&tenure.fd).map(|held| &trace.tenures[*held]);
                let lists: Vec<&str> = said.of(tenure.fd).map(List::word).collect();
                (held == Some(tenure)).then(|| lists.join(" and "))
            });
            gone(&mut svg, y, listed.filter(|lists| !lists.is_empty()));
        } else {
            let before = accepted[..row].iter().find(|before| before.fd == tenure.fd);
            connected(&mut svg, class, y, tenure, before.map(|before| before.owner.name()));
        }
    }
    let right = 406.0 + 36.0 + CHIP + 16.0 + width("was alice's", 11.0);
    Ok(Shapes { shapes: svg.shapes(), size: (right.max(560.0), TOP + ROW * accepted.len() as f64) })
}

/// Where the chain of a row is.
fn middle(y: f64) -> f64 {
    y + CHIP / 2.0 + 4.0
}

fn boxed(svg: &mut Svg, class: &str, (column, y): (usize, f64), text: &str) {
    let (x, wide, _) = COLUMNS[column];
    svg.rect(&format!("mark {class}"), (x, y), (wide, CHIP + 8.0), 3.0);
    svg.text("name", (x + wide / 2.0, middle(y) + 4.5), Anchor::Middle, text);
}

/// The end of a box, and what comes after it.
fn after(column: usize) -> (f64, f64) {
    (COLUMNS[column].0 + COLUMNS[column].1 + 3.0, COLUMNS[column + 1].0)
}

/// An id that leads nowhere. `listed` are the lists in which its number still is.
fn gone(svg: &mut Svg, y: f64, listed: Option<String>) {
    let (from, to) = after(0);
    arrow(svg, "stale", (from, middle(y)), (to - 4.0, middle(y)));
    svg.path("cross", &cross(to + 6.0, middle(y)));
    let text = match listed {
        Some(lists) => format!("still in {lists}, but no connection has it"),
        None => "no connection has it".to_string(),
    };
    svg.text("bad", (to + 20.0, middle(y) + 4.5), Anchor::Start, &text);
}

/// An id that leads to a connection, and on to its descriptor. `before` is whose number it was.
fn connected(svg: &mut Svg, class: &str, y: f64, tenure: &Tenure, before: Option<&str>) {
    boxed(svg, class, (1, y), tenure.owner.name());
    boxed(svg, class, (2, y), "Socket");
    for (column, end) in [(0, -2.0), (1, -2.0), (2, 32.0)] {
        let (from, to) = after(column);
        arrow(svg, "acts", (from, middle(y)), (to + end, middle(y)));
    }
    let x = COLUMNS[3].0 + 36.0;
    chip(svg, class, (x, y + 4.0), &tenure.fd.to_string());
    if let Some(before) = before {
        svg.text("small", (x + CHIP + 6.0, middle(y) + 4.0), Anchor::Start, &format!("was {before}'s"));
    }
}
