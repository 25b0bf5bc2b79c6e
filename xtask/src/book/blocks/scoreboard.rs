//! `{{#scoreboard}}`: the scoreboard as a table, chapters by probes, from tests/snapshots/scoreboard.snap. Each cell leads
//! to the page that explains it.

use super::block::{Block, Kind, Page, scrolling};
use super::evidence::{evidence, id, snapshots};
use super::probe;
use crate::source::project::{Chapter, PAGES, Probe, Project};
use crate::source::snapshots::Snapshot;
use close_call::command::board::Board;
use maud::{Markup, PreEscaped, html};

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
        let snapshot = Snapshot::read(page.project, NAME)?;
        let board = Board::of(&snapshot.printed().lines.join("\n"));
        let rows = rows(page.project, &board).map_err(|message| format!("{}{message}", snapshot.path))?;
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
    let text = page.project.read(&format!("{PAGES}/{}.md", chapter.name)).unwrap_or_default();
    let shown = evidence(page.project, chapter, &text, &snapshots(&text, page.read));
    let own = format!("{}{}.html", page.up(), chapter.name);
    let target = |probe: &Probe| match shown.contains_key(probe.name.as_str()) {
        true => format!("{own}#{}", id(&probe.name)),
        false => format!("{}{}.html", page.up(), probe.page),
    };
    html! {
        tr {
            th scope="row" { a href=(own) { (chapter.name) } }
            @for (probe, cell) in page.project.board.iter().zip(cells) {
                td class=(if cell == "ok" { "ok" } else { "fault" }) {
                    a href=(target(probe)) title={ (chapter.name) " under " (probe.name) } { (breakable(cell)) }
                }
            }
        }
    }
}

/// Each server of the ladder, in its order, with a cell for each probe. An error goes on where the file's path ends.
fn rows<'a>(project: &'a Project, board: &'a Board) -> Result<Vec<(&'a Chapter, &'a [String])>, String> {
    let servers = || project.chapters.iter().filter(|chapter| chapter.story.is_some());
    if let Some(name) = board.names().find(|name| !servers().any(|chapter| chapter.name == *name)) {
        return Err(format!(": there is no server {name} among the chapters"));
    }
    let wanted = project.board.len();
    servers()
        .map(|server| match board.row(&server.name) {
            None => Err(format!(" has no row for {}", server.name)),
            Some(cells) if cells.len() != wanted => {
                Err(format!(": {} cells for {}, {wanted} probes", cells.len(), server.name))
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
