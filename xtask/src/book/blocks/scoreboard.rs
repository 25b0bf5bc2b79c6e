//! `{{#scoreboard}}`: the scoreboard as a table, chapters by probes, from tests/snapshots/scoreboard.snap. Each cell leads
//! to the page that explains it.

use super::block::{Block, Kind, Page, scrolling};
use super::evidence::{evidence, id, snapshots};
use super::probe;
use crate::source::project::{Chapter, PAGES, Probe, Project};
use crate::source::snapshots::Snapshot;
use close_call::command::board::Board;
use close_call::command::ladder::number;
use maud::{Markup, PreEscaped, html};
use std::collections::BTreeSet;

/// The name of its snapshot.
const NAME: &str = "scoreboard";

pub const KIND: Kind = Kind {
    name: "scoreboard",
    usage: "{{#scoreboard}}",
    read: |given| {
        let [] = given.words()?;
        Ok(Box::new(Scoreboard))
    },
};

struct Scoreboard;

impl Block for Scoreboard {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let board = read(page.project)?;
        let rows = rows(page.project, &board)?;
        let up = page.up();
        let table = html! {
            table {
                caption {
                    "Each chapter under each probe: " b { "ok" } ", or in a word or two what went wrong. Each cell leads to the \
                     page that explains it."
                }
                "\n"
                thead {
                    tr {
                        th scope="col" { "chapter" }
                        @for probe in &page.project.board {
                            @let words = probe::place(page.project, &probe.page, &probe.name);
                            th scope="col" { span { a href={ (up) (probe.page) ".html" (words) } { (probe.name) } } }
                        }
                    }
                }
                "\n"
                tbody { "\n" @for (chapter, cells) in rows { (row(page, chapter, cells)) "\n" } }
            }
        };
        Ok(scrolling("scoreboard", "Scoreboard", &table))
    }
}

fn row(page: &Page, chapter: &Chapter, cells: &[String]) -> Markup {
    let target = Target::of(page, chapter);
    html! {
        tr {
            th scope="row" { a href={ (page.up()) (chapter.name) ".html" } { (chapter.name) } }
            @for (probe, cell) in page.project.board.iter().zip(cells) {
                td class=(if cell == "ok" { "ok" } else { "fault" }) {
                    a href=(target.address(probe)) title={ (chapter.name) " under " (probe.name) } { (breakable(cell)) }
                }
            }
        }
    }
}

/// Where a chapter's verdicts lead to, from a page.
pub struct Target<'a> {
    up: String,
    chapter: &'a Chapter,
    /// The probes that the chapter's page shows.
    shown: BTreeSet<&'a str>,
}

impl<'a> Target<'a> {
    /// Where the verdicts of `chapter` lead to, from `page`.
    pub fn of(page: &Page<'a>, chapter: &'a Chapter) -> Target<'a> {
        let text = page.project.read(&format!("{PAGES}/{}.md", chapter.name)).unwrap_or_default();
        let shown = evidence(page.project, chapter, &text, &snapshots(&text, page.read)).into_keys().collect();
        Target { up: page.up(), chapter, shown }
    }

    /// The chapter's page where it shows what happens under this probe, else the page that explains the probe.
    fn address(&self, probe: &Probe) -> String {
        match self.shown.contains(probe.name.as_str()) {
            true => format!("{}{}.html#{}", self.up, self.chapter.name, id(&probe.name)),
            false => format!("{}{}.html", self.up, probe.page),
        }
    }

    /// The probe's name, as a link there.
    pub fn named(&self, probe: &Probe) -> Markup {
        html! { a href=(self.address(probe)) { code { (probe.name) } } }
    }
}

/// The scoreboard as its snapshot has it.
pub fn read(project: &Project) -> Result<Board, String> {
    Ok(Board::of(&Snapshot::read(project, NAME)?.printed().lines.join("\n")))
}

/// Each server of the ladder, in its order, with a cell for each probe. An error says what the snapshot lacks.
pub fn rows<'a>(project: &'a Project, board: &'a Board) -> Result<Vec<(&'a Chapter, &'a [String])>, String> {
    let fault = |what: String| format!("{}{what}", Snapshot::path(NAME));
    let servers = || project.chapters.iter().filter(|chapter| chapter.story.is_some());
    // The board has their numbers.
    let same = |name: &str, chapter: &Chapter| number(name) == number(&chapter.name);
    if let Some(name) = board.names().find(|name| !servers().any(|chapter| same(name, chapter))) {
        return Err(fault(format!(": there is no server {name} among the chapters")));
    }
    let wanted = project.board.len();
    servers()
        .map(|server| match board.names().find(|name| same(name, server)).and_then(|name| board.row(name)) {
            None => Err(fault(format!(" has no row for {}", server.name))),
            Some(cells) if cells.len() != wanted => {
                Err(fault(format!(": {} cells for {}, {wanted} probes", cells.len(), server.name)))
            }
            Some(cells) => Ok((server, cells)),
        })
        .collect()
}

/// The name of an error with places where a narrow column may break it.
fn breakable(name: &str) -> Markup {
    let name = html! { (name) }.into_string();
    PreEscaped(["ECONN", "ENOT", "_"].iter().fold(name, |name, part| name.replace(part, &format!("{part}<wbr>"))))
}

#[cfg(test)]
mod tests;
