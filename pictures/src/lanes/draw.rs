//! The lanes of a stretch of a trace: a lane for each descriptor number, a column for each call, a bar for as long as a
//! number is open, in the colour of whoever is at its other end. Above a bar are the marks of select, and from a mark
//! runs a line to the call that acts on it; red and dashed, where the number was closed in between.

use super::columns::{Columns, FLAG_ROW, LEFT, SMALL, STOPPED, TEXT, below_the_name, meant_for};
use crate::flights;
use crate::hues::Hues;
use crate::part::Part;
use crate::shapes::cross;
use crate::svg::{Anchor, Svg, width};
use crate::trace::{List, Number, Owner};
use std::collections::{BTreeMap, BTreeSet};

/// At most so many columns, and so many lanes. A page holds less than a file does.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Columns.
    pub calls: usize,
    /// Lanes.
    pub lanes: usize,
}

impl Limits {
    /// What fits into a picture on a page.
    pub const PAGE: Limits = Limits { calls: 25, lanes: 8 };
    /// What fits into a picture in a file, which may be wide.
    pub const FILE: Limits = Limits { calls: 100, lanes: 24 };
}

/// What a picture has in it, so that a key can say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The lists of which a mark is there.
    pub marks: BTreeSet<List>,
    /// The calls that made the marks: select, poll.
    pub waits: BTreeSet<String>,
    /// Whether a mark is of who had the number before.
    pub outdated: bool,
    /// Whether a stale mark or number is used.
    pub stale: bool,
    /// Whether there is more than one pass.
    pub passes: bool,
    /// Whether the server was stopped.
    pub stopped: bool,
    /// Whether a bar goes on without its client.
    pub orphaned: bool,
    /// Whether a call fails.
    pub fails: bool,
    /// Whether a request is in flight.
    pub in_flight: bool,
}

/// A picture: its shapes, its size, what is in it.
pub struct Drawing {
    /// SVG elements.
    pub shapes: String,
    /// How wide.
    pub width: f64,
    /// How high.
    pub height: f64,
    /// What is in it.
    pub contents: Contents,
    /// For each call, its index in the trace, and where its column ends.
    pub ends: Vec<(usize, f64)>,
}

/// A row of marks.
const ROW: f64 = 15.0;
/// A bar.
const BAR: f64 = 22.0;
/// Below a bar, errno's name.
const ERROR: f64 = 15.0;
/// Between two lanes.
const GAP: f64 = 9.0;
/// The side of a mark.
const MARK: f64 = 13.0;

/// By how many degrees a call's name is turned where names would not fit side by side.
const TURNED: f64 = 55.0;

struct Lane {
    fd: Number,
    /// The lists whose marks it has, from the top: those of the list that a loop works through first are nearest to the
    /// bar.
    rows: Vec<List>,
    /// The calls that are in flight on it, each a row below those.
    flights: Vec<String>,
    top: f64,
}

impl Lane {
    fn bar(&self) -> f64 {
        self.top + 4.0 + ROW * (self.rows.len() + self.flights.len()) as f64
    }

    fn middle(&self) -> f64 {
        self.bar() + BAR / 2.0
    }

    fn row(&self, list: List) -> f64 {
        let index = self.rows.iter().position(|row| *row == list).unwrap_or(0);
        self.top + 1.0 + ROW * (index as f64 + 0.5)
    }
}

