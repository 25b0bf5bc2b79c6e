//! The lists that a loop keeps, those that select returned, and the table, after each call of one pass.
//!
//! What select was asked and what it said, and the table, are in the trace. What the loop does with `inputs` and `outputs`
//! between two selects is not: it is worked out by the rule that the chapters follow (a newcomer joins `inputs`, a message
//! puts its client into `outputs`, a reply and a departure take it out), and every select of the trace must confirm it, or
//! there is no picture.

use crate::hues::Hues;
use crate::part::Part;
use crate::shapes::{CHIP, Shapes, chip, legend};
use crate::svg::{Anchor, Svg, width};
use crate::trace::{List, Lists, Number, Step, Trace};
use std::collections::BTreeSet;

/// A number in a list, and the tenure that was meant when it was put there.
type Entry = (Number, usize);

/// What the loop has after a call.
#[derive(Clone, Default)]
struct State {
    inputs: Vec<Entry>,
    outputs: Vec<Entry>,
    /// What the last select said, by list.
    ready: [Vec<Entry>; 6],
}

const LABELS: f64 = 122.0;
const ROW: f64 = 28.0;
const TOP: f64 = 22.0;
const STEP: f64 = CHIP + 3.0;

/// Draws a stretch, which must be part of one pass: it begins with its select.
pub fn draw(part: &Part) -> Result<Shapes, String> {
    let trace = &part.trace;
    let calls: Vec<(usize, &Step)> = part.calls().collect();
    if !calls[0].1.waits() || calls[1..].iter().any(|(_, step)| step.waits()) {
        return Err("the stretch must be one pass, and begin with its select".to_string());
    }
    if calls.len() > 10 {
        return Err(format!("{} calls in this stretch, where 10 can be shown", calls.len()));
    }
    let states = states(trace)?;
    let picture = Picture::of(trace, &calls, &states);
    let mut svg = Svg::default();
    picture.labels(&mut svg);
    // How far to the right there is something.
    let mut right = picture.right;
    for (position, (index, step)) in calls.iter().enumerate() {
        let left = LABELS + picture.column * position as f64;
        if position % 2 == 0 {
            svg.rect("pass", (left, TOP), (picture.column, picture.table + ROW + 4.0 - TOP), 0.0);
        }
        right = right.max(picture.call(&mut svg, left, step, &states[*index]));
    }
    let y = picture.table + ROW + 24.0;
    let mut named = BTreeSet::new();
    let mut who = Vec::new();
    for (index, step) in &calls {
        let before = states[*index].ready.iter().flatten().map(|(_, tenure)| *tenure);
        let tenures = step.fds.values().copied().chain(before);
        who.extend(tenures.filter(|tenure| named.insert(trace.tenures[*tenure].owner.name())));
    }
    let who = who.into_iter().map(|tenure| (picture.class(tenure), trace.tenures[tenure].owner.name().to_string()));
    let end = legend(&mut svg, (LABELS + picture.margin, y), who);
    Ok(Shapes { shapes: svg.shapes(), size: (right.max(end) + 4.0, y + 8.0) })
}

/// What is where.
struct Picture<'a> {
    trace: &'a Trace,
    hues: Hues,
    /// The lists of what select said in which anything is.
    shown: Vec<List>,
    /// The numbers that are open at some time.
    numbers: Vec<Number>,
    /// How wide a call's column is, and where in it the first chip is.
    column: f64,
    margin: f64,
    /// Where the table begins.
    table: f64,
    /// Where the last column ends.
    right: f64,
}

impl<'a> Picture<'a> {
    fn of(trace: &'a Trace, calls: &[(usize, &Step)], states: &[State]) -> Picture<'a> {
        let shown: Vec<List> =
            List::ALL.into_iter().filter(|list| !states[calls[0].0].ready[*list as usize].is_empty()).collect();
        let numbers: BTreeSet<Number> = calls.iter().flat_map(|(_, step)| step.fds.keys().copied()).collect();
        let slots = |state: &State| {
            let lists = [&state.inputs, &state.outputs].into_iter().chain(&state.ready);
            lists.map(Vec::len).max().unwrap_or(0).max(numbers.len())
        };
        let most = calls.iter().map(|(index, _)| slots(&states[*index])).max().unwrap_or(0);
        let cell = (STEP * most as f64 + 12.0).max(64.0);
        let column = calls.iter().map(|(_, step)| width(&heading(step), 12.0) + 10.0).fold(cell, f64::max);
        let margin = (column - STEP * most as f64 + 3.0) / 2.0;
        let table = TOP + ROW * (2.0 + shown.len() as f64) + 20.0;
        let hues = Hues::of(trace);
        let right = LABELS + column * calls.len() as f64;
        Picture { trace, hues, shown, numbers: numbers.into_iter().collect(), column, margin, table, right }
    }

    fn class(&self, tenure: usize) -> &'static str {
        self.hues.owner(&self.trace.tenures[tenure].owner)
    }

    /// What each row is.
    fn labels(&self, svg: &mut Svg) {
        let lists = ["inputs".to_string(), "outputs".to_string()].into_iter();
        let lists = lists.chain(self.shown.iter().map(|list| format!("ready.{}", list.word())));
        for (row, name) in lists.enumerate() {
            let y = TOP + ROW * row as f64;
            svg.text("call", (LABELS - 10.0, y + ROW / 2.0 + 4.5), Anchor::End, &name);
        }
        svg.text("number", (LABELS - 10.0, self.table + ROW / 2.0 + 5.0), Anchor::End, "the table");
        svg.line("wait", (10.0, self.table - 8.0), (self.right, self.table - 8.0));
    }

