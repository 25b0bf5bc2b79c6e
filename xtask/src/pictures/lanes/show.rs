//! The lanes of a trace, on a page and in a file.

use super::draw::{Drawing, Limits, draw};
use super::words;
use crate::pictures::frame::{Framed, prefix};
use crate::pictures::part::Part;
use crate::source::excerpts::Excerpt;
use crate::source::project::Project;
use crate::source::snapshots::Snapshot;

/// The lanes of a snapshot, or of a stretch of it, for a page.
pub fn on_page(
    project: &Project,
    page: &str,
    name: &str,
    texts: Option<(&str, &str)>,
    anchor: Option<&str>,
) -> Result<String, String> {
    let snapshot = Snapshot::read(project, name)?;
    let part = Part::of(&snapshot.path, &snapshot.printed(), texts)?;
    let drawing = draw(&part, Limits::PAGE).map_err(|what| format!("{}: {what}", snapshot.path))?;
    let id = format!("{}-lanes-{}-{}", prefix(page), name.trim_end_matches("-trace-json"), part.first());
    Ok(framed(&part, &drawing, &id, |framed| framed.html(anchor)))
}

/// The lanes of any trace, as a file that stands alone.
pub fn in_file(path: &str, text: &str, texts: Option<(&str, &str)>) -> Result<String, String> {
    // A snapshot serves, too.
    let body = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map(|(_, body)| body);
    let mut excerpt = Excerpt::whole(body.unwrap_or(text));
    excerpt.first += text.lines().count() - excerpt.lines.len();
    let part = Part::of(path, &excerpt, texts)?;
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