/// Draws a stretch. It is refused when it would not fit.
pub fn draw(part: &Part, limits: Limits) -> Result<Drawing, String> {
    let count = part.calls().count();
    if count > limits.calls {
        return Err(format!("{count} calls in this stretch, where {} fit; from and to shorten it", limits.calls));
    }
    let numbers = numbers(part);
    if numbers.len() > limits.lanes {
        return Err(format!("{} descriptors in this stretch, where {} fit", numbers.len(), limits.lanes));
    }
    let columns = Columns::of(part);
    let flags = FLAG_ROW * columns.flag_rows() as f64;
    // They go up as they go to the right.
    let longest = part.calls().map(|(_, step)| width(&step.call, TEXT)).fold(0.0, f64::max);
    let names = flags + if columns.turned { 10.0 + longest * TURNED.to_radians().sin() } else { 16.0 };
    let has_results = part.calls().any(|(_, step)| below_the_name(step).is_some());
    let top = names + if has_results { 19.0 } else { 6.0 };

    let (lanes, bottom) = lanes(part, numbers, top);
    let mut picture = Picture {
        part,
        hues: Hues::of(&part.trace),
        height: bottom + 16.0,
        lanes: lanes.into_iter().map(|lane| (lane.fd, lane)).collect(),
        columns,
        names,
        top,
        bottom,
        svg: Svg::default(),
        contents: Contents::default(),
    };
    picture.ground();
    picture.header();
    picture.openings();
    picture.bars();
    picture.flights();
    picture.lines();
    picture.marks();
    picture.calls();
    picture.end();
    let ends = picture.columns.calls.iter().map(|column| (column.step, column.right)).collect();
    Ok(Drawing {
        shapes: picture.svg.shapes(),
        width: picture.columns.width,
        height: picture.height,
        contents: picture.contents,
        ends,
    })
}

/// A lane for each descriptor, from `top` downwards, and where the last one ends.
fn lanes(part: &Part, numbers: Vec<Number>, top: f64) -> (Vec<Lane>, f64) {
    let mut lanes = Vec::new();
    let mut y = top;
    for fd in numbers {
        let marked = |list: &List| {
            part.calls().any(|(_, step)| {
                let acts = step.fd == Some(fd) && step.acts_on == Some(*list);
                acts || step.said.as_ref().is_some_and(|said| said.get(*list).contains(&fd))
            })
        };
        let rows: Vec<List> = List::ALL.into_iter().rev().filter(marked).collect();
        let fails = part.calls().any(|(_, step)| step.fd == Some(fd) && step.result.is_err());
        let flights: Vec<String> = flights::rows(part, fd).into_iter().map(String::from).collect();
        let height = 4.0 + ROW * (rows.len() + flights.len()) as f64 + BAR + if fails { ERROR } else { 0.0 } + GAP;
        lanes.push(Lane { fd, rows, flights, top: y });
        y += height;
    }
    (lanes, y)
}

/// The descriptors that are open in a stretch, or that its calls are about.
fn numbers(part: &Part) -> Vec<Number> {
    let mut numbers = BTreeSet::new();
    for (index, step) in part.calls() {
        numbers.extend(step.fds.keys());
        numbers.extend(step.fd);
        if let Some(before) = index.checked_sub(1) {
            numbers.extend(part.trace.steps[before].fds.keys());
        }
        if let Some(said) = &step.said {
            numbers.extend(List::ALL.iter().flat_map(|list| said.get(*list)));
        }
    }
    numbers.into_iter().collect()
}

struct Picture<'a> {
    part: &'a Part,
    hues: Hues,
    columns: Columns,
    lanes: BTreeMap<Number, Lane>,
    /// The base line of the calls' names.
    names: f64,
    /// Where the lanes begin, and where they end.
    top: f64,
    bottom: f64,
    height: f64,
    svg: Svg,
    contents: Contents,
}

