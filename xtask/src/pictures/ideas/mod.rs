//! Figures of ideas, each drawn from traces.

pub mod ids;
pub mod lists;
pub mod queue;
pub mod select;
pub mod sequence;
pub mod tables;

use crate::pictures::frame::{Framed, prefix};
use crate::pictures::lanes::words;
use crate::pictures::part::Part;
use crate::pictures::shapes::Shapes;
use crate::source::project::Project;
use crate::source::snapshots::Snapshot;

/// What can be drawn.
pub const KINDS: [&str; 6] = ["sequence", "tables", "select", "lists", "ids", "queue"];

/// A figure of this kind, for a page, from these snapshots.
pub fn on_page(
    project: &Project,
    page: &str,
    kind: &str,
    names: &[&str],
    texts: Option<(&str, &str)>,
) -> Result<String, String> {
    let mut parts = Vec::new();
    for name in names {
        let snapshot = Snapshot::read(project, name)?;
        parts.push(Part::of(&snapshot.path, &snapshot.printed(), texts)?);
    }
    let of = |what: &str| format!("{} of {}: {what}", kind_in_words(kind), names.join(", "));
    let Shapes { shapes, size } = match (kind, parts.as_slice()) {
        ("sequence", [part]) => sequence::draw(part),
        ("tables", [part]) => tables::draw(part),
        ("select", [part]) => select::draw(part),
        ("lists", [part]) => lists::draw(part),
        ("ids", [part]) => ids::draw(part),
        ("queue", parts) if !parts.is_empty() => queue::draw(parts),
        _ => return Err("write {{#figure KIND NAME}}, for queue with several names".to_string()),
    }
    .map_err(|what| of(&what))?;
    let runs: Vec<String> = parts.iter().map(Part::name).collect();
    let description: Vec<String> =
        parts.iter().map(|part| format!("{}: {}", part.name(), words::description(part))).collect();
    let id = format!("{}-{kind}-{}", prefix(page), names.join("-").replace("-trace-json", ""));
    let framed = Framed {
        id: &id,
        title: &format!("{} of {}", kind_in_words(kind), runs.join(", ")),
        description: &description.join(" "),
        key: "",
        shapes: &shapes,
        size,
    };
    Ok(framed.html(None))
}

fn kind_in_words(kind: &str) -> &str {
    match kind {
        "sequence" => "Client, kernel and server over time",
        "tables" => "The descriptor table each time that it changes",
        "select" => "Three lists in and three lists out",
        "lists" => "The lists and the table after each call",
        "ids" => "Ids, connections, sockets and descriptors",
        _ => "What the kernel holds until the server asks, and what the calls return,",
    }
}
