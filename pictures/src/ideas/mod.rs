//! Figures of ideas, each drawn from traces: a file for each kind, and its line in [`IDEAS`].

mod ids;
mod lists;
mod queue;
mod select;
mod sequence;
mod tables;

use super::frame::Framed;
use super::lanes::words;
use super::part::Part;
use super::shapes::Shapes;

/// A kind of figure.
pub struct Idea {
    /// What a page calls it.
    pub name: &'static str,
    /// What it shows, in a few words.
    pub title: &'static str,
    draw: Draw,
}

/// What draws it: one run, or several, one below the other.
enum Draw {
    One(fn(&Part) -> Result<Shapes, String>),
    Several(fn(&[Part]) -> Result<Shapes, String>),
}

impl Idea {
    const fn of_one(name: &'static str, title: &'static str, draw: fn(&Part) -> Result<Shapes, String>) -> Idea {
        Idea { name, title, draw: Draw::One(draw) }
    }
}

/// All kinds.
pub const IDEAS: &[Idea] = &[
    Idea::of_one("sequence", "Client, kernel and server over time", sequence::draw),
    Idea::of_one("tables", "The descriptor table each time that it changes", tables::draw),
    Idea::of_one("select", "Three lists in and three lists out", select::draw),
    Idea::of_one("lists", "The lists and the table after each call", lists::draw),
    Idea::of_one("ids", "Ids, connections, sockets and descriptors", ids::draw),
    Idea {
        name: "queue",
        title: "What the kernel holds until the server asks, and what the calls return,",
        draw: Draw::Several(queue::draw),
    },
];

impl Idea {
    /// The kind that a page calls `name`.
    pub fn by_name(name: &str) -> Option<&'static Idea> {
        IDEAS.iter().find(|idea| idea.name == name)
    }

    /// The names of all kinds.
    pub fn names() -> Vec<&'static str> {
        IDEAS.iter().map(|idea| idea.name).collect()
    }

    /// Whether so many runs can be drawn in one figure.
    pub fn takes(&self, runs: usize) -> bool {
        match self.draw {
            Draw::One(_) => runs == 1,
            Draw::Several(_) => runs > 0,
        }
    }

    /// The figure of these runs, for a page; `id` begins the `id`s of its words.
    pub fn framed(&self, parts: &[Part], id: &str) -> Result<String, String> {
        let Shapes { shapes, size } = match (&self.draw, parts) {
            (Draw::One(draw), [part]) => draw(part)?,
            (Draw::Several(draw), parts) => draw(parts)?,
            (Draw::One(_), parts) => return Err(format!("it is of one run, not of {}", parts.len())),
        };
        let runs: Vec<String> = parts.iter().map(Part::name).collect();
        let description: Vec<String> =
            parts.iter().map(|part| format!("{}: {}", part.name(), words::description(part))).collect();
        let framed = Framed {
            id,
            title: &format!("{} of {}", self.title, runs.join(", ")),
            description: &description.join(" "),
            key: "",
            shapes: &shapes,
            size,
        };
        Ok(framed.html(None))
    }
}
