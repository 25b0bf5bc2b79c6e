//! The plot: what a message costs, over the connections that are open, both on logarithmic scales. It has a line for each
//! interface of the system, told from the others by its dashes and by the sign at its points; the tables have every server.
//!
//! plotters draws in colours. Ours are those of the page's theme, so each colour stands for a class of the style sheet of
//! the pictures.

use crate::bench::records::{Cost, Spread, spread};
use crate::bench::servers::{ACTIVE, Contender, IDLE, by_name};
use anyhow::Context;
use close_call::net::columns::thousands;
use pictures::frame::Framed;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::fs;
use std::path::Path;

const SIZE: (u32, u32) = (740, 420);
/// Room for the names at the right.
const NAMES: u32 = 150;
/// The distance of two names, one below the other, in pixels.
const LINE: i32 = 16;

/// Each colour, and the class for it.
const AXIS: RGBColor = RGBColor(1, 1, 1);
const GRID: RGBColor = RGBColor(2, 2, 2);
const LEADER: RGBColor = RGBColor(3, 3, 3);
const SIGN: RGBColor = RGBColor(4, 4, 4);
const CLASSES: [(&str, &str); 8] = [
    ("#010101", "plain"),
    ("#020202", "nobody"),
    ("#030303", "wait"),
    ("#040404", ""),
    ("#0A0A0A", "end"),
    ("#0B0B0B", "stale"),
    ("#0C0C0C", ""),
    ("#0D0D0D", "free"),
];

/// The sign at a line's points: a path about the point.
type Sign = &'static [(i32, i32)];

/// The servers that have a line, each with its colour and its sign.
const LINES: [(&str, RGBColor, Sign); 4] = [
    ("11-limits", RGBColor(10, 10, 10), &[(-4, -4), (4, -4), (4, 4), (-4, 4), (-4, -4)]),
    ("12-poll", RGBColor(11, 11, 11), &[(-5, 4), (0, -5), (5, 4), (-5, 4)]),
    ("14-epoll", RGBColor(12, 12, 12), &[(0, -6), (5, 0), (0, 6), (-5, 0), (0, -6)]),
    ("18-completions", RGBColor(13, 13, 13), &[(-4, -4), (4, 4), (0, 0), (4, -4), (-4, 4)]),
];

/// The file of the plot for so many active clients.
pub fn file(active: usize) -> String {
    format!("costs-{active}.svg")
}

/// A plot, its words, and its size.
pub struct Plot {
    active: usize,
    description: String,
    shapes: String,
}

impl Plot {
    fn framed(&self, show: impl Fn(&Framed) -> String) -> String {
        let Plot { active, description, shapes } = self;
        let clients = if *active == 1 { "one client sends".to_string() } else { format!("{active} clients send") };
        show(&Framed {
            id: &format!("costs-{active}"),
            title: &format!("What a message costs each server while {clients}"),
            description,
            key: "",
            shapes,
            size: (SIZE.0.into(), SIZE.1.into()),
        })
    }

    /// For a page.
    pub fn html(&self) -> String {
        self.framed(|framed| framed.html(None))
    }

    /// For a file.
    pub fn file(&self) -> String {
        self.framed(|framed| framed.file())
    }
}

/// A server, how it is drawn, and its points: connections that are open, and microseconds.
struct Line {
    server: &'static Contender,
    colour: RGBColor,
    sign: Sign,
    points: Vec<(f64, Spread)>,
}

/// Draws it. An error says what is missing.
pub fn drawn(measured: &[Cost], active: usize) -> Result<Plot, String> {
    let line = |(name, colour, sign): (&str, RGBColor, Sign)| {
        let server = by_name(name)?;
        let point = |idle| Some(((idle + active) as f64, spread(measured, server, idle, active, |cost| cost.cpu)?));
        Some(Line { server, colour, sign, points: IDLE.into_iter().filter_map(point).collect() })
    };
    let lines: Vec<Line> = LINES.into_iter().filter_map(line).filter(|line| !line.points.is_empty()).collect();
    let all = || lines.iter().flat_map(|line| &line.points);
    let least = all().map(|(_, spread)| spread.least).min().ok_or("nothing was measured")?;
    let most = all().map(|(_, spread)| spread.most).max().unwrap_or(least);
    let mut drawing = String::new();
    chart(&mut drawing, &lines, active, (micro(least) * 0.8, micro(most) * 1.3)).map_err(|error| error.to_string())?;
    Ok(Plot { active, description: description(&lines), shapes: in_our_style(&drawing) })
}