impl Picture<'_> {
    /// Passes, stops, and a line for each number, open or not.
    fn ground(&mut self) {
        let mut begins: Vec<f64> = Vec::new();
        for column in &self.columns.calls {
            if self.part.trace.steps[column.step].waits() {
                begins.push(column.left);
            }
        }
        self.contents.passes = begins.len() > 1;
        let mut left = LEFT;
        for (index, right) in begins.iter().copied().chain([self.columns.right]).enumerate() {
            if index > 0 {
                if index % 2 == 1 {
                    self.svg.rect("pass", (left, self.top), (right - left, self.bottom - self.top), 0.0);
                }
                if right - left > 36.0 {
                    self.svg.text("small", (left + 4.0, self.height - 4.0), Anchor::Start, "a pass");
                }
            }
            left = right;
        }
        for (from, to) in self.columns.stops.clone() {
            self.contents.stopped = true;
            self.svg.rect("stop", (from, self.top), (to - from, self.bottom - self.top), 3.0);
            self.svg.text("small", ((from + to) / 2.0, self.height - 4.0), Anchor::Middle, STOPPED);
        }
        self.svg.text("small", (LEFT - 8.0, self.names), Anchor::End, "fd");
        for lane in self.lanes.values() {
            self.svg.line("nobody", (LEFT, lane.middle()), (self.columns.right, lane.middle()));
            self.svg.text("number", (LEFT - 8.0, lane.middle() + 5.0), Anchor::End, &lane.fd.to_string());
        }
    }

    /// Flags and the calls' names.
    fn header(&mut self) {
        for flag in &self.columns.flags {
            let y = FLAG_ROW * flag.row as f64;
            let class = if flag.who.is_empty() { "other" } else { self.hues.client(&flag.who) };
            self.svg.line(&format!("staff {class}"), (flag.x, y + 8.0), (flag.x, self.top));
            self.svg.rect(&format!("flag {class}"), (flag.x - 1.0, y + 2.0), (9.0, 9.0), 1.0);
            match flag.leftward {
                true => self.svg.text("", (flag.x - 6.0, y + 11.0), Anchor::End, &flag.label),
                false => self.svg.text("", (flag.text_x(), y + 11.0), Anchor::Start, &flag.label),
            }
        }
        for column in &self.columns.calls {
            let step = &self.part.trace.steps[column.step];
            let class = if step.result.is_err() { "call bad" } else { "call" };
            match self.columns.turned {
                true => self.svg.turned(
                    class,
                    (column.middle() + 3.0, self.names),
                    Anchor::Start,
                    &step.call,
                    -TURNED as i32,
                ),
                false => self.svg.text(class, (column.middle(), self.names), Anchor::Middle, &step.call),
            }
            if let Some(text) = below_the_name(step) {
                // Turned names leave little room.
                let text = if self.columns.turned { text.trim_start_matches("= ") } else { &text };
                let class = if step.result.is_err() { "small bad" } else { "small" };
                self.svg.text(class, (column.middle(), self.names + 14.0), Anchor::Middle, text);
            }
            if step.waits() {
                self.svg.line("wait", (column.middle(), self.top), (column.middle(), self.bottom));
            }
        }
    }

    /// From the listener to the number that accept gave out.
    fn openings(&mut self) {
        for (index, step) in self.part.calls() {
            let opened = self.part.trace.tenures.iter().find(|tenure| tenure.opened == Some(index));
            let (Some(x), Some(opened), Some(from)) = (self.columns.x(index), opened, step.fd) else { continue };
            if let (Some(from), Some(to)) = (self.lanes.get(&from), self.lanes.get(&opened.fd)) {
                self.svg.line("opens", (x, from.middle()), (x, to.middle()));
            }
        }
    }

    /// Each number's time with each owner.
    fn bars(&mut self) {
        let (Some((first, _)), Some((last, _))) = (self.part.calls().next(), self.part.calls().last()) else { return };
        for tenure in &self.part.trace.tenures {
            let Some(lane) = self.lanes.get(&tenure.fd) else { continue };
            if tenure.opened.is_some_and(|opened| opened > last) || tenure.closed.is_some_and(|closed| closed < first) {
                continue;
            }
            let from = tenure.opened.and_then(|opened| self.columns.x(opened)).unwrap_or(LEFT);
            let to = tenure.closed.and_then(|closed| self.columns.x(closed)).unwrap_or(self.columns.right);
            let class = self.hues.owner(&tenure.owner);
            let alone =
                tenure.orphaned.map(|orphaned| if orphaned < first { from } else { self.columns.left_of(orphaned) });
            let filled = alone.unwrap_or(to).clamp(from, to);
            if filled > from {
                self.svg.rect(&format!("bar {class}"), (from, lane.bar()), (filled - from, BAR), 3.0);
            }
            if filled < to {
                self.contents.orphaned = true;
                self.svg.rect(&format!("alone {class}"), (filled, lane.bar()), (to - filled, BAR), 3.0);
            }
            // The name stands where no call is.
            let (end, class) = if filled > from { (filled, "name") } else { (to, "name bare") };
            let about = self.part.calls().filter(|(_, step)| step.fd == Some(tenure.fd));
            let mut dots = vec![from + 2.0];
            dots.extend(about.filter_map(|(index, _)| self.columns.x(index)).filter(|x| *x > from && *x < end));
            dots.push(end);
            let name = tenure.owner.name();
            let needed = width(name, TEXT) + 14.0;
            let place = dots.windows(2).find(|pair| pair[1] - pair[0] >= needed);
            // A client's name is there in any case; that of another socket only where nothing would go through it.
            let is_client = matches!(tenure.owner, Owner::Client(_));
            let widest =
                || dots.windows(2).max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0]))).filter(|_| is_client);
            if let Some(pair) = place.or_else(widest) {
                self.svg.text(class, (pair[0] + 7.0, lane.middle() + 4.5), Anchor::Start, name);
            }
        }
    }

    /// Each request from its submission to its completion, in the colour of whoever had the number then.
    fn flights(&mut self) {
        for request in flights::shown(self.part) {
            let Some(lane) = self.lanes.get(&request.fd) else { continue };
            let row = lane.flights.iter().position(|call| *call == request.call).unwrap_or(0);
            let top = lane.top + 1.0 + ROW * (lane.rows.len() + row) as f64;
            let from = self.columns.x(request.submitted).unwrap_or(LEFT);
            let completed = request.completed.as_ref();
            let to = completed.and_then(|(step, _)| self.columns.x(*step)).unwrap_or(self.columns.right);
            let owner = self.part.trace.steps[request.submitted].fds.get(&request.fd);
            let class = owner.map_or("other", |tenure| self.hues.owner(&self.part.trace.tenures[*tenure].owner));
            // Handed in and completed in one call, it is a mark there.
            let (left, wide) = if to > from { (from, to - from) } else { (from - 3.0, 6.0) };
            self.contents.in_flight = true;
            self.svg.rect(&format!("flight mark {class}"), (left, top), (wide, ROW - 3.0), 3.0);
            let label = match completed.filter(|(step, _)| self.columns.x(*step).is_some()) {
                Some((_, result)) => format!("{} = {result}", request.call),
                None => request.call.clone(),
            };
            // In the bar, or behind it, up to the next in its row; where there is no room, the page says it in words.
            let end = left + wide + 4.0;
            let next = flights::shown(self.part).filter(|next| {
                (next.fd, &next.call) == (request.fd, &request.call) && next.submitted > request.submitted
            });
            let next = next.filter_map(|next| self.columns.x(next.submitted)).fold(self.columns.right, f64::min);
            if width(&label, SMALL) + 8.0 <= wide {
                self.svg.text("letter", (left + 4.0, top + 9.5), Anchor::Start, &label);
            } else if end + width(&label, SMALL) < next - 3.0 {
                self.svg.text("small", (end, top + 9.5), Anchor::Start, &label);
            }
        }
    }

    /// From each mark to the calls that act on it.
    fn lines(&mut self) {
        let mut reached: BTreeSet<(usize, Number, List)> = BTreeSet::new();
        let mut stale = Vec::new();
        for (index, step) in self.part.calls() {
            let (Some(fd), Some(x)) = (step.fd, self.columns.x(index)) else { continue };
            let Some(lane) = self.lanes.get(&fd) else { continue };
            let wait = self.part.trace.wait_of(index);
            // A mark that is not shown is to the left.
            let from = |wait| self.columns.x(wait).unwrap_or(LEFT);
            let mark = step.acts_on.zip(wait).map(|(list, wait)| (list, wait, from(wait)));
            if let Some(found) = step.stale {
                let meant = &self.part.trace.tenures[found.meant];
                let closed = meant.closed.and_then(|step| self.columns.x(step));
                stale.push(match mark {
                    Some((list, _, from)) => {
                        // Mostly the lane of the call.
                        let row = self.lanes.get(&meant.fd).unwrap_or(lane).row(list);
                        let landing = match found.reached {
                            Some(_) if row > lane.bar() => lane.bar() + BAR,
                            Some(_) => lane.bar(),
                            None => lane.middle() - 7.0,
                        };
                        vec![(from, row), (x, row), (x, landing)]
                    }
                    // No mark led to it: the number was kept from when it was open.
                    None => vec![(closed.unwrap_or(LEFT), lane.middle()), (x - 8.0, lane.middle())],
                });
            } else if let Some((list, wait, from)) = mark
                && reached.insert((wait, fd, list))
            {
                self.svg.through("acts", &[(from, lane.row(list)), (x, lane.row(list)), (x, lane.middle())]);
            }
        }
        for points in stale {
            self.contents.stale = true;
            self.svg.through("stale", &points);
            if let [_, (_, from), (x, y)] = points[..] {
                self.svg.head("tip", (x, y), y > from);
            }
        }
    }

    /// What each select said.
    fn marks(&mut self) {
        for (index, step) in self.part.calls() {
            let (Some(said), Some(x)) = (&step.said, self.columns.x(index)) else { continue };
            for lane in self.lanes.values() {
                for list in said.of(lane.fd) {
                    let tenure = self.part.trace.named(index, lane.fd);
                    let class =
                        tenure.map_or("other", |tenure| self.hues.owner(&self.part.trace.tenures[tenure].owner));
                    let y = lane.row(list);
                    self.svg.rect(&format!("mark {class}"), (x - MARK / 2.0, y - MARK / 2.0), (MARK, MARK), 2.0);
                    if step.outdated.contains(&lane.fd) {
                        self.contents.outdated = true;
                        self.svg.rect("ring", (x - MARK / 2.0, y - MARK / 2.0), (MARK, MARK), 2.0);
                    }
                    self.svg.text("letter", (x, y + 3.8), Anchor::Middle, list.letter());
                    self.contents.marks.insert(list);
                    self.contents.waits.insert(step.call.clone());
                }
            }
        }
    }

    /// Each call on its lane: a dot, or a cross with errno's name.
    fn calls(&mut self) {
        for (index, step) in self.part.calls() {
            let (Some(fd), Some(x)) = (step.fd, self.columns.x(index)) else { continue };
            let Some(lane) = self.lanes.get(&fd) else { continue };
            let y = lane.middle();
            // Not on an empty lane, and not on a bar without its client.
            let on_bar =
                self.part.trace.held_before(index, fd).is_some_and(|tenure| {
                    self.part.trace.tenures[tenure].orphaned.is_none_or(|orphaned| orphaned > index)
                });
            match &step.result {
                Err(error) => {
                    self.contents.fails = true;
                    self.svg.path(if on_bar { "cross on" } else { "cross" }, &cross(x, y));
                    self.svg.text("small bad", (x, lane.bar() + BAR + 11.0), Anchor::Middle, error);
                }
                Ok(_) if self.closes(index, fd) => {
                    self.svg.line("shut", (x, lane.bar() - 3.0), (x, lane.bar() + BAR + 3.0));
                }
                Ok(_) => {
                    let class = match step.stale {
                        Some(stale) if stale.reached.is_some() => "dot wrong",
                        _ if on_bar => "dot",
                        _ => "dot bare",
                    };
                    self.svg.dot(class, (x, y), 4.0);
                }
            }
            if let Some(text) = meant_for(self.part, step) {
                self.svg.text("small bad", (x + 8.0, lane.bar() - 6.0), Anchor::Start, &text);
            }
        }
    }

    fn closes(&self, index: usize, fd: Number) -> bool {
        self.part.trace.tenures.iter().any(|tenure| tenure.fd == fd && tenure.closed == Some(index))
    }

    /// Where the server has ended, nothing goes on.
    fn end(&mut self) {
        let Some(ending) = self.part.trace.ending.as_ref().filter(|_| self.part.ends) else { return };
        if ending.ended == "still running" {
            return;
        }
        let x = self.columns.right;
        self.svg.line("end", (x, self.top), (x, self.bottom));
        self.svg.text("small bad", (x, self.height - 4.0), Anchor::End, &ending.ended);
    }
}
