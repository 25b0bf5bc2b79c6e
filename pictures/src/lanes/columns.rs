//! What is where, from left to right: a column for each call, a flag for each act of a client, the times at which the
//! server was stopped.

use crate::part::{Moment, Part, act};
use crate::svg::width;
use crate::trace::{Happening, Step};
use close_call::probe::record::Record;

/// The size of most text.
pub const TEXT: f64 = 12.0;
/// The size of the smallest text.
pub const SMALL: f64 = 11.0;
/// How wide a page is.
pub const PAGE: f64 = 750.0;
/// Where the lanes begin: before them are their numbers.
pub const LEFT: f64 = 30.0;
/// Between two lines of flags.
pub const FLAG_ROW: f64 = 15.0;
/// Room after the last call, for what it did.
const TAIL: f64 = 44.0;
/// How many acts are told between two calls; of more it is said how many they are.
const ACTS: usize = 8;

/// A call's column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The index of the call in the trace.
    pub step: usize,
    /// Where it begins.
    pub left: f64,
    /// Where it ends.
    pub right: f64,
}

impl Column {
    /// Its middle, where the call is.
    pub fn middle(&self) -> f64 {
        (self.left + self.right) / 2.0
    }
}

/// A client's act, above the lanes.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Whose.
    pub who: String,
    /// What it says.
    pub label: String,
    /// Where.
    pub x: f64,
    /// In which line, from the top.
    pub row: usize,
    /// Whether its text is to its left: to its right the page ends.
    pub leftward: bool,
}

impl Flag {
    /// Where its text begins: behind a small square in its client's colour.
    pub fn text_x(&self) -> f64 {
        self.x + 12.0
    }

    fn end(&self) -> f64 {
        if self.leftward { self.x + 9.0 } else { self.text_x() + width(&self.label, TEXT) }
    }
}

/// All of it.
pub struct Columns {
    /// The calls.
    pub calls: Vec<Column>,
    /// The acts.
    pub flags: Vec<Flag>,
    /// From SIGSTOP to SIGCONT.
    pub stops: Vec<(f64, f64)>,
    /// Where the lanes end.
    pub right: f64,
    /// How wide the picture is.
    pub width: f64,
    /// Whether the calls' names are turned, because they would not fit side by side.
    pub turned: bool,
}

impl Columns {
    /// What is where in a stretch: names side by side where that fits a page, else turned.
    pub fn of(part: &Part) -> Columns {
        // The same widths in every picture that allows it, so that two of them can be compared.
        let side_by_side = [14.0, 0.0].map(|more| Columns::lay_out(part, false, more));
        let fits = side_by_side.into_iter().find(|columns| columns.width <= PAGE);
        fits.unwrap_or_else(|| Columns::lay_out(part, true, 0.0))
    }

    fn lay_out(part: &Part, turned: bool, more: f64) -> Columns {
        let mut cursor = Cursor { x: LEFT + 8.0, ..Cursor::default() };
        cursor.stopped = part.begins_stopped().then_some(LEFT);
        for moment in part.moments() {
            match moment {
                Moment::Call(step, call) => cursor.call(step, call_width(call, turned) + more),
                Moment::Act(Happening { what: Record::Stopped(true), .. }) => cursor.stop(),
                Moment::Act(Happening { what: Record::Stopped(false), .. }) => cursor.go_on(),
                Moment::Act(event) => cursor.act(event.what.who(), act(&event.what)),
            }
        }
        let Cursor { calls, mut flags, stops, x: right, .. } = cursor.at_the_end();
        turn_leftward(&mut flags);
        let labels = flags.iter().map(Flag::end).fold(0.0, f64::max);
        let turned_names = match (turned, calls.last()) {
            (true, Some(column)) => column.middle() + 48.0,
            _ => 0.0,
        };
        let beside = calls.iter().filter_map(|column: &Column| {
            let text = meant_for(part, &part.trace.steps[column.step])?;
            // It is bold.
            Some(column.middle() + 8.0 + 1.1 * width(&text, SMALL))
        });
        let labels = beside.fold(labels, f64::max);
        let width = (right + 2.0).max(labels + 2.0).max(turned_names).ceil();
        Columns { calls, flags, stops, right, width, turned }
    }

    /// How many lines of flags there are.
    pub fn flag_rows(&self) -> usize {
        self.flags.iter().map(|flag| flag.row + 1).max().unwrap_or(0)
    }

    /// Where a call is, when it is shown.
    pub fn x(&self, step: usize) -> Option<f64> {
        self.calls.iter().find(|column| column.step == step).map(Column::middle)
    }

    /// Where the column of the first call at or after a step begins; the end of the lanes when there is none.
    pub fn left_of(&self, step: usize) -> f64 {
        self.calls.iter().find(|column| column.step >= step).map_or(self.right, |column| column.left)
    }
}