/// Draws the plots of a measurement into a folder. Returns why one could not be drawn, for each such.
pub fn draw(measured: &[Cost], folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for active in ACTIVE {
        let name = file(active);
        match drawn(measured, active) {
            Ok(plot) => fs::write(folder.join(&name), plot.file()).context(name)?,
            Err(why) => faults.push(format!("{name} is not drawn: {why}")),
        }
    }
    Ok(faults)
}

fn micro(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1_000.0
}

fn chart(
    drawing: &mut String,
    lines: &[Line],
    active: usize,
    range: (f64, f64),
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(drawing, SIZE).into_drawing_area();
    let right = (active + IDLE[IDLE.len() - 1]) as f64 * 1.1;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(NAMES)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d((active as f64 * 0.9..right).log_scale(), (range.0..range.1).log_scale())?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(AXIS)
        .x_desc("connections open")
        .y_desc("µs of processor time per message")
        .x_label_formatter(&|x| thousands(x.round() as usize))
        .y_labels(6)
        .y_label_formatter(&|y| if is_round(*y) { thousands(y.round() as usize) } else { String::new() })
        .draw()?;

    let mut names = Vec::new();
    for Line { server, colour, sign, points } in lines {
        let stroke = colour.stroke_width(2);
        chart.draw_series(LineSeries::new(points.iter().map(|(x, spread)| (*x, micro(spread.median))), stroke))?;
        let ends = |(x, spread): &(f64, Spread)| vec![(*x, micro(spread.least)), (*x, micro(spread.most))];
        chart.draw_series(points.iter().map(|point| PathElement::new(ends(point), SIGN)))?;
        let sign = |(x, spread): &(f64, Spread)| {
            EmptyElement::at((*x, micro(spread.median))) + PathElement::new(sign.to_vec(), SIGN.stroke_width(2))
        };
        chart.draw_series(points.iter().map(sign))?;
        if let Some((x, spread)) = points.last() {
            let (x, y) = chart.plotting_area().map_coordinate(&(*x, micro(spread.median)));
            names.push(((x, y), server.short));
        }
    }
    let end = SIZE.0 as i32 - NAMES as i32;
    let places = apart(&names.iter().map(|((_, y), _)| *y).collect::<Vec<_>>());
    let style = TextStyle::from(("sans-serif", 12)).pos(Pos::new(HPos::Left, VPos::Center));
    for (((x, y), name), place) in names.into_iter().zip(places) {
        area.draw(&PathElement::new(vec![(x + 8, y), (end + 10, place)], LEADER))?;
        area.draw(&Text::new(name, (end + 14, place), style.clone()))?;
    }
    area.present()?;
    Ok(())
}

/// One, two or five, and zeroes: there is no room for the others between them.
fn is_round(value: f64) -> bool {
    let digits = format!("{value:.0}");
    matches!(digits.trim_end_matches('0'), "1" | "2" | "5")
}

/// Places for names that want to be at these, in their order from above and none on another: each is as far down as it
/// wants to be, or below the one before.
fn apart(wanted: &[i32]) -> Vec<i32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&at| wanted[at]);
    let mut places = wanted.to_vec();
    for pair in order.windows(2) {
        places[pair[1]] = places[pair[1]].max(places[pair[0]] + LINE);
    }
    // What went too far down moves the others up.
    let lowest = SIZE.1 as i32 - 60;
    for (from_below, &at) in order.iter().rev().enumerate() {
        places[at] = places[at].min(lowest - LINE * from_below as i32);
    }
    places
}

/// The elements without their frame, in classes in place of colours.
fn in_our_style(drawing: &str) -> String {
    let inner = drawing.split_once('>').map_or("", |(_, rest)| rest).trim_end().trim_end_matches("</svg>");
    let styled = CLASSES.iter().fold(inner.to_string(), |text, (colour, class)| {
        // Without a class a line has the colour of the words.
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        text.replace(&format!(" stroke=\"{colour}\""), &class)
    });
    // The style sheet says how words look. A line break in them would end up in the page.
    let mut lines = String::new();
    for line in styled.lines().filter(|line| !line.trim().is_empty()) {
        lines += line.trim();
        if line.ends_with('>') && !line.starts_with("<text") {
            lines.push('\n');
        }
    }
    lines
}

fn description(lines: &[Line]) -> String {
    let ends = lines.iter().filter_map(|Line { server, points, .. }| {
        let ((first, cost), (last, other)) = (points.first()?, points.last()?);
        let cost = (micro(cost.median), micro(other.median));
        Some(format!("{}: {:.1} with {first} open, {:.1} with {last}.", server.short, cost.0, cost.1))
    });
    format!("Microseconds per message. {}", ends.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests;
