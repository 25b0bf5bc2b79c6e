//! Shapes and text as SVG, written by hand: a library for HTML would close each shape with a tag of its own. The same calls
//! write the same bytes: numbers have one decimal at most.

use maud::html;
use std::fmt::Write;

/// How a text is placed at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// A drawing in the making.
#[derive(Default)]
pub struct Svg(String);

impl Svg {
    /// A filled rectangle with round corners.
    pub fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), round: f64) {
        let (x, y, width, height) = (number(x), number(y), number(width), number(height));
        let round = if round > 0.0 { format!(" rx=\"{}\"", number(round)) } else { String::new() };
        self.element(&format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{round}/>"
        ));
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.path(class, &format!("M{} {}L{} {}", number(x1), number(y1), number(x2), number(y2)));
    }

    /// A line through several points, straight from each to the next.
    pub fn through(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{} {}", number(*x), number(*y))).collect();
        self.path(class, &format!("M{}", points.join("L")));
    }

    /// A head of an arrow whose tip is here, and which points down (or up).
    pub fn head(&mut self, class: &str, (x, y): (f64, f64), down: bool) {
        let back = if down { y - 8.0 } else { y + 8.0 };
        let [left, right, tip] =
            [(x - 5.0, back), (x + 5.0, back), (x, y)].map(|(x, y)| format!("{} {}", number(x), number(y)));
        self.path(class, &format!("M{left}L{right}L{tip}Z"));
    }

    /// A path, as SVG writes it.
    pub fn path(&mut self, class: &str, data: &str) {
        self.element(&format!("<path class=\"{class}\" d=\"{data}\"/>"));
    }

    /// A dot.
    pub fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let (x, y, radius) = (number(x), number(y), number(radius));
        self.element(&format!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"));
    }

    /// A text; `y` is its base line.
    pub fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        self.turned(class, at, anchor, text, 0);
    }

    /// A text, turned about its point by so many degrees.
    pub fn turned(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str, degrees: i32) {
        let (x, y) = (number(x), number(y));
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let turned = if degrees == 0 { String::new() } else { format!(" transform=\"rotate({degrees} {x} {y})\"") };
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        self.element(&format!(
            "<text{class} x=\"{x}\" y=\"{y}\"{anchor}{turned}>{}</text>",
            html! { (text) }.into_string()
        ));
    }

    /// Other shapes, moved to here.
    pub fn at(&mut self, (x, y): (f64, f64), shapes: &str) {
        self.element(&format!("<g transform=\"translate({} {})\">\n{shapes}</g>", number(x), number(y)));
    }

    fn element(&mut self, element: &str) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "{element}");
    }

    /// What was drawn: an element a line.
    pub fn shapes(self) -> String {
        self.0
    }
}

/// A number with one decimal at most.
pub fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // No minus before a zero.
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    format!("{rounded}")
}

/// About how wide a text is in the fonts that the pictures ask for; rather too wide than too narrow.
pub fn width(text: &str, size: f64) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' => 0.29,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '!' | '-' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' => 0.93,
        c if c.is_ascii_uppercase() => 0.7,
        _ => 0.6,
    };
    text.chars().map(em).sum::<f64>() * size
}
