//! What the directives put in their place.

pub mod costs;
pub mod evidence;
pub mod scoreboard;
pub mod steps;
pub mod text;

use crate::book::arguments::Arguments;
use crate::book::checks::width;
use crate::book::directive::{Directive, MDBOOKS};
use crate::pictures::part::Part;
use crate::pictures::{ideas, lanes::show};
use crate::source::excerpts::{Change, Excerpt, difference, fence, language};
use crate::source::html::escape;
use crate::source::project::{PAGES, Project, chapter_file, listing_page};
use crate::source::snapshots::Snapshot;
use std::fmt::Write;
use steps::figure;
use steps::question::{self, Question};

/// What a directive of ours becomes on a page, whose path is given from book/src. A snapshot and its lanes can be given an `id`.
pub fn block(project: &Project, page: &str, directive: &Directive, id: Option<&str>) -> Result<String, String> {
    let own: &[&str] = if directive.name == "steps" { &question::OPTIONS } else { &[] };
    let arguments = Arguments::parse(directive.rest, own)?;
    let texts = arguments.texts.as_ref().map(|(from, to)| (from.as_str(), to.as_str()));
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match (directive.name, words.as_slice(), texts) {
        ("snapshot", [name], texts) => snapshot(project, name, texts, id),
        ("code", [path], texts) => code(project, page, path, texts),
        ("diff", [old, new], None) => diff(project, page, old, new),
        ("lanes", [name], texts) => show::on_page(project, page, name, texts, id),
        ("figure", [kind, names @ ..], texts) if ideas::KINDS.contains(kind) => {
            ideas::on_page(project, page, kind, names, texts)
        }
        ("listing", [name], None) => listing(project, name),
        ("scoreboard", [], None) => scoreboard::table(project, page),
        ("steps", [name], texts) => steps(project, page, name, texts, &arguments.options),
        ("costs", [kind], None) if costs::KINDS.contains(kind) => costs::on_page(project, kind, None),
        ("costs", [kind, active], None) if costs::KINDS.contains(kind) => costs::on_page(project, kind, Some(active)),
        ("costs", ..) => Err(format!("write {{{{#costs KIND}}}}; KIND is one of {}", costs::KINDS.join(", "))),
        ("snapshot", ..) => Err("write {{#snapshot NAME}} or {{#snapshot NAME from=\"TEXT\" to=\"TEXT\"}}".to_string()),
        ("lanes", ..) => Err("write {{#lanes NAME}} or {{#lanes NAME from=\"TEXT\" to=\"TEXT\"}}".to_string()),
        ("figure", ..) => Err(format!("write {{{{#figure KIND NAME}}}}; KIND is one of {}", ideas::KINDS.join(", "))),
        ("code", ..) => Err("write {{#code PATH}} or {{#code PATH from=\"TEXT\" to=\"TEXT\"}}".to_string()),
        ("diff", ..) => Err("write {{#diff A B}}".to_string()),
        ("listing", ..) => Err("write {{#listing NAME}}".to_string()),
        ("scoreboard", ..) => Err("write {{#scoreboard}}".to_string()),
        ("steps", ..) => Err("write {{#steps NAME}} or {{#steps NAME from=\"TEXT\" to=\"TEXT\"}}".to_string()),
        _ => Err(format!(
            "there is no such directive; ours are snapshot, lanes, figure, steps, code, diff, listing, scoreboard and costs, mdBook's {}",
            MDBOOKS.join(", ")
        )),
    }
}

fn snapshot(project: &Project, name: &str, texts: Option<(&str, &str)>, id: Option<&str>) -> Result<String, String> {
    let snapshot = Snapshot::read(project, name)?;
    let all = snapshot.printed();
    let excerpt = match texts {
        Some((from, to)) => all.part(&snapshot.path, from, to)?,
        None => all,
    };
    shown(&snapshot.path, &excerpt)?;
    Ok(text::html(&excerpt.lines, id))
}

fn code(project: &Project, page: &str, path: &str, texts: Option<(&str, &str)>) -> Result<String, String> {
    let file = read(project, path)?;
    let all = Excerpt::whole(&file);
    let (excerpt, place) = match texts {
        Some((from, to)) => {
            let count = all.lines.iter().filter(|line| line.contains(from)).count();
            if count > 1 {
                return Err(format!("{count} lines of {path} contain `{from}`; only one may"));
            }
            let part = all.part(path, from, to)?;
            let place = match part.last() {
                last if last == part.first => format!(", line {last}"),
                last => format!(", lines {} to {last}", part.first),
            };
            (part.dedented(), place)
        }
        None => (all, String::new()),
    };
    shown(path, &excerpt)?;
    let line = if place.is_empty() { None } else { Some(excerpt.first) };
    Ok(caption(&format!("{}{place}", linked(project, page, path, line))) + &fence(language(path), &excerpt.lines))
}

