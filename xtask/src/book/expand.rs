//! Puts blocks in the place of the directives of a page.

use super::blocks::block::{Block, Page};
use super::blocks::evidence::{evidence, id};
use super::blocks::read;
use super::checks::{includes, width};
use super::directive::{Directive, MDBOOKS, directives};
use super::markdown::{code_lines, code_ranges, line_of};
use crate::source::faults::Fault;
use crate::source::project::{PAGES, Project};
use std::collections::BTreeMap;

/// Expands the directives of a page, its path given from book/src. A directive at fault is left out.
pub fn expand(project: &Project, page: &str, text: &str, faults: &mut Vec<Fault>) -> String {
    let place = format!("{PAGES}/{page}");
    let wide = code_lines(text).into_iter().filter_map(|(line, code)| Some((line, width::fault(&code)?)));
    faults.extend(wide.map(|(line, what)| Fault::at(&place, line, what)));

    let found = found(project, page, text);
    let ids = ids(project, page, text, &found);
    let mut expanded = String::with_capacity(text.len());
    let mut copied = 0;
    for (directive, block) in found {
        let (start, end) = (directive.range.start, directive.range.end);
        let (line_start, line_end) = line_around(text, &directive);
        let block = match block {
            Ok(None) => continue,
            Ok(Some(block)) => {
                let page = Page { project, path: page, id: ids.get(&start).cloned(), read };
                block.draw(&page)
            }
            Err(message) => Err(message),
        };
        match block {
            Ok(block) => {
                let before = &text[line_start..start];
                expanded.push_str(&text[copied..line_start]);
                // The blank lines end a paragraph, or an HTML tag such as <details>: right after one, Markdown would
                // take a fence to be HTML.
                for line in ["", &block, ""].iter().flat_map(|part| part.split('\n')) {
                    expanded.push_str(if line.is_empty() { before.trim_end() } else { before });
                    expanded.push_str(line);
                    expanded.push('\n');
                }
                copied = line_end;
            }
            Err(message) => {
                faults.push(Fault::at(&place, line_of(text, start), format!("{}: {message}", directive.text)));
                expanded.push_str(&text[copied..start]);
                copied = end;
            }
        }
    }
    expanded.push_str(&text[copied..]);
    expanded
}

/// A directive, and the block that was read from it: none for one of mdBook's, which stays as it is.
type Found<'a> = (Directive<'a>, Result<Option<Box<dyn Block>>, String>);

/// The directives of a page, each read, once.
fn found<'a>(project: &Project, page: &str, text: &'a str) -> Vec<Found<'a>> {
    let code = code_ranges(text);
    let read = |directive: &Directive| {
        let (line_start, line_end) = line_around(text, directive);
        let (before, after) = (&text[line_start..directive.range.start], &text[directive.range.end..line_end]);
        if !directive.closed {
            Err("its braces do not close on the same line".to_string())
        } else if code.iter().any(|range| range.contains(&directive.range.start)) {
            // An include would put there what no one has checked.
            Err("it is inside code; {{#code PATH}} shows a file, a backslash before it leaves it as it is".to_string())
        } else if MDBOOKS.contains(&directive.name) {
            includes::check(project, page, directive).map(|()| None)
        } else if !before.chars().all(|c| " \t>".contains(c)) || !after.trim().is_empty() {
            Err("it must be alone on its line".to_string())
        } else {
            read(directive).map(Some)
        }
    };
    directives(text)
        .into_iter()
        .map(|directive| {
            let block = read(&directive);
            (directive, block)
        })
        .collect()
}

/// Where the line of a directive begins and ends.
fn line_around(text: &str, directive: &Directive) -> (usize, usize) {
    let (start, end) = (directive.range.start, directive.range.end);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    (line_start, text[end..].find('\n').map_or(text.len(), |newline| end + newline))
}

/// The `id` of each block that is evidence, by where its directive begins.
fn ids(project: &Project, page: &str, text: &str, found: &[Found]) -> BTreeMap<usize, String> {
    let Some(chapter) = page.strip_suffix(".md").and_then(|name| project.chapter(name)) else {
        return BTreeMap::new();
    };
    let shown = found.iter().filter_map(|(directive, block)| {
        let name = block.as_ref().ok()?.as_ref()?.snapshot()?;
        Some((directive.range.start, name.to_string()))
    });
    let evidence = evidence(project, chapter, text, &shown.collect::<Vec<_>>());
    evidence.into_iter().map(|(probe, start)| (start, id(probe))).collect()
}

#[cfg(test)]
mod tests;
