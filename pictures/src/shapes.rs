//! What several pictures have in them.

use super::svg::{Anchor, Svg, number, width};

/// A drawing and its size.
pub struct Shapes {
    /// SVG elements.
    pub shapes: String,
    /// How wide, and how high.
    pub size: (f64, f64),
}

/// The side of a chip.
pub const CHIP: f64 = 20.0;

/// Two strokes through a point.
pub fn cross(x: f64, y: f64) -> String {
    let [left, right, above, below] = [x - 6.0, x + 6.0, y - 6.0, y + 6.0].map(number);
    format!("M{left} {above}L{right} {below}M{left} {below}L{right} {above}")
}

/// A descriptor's number in the colour of its owner; its upper left corner is here.
pub fn chip(svg: &mut Svg, class: &str, (x, y): (f64, f64), text: &str) {
    svg.rect(&format!("mark {class}"), (x, y), (CHIP, CHIP), 3.0);
    svg.text("name", (x + CHIP / 2.0, y + CHIP / 2.0 + 4.5), Anchor::Middle, text);
}

/// An arrow to the right (or the left).
pub fn arrow(svg: &mut Svg, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let back = if x2 > x1 { x2 - 8.0 } else { x2 + 8.0 };
    svg.line(class, (x1, y1), (back, y2));
    let [upper, lower, tip] =
        [(back, y2 - 5.0), (back, y2 + 5.0), (x2, y2)].map(|(x, y)| format!("{} {}", number(x), number(y)));
    svg.path(if class == "stale" { "tip" } else { "point" }, &format!("M{upper}L{lower}L{tip}Z"));
}

/// Says who is who: from here to the right, a small square in each colour, and the words for it. Returns where it ends.
pub fn legend<'a>(svg: &mut Svg, (x, y): (f64, f64), entries: impl IntoIterator<Item = (&'a str, String)>) -> f64 {
    entries.into_iter().fold(x, |x, (class, words)| {
        svg.rect(&format!("flag {class}"), (x, y - 9.0), (10.0, 10.0), 1.0);
        svg.text("", (x + 14.0, y), Anchor::Start, &words);
        x + 14.0 + width(&words, 12.0) + 14.0
    })
}