fn diff(project: &Project, page: &str, old: &str, new: &str) -> Result<String, String> {
    let [old, new] = [old, new].map(|name| if name.contains('/') { name.to_string() } else { chapter_file(name) });
    let (old_file, new_file) = (read(project, &old)?, read(project, &new)?);
    let hunks = difference(&old_file, &new_file);
    if hunks.is_empty() {
        return Err(format!("{old} and {new} differ in nothing, except perhaps in their first comment"));
    }
    let mut lines = Vec::new();
    for hunk in &hunks {
        // Where it is in the new file.
        let first = hunk.iter().find(|change| change.sign != '-').map_or(1, |change| change.number);
        lines.push((&new, first, format!("@@ line {first} @@")));
        for Change { number, sign, line } in hunk {
            lines.push((if *sign == '-' { &old } else { &new }, *number, format!("{sign}{line}")));
        }
    }
    for file in [&old, &new] {
        sound(file, lines.iter().filter(|(path, ..)| *path == file).map(|(_, number, line)| (*number, line.as_str())))?;
    }
    let lines: Vec<&str> = lines.iter().map(|(.., line)| line.as_str()).collect();
    let words = format!("from {} to {}", linked(project, page, &old, None), linked(project, page, &new, None));
    Ok(caption(&words) + &fence("diff", &lines))
}

/// A whole chapter, its lines numbered. The numbers are attributes that the style sheet shows: they are not copied with
/// the code, and every line can be linked to.
fn listing(project: &Project, name: &str) -> Result<String, String> {
    let path = chapter_file(name);
    let file = read(project, &path)?;
    let excerpt = Excerpt::whole(&file);
    shown(&path, &excerpt)?;
    let mut html = caption(&format!("{path}, {} lines", excerpt.lines.len()));
    html.push_str("<pre class=\"numbered\"><code class=\"language-rust ignore\">");
    for (index, line) in excerpt.lines.iter().enumerate() {
        let number = index + 1;
        // Writing to a String does not fail.
        let _ = writeln!(html, "<span id=\"L{number}\" data-line=\"{number}\">{}", escape(line));
        // The newline belongs to the line, or an empty line could not be pointed at.
        html.push_str("</span>");
    }
    html.push_str("</code></pre>");
    Ok(html)
}

/// A recorded run to go through, with the program that made its calls.
fn steps(
    project: &Project,
    page: &str,
    name: &str,
    texts: Option<(&str, &str)>,
    options: &[(String, String)],
) -> Result<String, String> {
    let snapshot = Snapshot::read(project, name)?;
    let part = Part::of(&snapshot.path, &snapshot.printed(), texts)?;
    let fault = |what: String| format!("{}: {what}", snapshot.path);
    let program = part.program().filter(|program| project.chapter(program).is_some());
    let program = program.ok_or_else(|| fault("it does not begin with the command that runs a chapter".to_string()))?;
    let path = chapter_file(program);
    let file = read(project, &path)?;
    let code = figure::called(&part, &Excerpt::whole(&file)).map_err(fault)?;
    shown(&path, &code)?;
    let place = linked(project, page, &path, Some(code.first));
    let caption = format!("<p class=\"listing\">{place}, lines {} to {}</p>", code.first, code.last());
    let question = Question::of(options)?;
    let chapter = program.split('-').next().unwrap_or(program);
    figure::html(&part, &code, &caption, chapter, question.as_ref()).map_err(fault)
}

/// The text of a file, or an error that names it.
fn read(project: &Project, path: &str) -> Result<String, String> {
    project.read(path).map_err(|error| format!("{path}: {error}"))
}

/// Checks what a block shows of a file: there is something to see, and each line is sound.
fn shown(path: &str, excerpt: &Excerpt) -> Result<(), String> {
    match excerpt.lines.iter().all(|line| line.trim().is_empty()) {
        true => Err(format!("{path} has nothing to show")),
        false => sound(path, excerpt.numbered()),
    }
}

/// Checks lines of a file, each with its number: none is too wide, and none is what mdBook, which comes after us, would
/// take for one of its directives.
fn sound<'a>(path: &str, lines: impl Iterator<Item = (usize, &'a str)> + Clone) -> Result<(), String> {
    for (number, line) in lines.clone() {
        if line.match_indices("{{").any(|(at, _)| line[at + 2..].trim_start().starts_with('#')) {
            return Err(format!("{path}, line {number}: mdBook would take the `{{{{#` in it for a directive"));
        }
    }
    width::check(path, lines)
}

fn caption(html: &str) -> String {
    format!("<p class=\"listing\">{html}</p>\n\n")
}

/// A file's path as a link to its listing, at a line, when it has one.
fn linked(project: &Project, page: &str, path: &str, line: Option<usize>) -> String {
    let name = path.strip_prefix("chapters/").and_then(|file| file.strip_suffix(".rs"));
    match name.map(listing_page) {
        Some(listing) if project.has(&format!("{PAGES}/{listing}")) => {
            let up = "../".repeat(page.matches('/').count());
            let target = listing.replace(".md", ".html");
            let fragment = line.map(|line| format!("#L{line}")).unwrap_or_default();
            format!("<a href=\"{up}{target}{fragment}\">{path}</a>")
        }
        _ => escape(path),
    }
}

#[cfg(test)]
pub mod tests;
