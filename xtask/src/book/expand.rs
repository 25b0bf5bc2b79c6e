//! Puts blocks in the place of the directives of a page.

use crate::book::blocks::block;
use crate::book::blocks::evidence;
use crate::book::checks::includes;
use crate::book::checks::width;
use crate::book::directive::{MDBOOKS, directives};
use crate::book::markdown::{code_lines, code_ranges, line_of};
use crate::source::faults::Fault;
use crate::source::project::{PAGES, Project};
use std::ops::Range;

/// Expands the directives of a page, its path given from book/src. A directive at fault is left out.
pub fn expand(project: &Project, page: &str, text: &str, faults: &mut Vec<Fault>) -> String {
    let place = format!("{PAGES}/{page}");
    let wide = code_lines(text).into_iter().filter_map(|(line, code)| Some((line, width::fault(&code)?)));
    faults.extend(wide.map(|(line, what)| Fault::at(&place, line, what)));

    let code = code_ranges(text);
    let chapter = page.strip_suffix(".md").and_then(|name| project.chapter(name));
    let evidence = chapter.map(|chapter| evidence::evidence(project, chapter, text)).unwrap_or_default();
    let mut expanded = String::with_capacity(text.len());
    let mut copied = 0;
    for directive in directives(text) {
        let Range { start, end } = directive.range;
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
        let (before, after) = (&text[line_start..start], &text[end..line_end]);

        let outcome = if !directive.closed {
            Err("its braces do not close on the same line".to_string())
        } else if code.iter().any(|range| range.contains(&start)) {
            // An include would put there what no one has checked.
            Err("it is inside code; {{#code PATH}} shows a file, a backslash before it leaves it as it is".to_string())
        } else if MDBOOKS.contains(&directive.name) {
            match includes::check(project, page, &directive) {
                Ok(()) => continue,
                Err(message) => Err(message),
            }
        } else if !before.chars().all(|c| " \t>".contains(c)) || !after.trim().is_empty() {
            Err("it must be alone on its line".to_string())
        } else {
            let probe = evidence.iter().find(|(_, at)| **at == start).map(|(probe, _)| evidence::id(probe));
            block(project, page, &directive, probe.as_deref())
        };
        match outcome {
            Ok(block) => {
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
