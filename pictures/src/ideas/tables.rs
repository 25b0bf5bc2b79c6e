//! The descriptor table each time that it has changed: numbers are freed, and handed out again.

use crate::hues::Hues;
use crate::part::Part;
use crate::shapes::{Shapes, arrow};
use crate::svg::{Anchor, Svg, width};
use crate::trace::Step;

const ROW: f64 = 24.0;
const NUMBER: f64 = 26.0;
const CELL: f64 = 92.0;
const TOP: f64 = 26.0;

/// What a program that a shell has started has at 0, 1 and 2. A trace begins at 3.
const STANDARD: [&str; 3] = ["stdin", "stdout", "stderr"];

/// Draws the table after each call of a stretch that has changed it.
pub fn draw(part: &Part) -> Result<Shapes, String> {
    let hues = Hues::of(&part.trace);
    let changed = |index: usize, step: &Step| index == 0 || part.trace.steps[index - 1].fds != step.fds;
    let steps: Vec<&Step> = part.calls().filter(|(index, step)| changed(*index, step)).map(|(_, step)| step).collect();
    if steps.is_empty() || steps.len() > 5 {
        return Err(format!("the table changes {} times in this stretch, where one to five can be shown", steps.len()));
    }
    let last = steps.iter().flat_map(|step| step.fds.keys()).max().copied().unwrap_or(2);
    if last > 11 {
        return Err(format!("the table goes up to {last}, where 11 can be shown"));
    }
    let mut svg = Svg::default();
    let mut x = 2.0;
    for (index, step) in steps.iter().enumerate() {
        let call = match step.fd {
            Some(fd) => format!("{}({fd})", step.call),
            None => step.call.clone(),
        };
        if index > 0 {
            let room = (width(&call, 12.0) + 16.0).max(52.0);
            let y = TOP + ROW * (f64::from(last) + 1.0) / 2.0;
            svg.text("call", (x + room / 2.0, y - 8.0), Anchor::Middle, &call);
            arrow(&mut svg, "acts", (x + 6.0, y), (x + room - 6.0, y));
            x += room;
        } else {
            svg.text("small", (x + NUMBER + CELL / 2.0, TOP - 9.0), Anchor::Middle, &format!("after {call}"));
        }
        for fd in 0..=last {
            let y = TOP + ROW * f64::from(fd);
            svg.text("number", (x + NUMBER - 7.0, y + ROW / 2.0 + 5.0), Anchor::End, &fd.to_string());
            let (class, name) = match (STANDARD.get(usize::try_from(fd).unwrap_or(usize::MAX)), step.fds.get(&fd)) {
                (Some(name), None) => ("plain", *name),
                (_, Some(tenure)) => {
                    let owner = &part.trace.tenures[*tenure].owner;
                    (hues.owner(owner), owner.name())
                }
                (None, None) => ("free", "free"),
            };
            let kind = if ["plain", "free"].contains(&class) { class.to_string() } else { format!("mark {class}") };
            svg.rect(&kind, (x + NUMBER, y + 1.0), (CELL, ROW - 2.0), 3.0);
            let kind = if ["plain", "free"].contains(&class) { "small" } else { "name" };
            svg.text(kind, (x + NUMBER + CELL / 2.0, y + ROW / 2.0 + 4.5), Anchor::Middle, name);
        }
        x += NUMBER + CELL;
    }
    Ok(Shapes { shapes: svg.shapes(), size: (x + 2.0, TOP + ROW * (f64::from(last) + 1.0) + 4.0) })
}
