//! The scoreboard as a table: chapters by probes, each cell leading to the page that explains it.
//!
//! The snapshot is text in several blocks, one below the other, each with some of the probes. A row is a line that begins
//! with the name of a chapter; at least two spaces are between its cells, which may have several words.

use crate::book::blocks::evidence::{evidence, id};
use crate::source::html::escape;
use crate::source::project::{Chapter, PAGES, Probe, Project, is_numbered};
use crate::source::snapshots::Snapshot;
use std::collections::BTreeMap;

/// The name of its snapshot.
const NAME: &str = "scoreboard";

const CAPTION: &str = "Each chapter under each probe: <b>ok</b>, or in a word or two what went wrong. Each cell leads to \
                       the page that explains it.";

/// The table, for a page whose path is given from book/src.
pub fn table(project: &Project, page: &str) -> Result<String, String> {
    let snapshot = Snapshot::read(project, NAME)?;
    let rows = rows(project, &snapshot).map_err(|message| format!("{}{message}", snapshot.path))?;
    let up = "../".repeat(page.matches('/').count());
    let link = |page: &str, text: &str| format!("<a href=\"{up}{page}\">{}</a>", escape(text));

    // It may be wider than the page. Whoever has no mouse can scroll it once it has the focus.
    let mut html = "<div class=\"scoreboard\" role=\"region\" aria-label=\"Scoreboard\" tabindex=\"0\">\n".to_string();
    html += &format!("<table><caption>{CAPTION}</caption>\n<thead><tr><th scope=\"col\">chapter</th>");
    for probe in &project.board {
        let link = link(&format!("{}.html", probe.page), &probe.name);
        html += &format!("<th scope=\"col\"><span>{link}</span></th>");
    }
    html += "</tr></thead>\n<tbody>\n";
    for (chapter, cells) in rows {
        let text = project.read(&format!("{PAGES}/{}.md", chapter.name)).unwrap_or_default();
        let shown = evidence(project, chapter, &text);
        let own = format!("{}.html", chapter.name);
        html += &format!("<tr><th scope=\"row\">{}</th>", link(&own, &chapter.name));
        for (Probe { name, page }, cell) in project.board.iter().zip(cells) {
            let target = match shown.contains_key(name.as_str()) {
                true => format!("{own}#{}", id(name)),
                false => format!("{page}.html"),
            };
            let class = if cell == "ok" { "ok" } else { "fault" };
            let title = format!("{} under {name}", chapter.name);
            let words = breakable(&escape(cell));
            html += &format!("<td class=\"{class}\"><a href=\"{up}{target}\" title=\"{title}\">{words}</a></td>");
        }
        html += "</tr>\n";
    }
    Ok(html + "</tbody></table>\n</div>")
}

/// Each server of the ladder, in its order, with a cell for each probe. An error goes on where the file's path ends.
fn rows<'a, 's>(project: &'a Project, snapshot: &'s Snapshot) -> Result<Vec<(&'a Chapter, Vec<&'s str>)>, String> {
    let servers = || project.chapters.iter().filter(|chapter| chapter.story.is_some());
    let mut cells: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (number, line) in snapshot.printed().numbered() {
        let mut parts = line.split("  ").map(str::trim).filter(|part| !part.is_empty());
        let Some(name) = parts.next().filter(|name| is_numbered(name)) else {
            continue;
        };
        let Some(server) = servers().find(|chapter| chapter.name == name) else {
            return Err(format!(", line {number}: there is no server {name} among the chapters"));
        };
        cells.entry(&server.name).or_default().extend(parts);
    }
    let wanted = project.board.len();
    servers()
        .map(|server| match cells.remove(server.name.as_str()) {
            None => Err(format!(" has no row for {}", server.name)),
            Some(cells) if cells.len() != wanted => {
                Err(format!(": {} cells for {}, {wanted} probes", cells.len(), server.name))
            }
            Some(cells) => Ok((server, cells)),
        })
        .collect()
}

/// The name of an error with places where a narrow column may break it.
fn breakable(name: &str) -> String {
    ["ECONN", "ENOT", "_"].iter().fold(name.to_string(), |name, part| name.replace(part, &format!("{part}<wbr>")))
}

#[cfg(test)]
mod tests;
