//! Three lists in, three lists out: one select.

use crate::hues::Hues;
use crate::part::Part;
use crate::shapes::{CHIP, Shapes, arrow, chip, legend};
use crate::svg::{Anchor, Svg};
use crate::trace::{List, Number};
use std::collections::BTreeSet;

const ROW: f64 = 34.0;
const TOP: f64 = 26.0;
const BOX: f64 = 78.0;
const STEP: f64 = CHIP + 5.0;

/// Draws the first select of a stretch.
pub fn draw(part: &Part) -> Result<Shapes, String> {
    let hues = Hues::of(&part.trace);
    let found = part.calls().find_map(|(index, step)| Some((index, step.asked.as_ref()?, step.said.as_ref()?)));
    let (index, asked, said) = found.ok_or("no select that has returned is in this stretch")?;
    let most = List::ALL.iter().map(|list| asked.get(*list).len()).max().unwrap_or(0);
    if most > 8 {
        return Err(format!("a list of {most} numbers, where 8 can be shown"));
    }
    let lists = STEP * (most as f64).max(2.0);
    let (labels, arrows) = (78.0, 46.0);
    let box_at = labels + lists + arrows;
    let out_at = box_at + BOX + arrows;
    let class = |fd: Number| part.trace.owner(index, fd).map_or("other", |owner| hues.owner(owner));
    let mut svg = Svg::default();
    svg.text("small", (labels, TOP - 10.0), Anchor::Start, "what select is asked about");
    svg.text("small", (out_at, TOP - 10.0), Anchor::Start, "what it says");
    svg.rect("plain", (box_at, TOP), (BOX, 3.0 * ROW), 5.0);
    svg.text("number", (box_at + BOX / 2.0, TOP + 1.5 * ROW + 5.0), Anchor::Middle, "select");
    for (row, (list, name)) in List::ALL.into_iter().zip(["inputs", "outputs", "inputs"]).enumerate() {
        let y = TOP + ROW * row as f64 + ROW / 2.0;
        svg.text("call", (labels - 10.0, y + 4.5), Anchor::End, name);
        arrow(&mut svg, "acts", (labels + lists + 4.0, y), (box_at - 4.0, y));
        arrow(&mut svg, "acts", (box_at + BOX + 4.0, y), (out_at - 8.0, y));
        for (place, fd) in asked.get(list).iter().enumerate() {
            let x = STEP * place as f64;
            chip(&mut svg, class(*fd), (labels + x, y - CHIP / 2.0), &fd.to_string());
            match said.get(list).contains(fd) {
                true => chip(&mut svg, class(*fd), (out_at + x, y - CHIP / 2.0), &fd.to_string()),
                // It was asked about, and is not ready.
                false => svg.rect("free", (out_at + x, y - CHIP / 2.0), (CHIP, CHIP), 3.0),
            }
        }
        svg.text("call", (out_at + lists + 6.0, y + 4.5), Anchor::Start, list.word());
    }
    let y = TOP + 3.0 * ROW + 22.0;
    let numbers: BTreeSet<Number> = List::ALL.iter().flat_map(|list| asked.get(*list)).copied().collect();
    let words = |fd: Number| Some((class(fd), format!("{fd} {}", part.trace.owner(index, fd)?.name())));
    let x = legend(&mut svg, (labels, y), numbers.into_iter().filter_map(words));
    Ok(Shapes { shapes: svg.shapes(), size: ((out_at + lists + 88.0).max(x), y + 8.0) })
}