/// What has been laid out so far, from left to right.
#[derive(Default)]
struct Cursor {
    x: f64,
    calls: Vec<Column>,
    flags: Vec<Flag>,
    stops: Vec<(f64, f64)>,
    /// Where the server was stopped, while it is.
    stopped: Option<f64>,
    /// How many acts there were since the last call, and how many of them have a flag.
    acts: usize,
    in_row: usize,
}

impl Cursor {
    fn call(&mut self, step: usize, width: f64) {
        self.x += if self.acts > 0 { 8.0 } else { 0.0 };
        (self.acts, self.in_row) = (0, 0);
        self.calls.push(Column { step, left: self.x, right: self.x + width });
        self.x += width;
    }

    fn stop(&mut self) {
        self.x += 6.0;
        self.stopped = Some(self.x);
        self.x += 4.0;
    }

    fn go_on(&mut self) {
        let from = self.stopped.take().unwrap_or(LEFT);
        self.x = (self.x + 8.0).max(from + width(STOPPED, SMALL) + 10.0);
        self.stops.push((from, self.x));
        self.x += 4.0;
    }

    fn act(&mut self, who: &str, label: String) {
        self.acts += 1;
        if self.acts > ACTS {
            if let Some(flag) = self.flags.last_mut() {
                flag.label = format!("and {} more", self.acts - ACTS + 1);
                flag.who = String::new();
            }
            return;
        }
        self.x += if self.acts == 1 { 10.0 } else { 12.0 };
        let (row, x) = row_for(&self.flags, self.flags.len() - self.in_row, self.in_row, self.x);
        self.x = x;
        self.in_row += 1;
        self.flags.push(Flag { who: who.to_string(), label, x, row, leftward: false });
    }

    /// With room after the last call, for what it did.
    fn at_the_end(mut self) -> Cursor {
        self.x += if self.acts > 0 { 10.0 } else { 0.0 };
        let last = self.calls.last().map_or(LEFT, Column::middle);
        self.x = self.x.max(last + TAIL);
        if let Some(from) = self.stopped {
            self.x = self.x.max(from + width(STOPPED, SMALL) + 10.0);
            self.stops.push((from, self.x));
        }
        self
    }
}

/// Puts the text of a flag to its left where to its right the page ends. Nothing may be in the way: no other's text, and
/// no other's staff.
fn turn_leftward(flags: &mut [Flag]) {
    for index in 0..flags.len() {
        let Flag { x, .. } = flags[index];
        let from = x - 10.0 - width(&flags[index].label, TEXT);
        let free = flags.iter().enumerate().all(|(other, flag)| other == index || flag.x > x || flag.end() < from);
        flags[index].leftward = flags[index].end() > PAGE && free;
    }
}

/// What stands over the time in which the server was stopped.
pub const STOPPED: &str = "stopped";

/// The row for a flag at `x`, below those of its group, which begin at `group`: neither its text nor its staff may cross
/// another's text. Where it must, the flag moves to the right.
fn row_for(flags: &[Flag], group: usize, in_row: usize, x: f64) -> (usize, f64) {
    let free_from = |row: usize| {
        let below = flags[..group].iter().filter(|flag| flag.row >= row);
        below.map(|flag| flag.end() + 6.0).fold(0.0, f64::max)
    };
    let first = if in_row > 0 { flags[flags.len() - 1].row + 1 } else { 0 };
    (first, x.max(free_from(first)))
}

/// How wide a call's column must be.
fn call_width(step: &Step, turned: bool) -> f64 {
    let name = if turned { 0.0 } else { width(&step.call, TEXT) + 12.0 };
    let result = below_the_name(step).map_or(0.0, |text| width(&text, SMALL) + if turned { 4.0 } else { 10.0 });
    let error = match (&step.result, step.fd) {
        (Err(error), Some(_)) => width(error, SMALL) + 10.0,
        _ => 0.0,
    };
    let least = if turned { 25.0 } else { 34.0 };
    name.max(result).max(error).max(least)
}

/// What stands below a call's name: what it returned, where that says something that its lane does not show.
pub fn below_the_name(step: &Step) -> Option<String> {
    const BYTES: [&str; 6] = ["recv", "recvfrom", "read", "send", "sendto", "write"];
    match &step.result {
        Ok(value) if BYTES.contains(&step.call.as_str()) => Some(format!("= {value}")),
        // No lane shows it.
        Err(error) if step.fd.is_none() => Some(error.clone()),
        _ => None,
    }
}

/// What to say beside a call that has reached another client than it was meant for. Once a pass.
pub fn meant_for(part: &Part, step: &Step) -> Option<String> {
    let stale = step.stale?;
    stale.reached?;
    let again =
        |(_, other): (usize, &Step)| other.place > step.place && other.pass == step.pass && other.stale == Some(stale);
    match part.calls().any(again) {
        true => None,
        false => Some(format!("meant for {}", part.trace.tenures[stale.meant].owner.name())),
    }
}
