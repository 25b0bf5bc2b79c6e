//! The lanes of a trace with their words, as a file that stands alone or for a page.

use super::draw::{Drawing, Limits, draw};
use super::words;
use crate::excerpt::Excerpt;
use crate::frame::Framed;
use crate::part::Part;

/// The lanes of any trace, stored as a snapshot or not, as a file that stands alone.
pub fn in_file(path: &str, text: &str, texts: Option<(&str, &str)>) -> Result<String, String> {
    let part = Part::of(path, &Excerpt::printed(text), texts)?;
    let drawing = draw(&part, Limits::FILE).map_err(|what| format!("{path}: {what}"))?;
    Ok(framed(&part, &drawing, "lanes", |framed| framed.file()))
}

/// A drawing with its words.
pub fn framed(part: &Part, drawing: &Drawing, id: &str, show: impl Fn(&Framed) -> String) -> String {
    let title = format!("Lanes of {}", part.name());
    show(&Framed {
        id,
        title: &title,
        description: &words::description(part),
        key: &words::key(&drawing.contents),
        shapes: &drawing.shapes,
        size: (drawing.width, drawing.height),
    })
}