    /// The column of a call. Returns how far to the right something is in it.
    fn call(&self, svg: &mut Svg, left: f64, step: &Step, state: &State) -> f64 {
        let class = if step.result.is_err() { "call bad" } else { "call" };
        svg.text(class, (left + self.column / 2.0, TOP - 7.0), Anchor::Middle, &heading(step));
        let ready = self.shown.iter().map(|list| &state.ready[*list as usize]);
        for (row, entries) in [&state.inputs, &state.outputs].into_iter().chain(ready).enumerate() {
            let y = TOP + ROW * row as f64 + (ROW - CHIP) / 2.0;
            for (slot, (fd, tenure)) in entries.iter().enumerate() {
                chip(svg, self.class(*tenure), (left + self.margin + STEP * slot as f64, y), &fd.to_string());
            }
        }
        for fd in &self.numbers {
            let at = (self.slot(left, *fd), self.table + (ROW - CHIP) / 2.0);
            match step.fds.get(fd) {
                Some(tenure) => chip(svg, self.class(*tenure), at, &fd.to_string()),
                None => svg.rect("free", at, (CHIP, CHIP), 3.0),
            }
        }
        self.stale(svg, left, step, state).unwrap_or(0.0)
    }

    /// Where a number is in the table of a column.
    fn slot(&self, left: f64, fd: Number) -> f64 {
        left + self.margin + STEP * self.numbers.iter().position(|number| *number == fd).unwrap_or(0) as f64
    }

    /// Where the number is taken from a list, and the table has another meaning for it, or none. Returns where the words
    /// beside it end.
    fn stale(&self, svg: &mut Svg, left: f64, step: &Step, state: &State) -> Option<f64> {
        step.stale?;
        let (list, fd) = step.acts_on.zip(step.fd)?;
        let row = self.shown.iter().position(|shown| *shown == list)?;
        let slot = state.ready[list as usize].iter().position(|(number, _)| *number == fd)?;
        let y = self.table + (ROW - CHIP) / 2.0;
        let from = TOP + ROW * (2.0 + row as f64) + ROW / 2.0 + CHIP / 2.0;
        let from_x = left + self.margin + STEP * slot as f64 + CHIP / 2.0;
        let to_x = self.slot(left, fd) + CHIP / 2.0;
        let bend = self.table - 12.0;
        svg.through("stale", &[(from_x, from), (from_x, bend), (to_x, bend), (to_x, y - 8.0)]);
        svg.head("tip", (to_x, y - 1.0), true);
        svg.rect("ring", (from_x - CHIP / 2.0, from - CHIP), (CHIP, CHIP), 3.0);
        svg.rect("ring", (to_x - CHIP / 2.0, y), (CHIP, CHIP), 3.0);
        let error = step.result.as_ref().err()?;
        svg.text("small bad", (to_x + CHIP / 2.0 + 4.0, y + CHIP / 2.0 + 4.0), Anchor::Start, error);
        Some(to_x + CHIP / 2.0 + 4.0 + width(error, 11.0))
    }
}

fn heading(step: &Step) -> String {
    match (step.fd, &step.result) {
        (Some(fd), Ok(value)) if ["recv", "send"].contains(&step.call.as_str()) => {
            format!("{}({fd}) = {value}", step.call)
        }
        (Some(fd), _) => format!("{}({fd})", step.call),
        (None, _) => step.call.clone(),
    }
}

/// What the loop has after each call of the trace, by the rule above.
fn states(trace: &Trace) -> Result<Vec<State>, String> {
    let mut state = State::default();
    let mut states = Vec::new();
    for (index, step) in trace.steps.iter().enumerate() {
        let meant = |fd: Number| step.fds.get(&fd).map(|tenure| (fd, *tenure));
        if let Some(asked) = &step.asked {
            if states.is_empty() || !trace.steps[..index].iter().any(Step::waits) {
                state.inputs = asked.get(List::R).iter().copied().filter_map(meant).collect();
            }
            let numbers = |entries: &[Entry]| entries.iter().map(|(fd, _)| *fd).collect::<Vec<_>>();
            let [r, w, x] = [&state.inputs, &state.outputs, &state.inputs].map(|entries| numbers(entries));
            if Lists::of_select([r, w, x]) != *asked {
                return Err(format!("line {}: select was not asked about the lists that the rule gives", step.place));
            }
        }
        if let Some(said) = &step.said {
            state.ready = List::ALL.map(|list| said.get(list).iter().copied().filter_map(meant).collect());
        }
        let fd = step.fd.unwrap_or(-1);
        let bytes = step.result.as_ref().ok().and_then(|value| value.parse::<u64>().ok());
        match (step.call.as_str(), bytes) {
            ("accept", _) => {
                if let Some(tenure) = trace.tenures.iter().position(|tenure| tenure.opened == Some(index)) {
                    state.inputs.push((trace.tenures[tenure].fd, tenure));
                }
            }
            ("recv", Some(1..)) => {
                let due = state.outputs.iter().any(|(number, _)| *number == fd);
                state.outputs.extend(meant(fd).filter(|_| !due));
            }
            ("recv", _) => {
                state.inputs.retain(|(number, _)| *number != fd);
                state.outputs.retain(|(number, _)| *number != fd);
            }
            ("send", Some(_)) => state.outputs.retain(|(number, _)| *number != fd),
            _ => {}
        }
        states.push(state.clone());
    }
    Ok(states)
}
