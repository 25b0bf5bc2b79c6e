//! mdBook's own directives: whether what they include is there.
//!
//! mdBook itself logs a missing file, and says nothing at all about a missing anchor or a line beyond the end of the
//! file: the block is then empty.

use crate::book::directive::{Directive, MDBOOKS, directives};
use crate::source::project::{PAGES, Project};
use std::fs;
use std::path::{Path, PathBuf};

/// Checks one directive of a page, its path given from book/src.
pub fn check(project: &Project, page: &str, directive: &Directive) -> Result<(), String> {
    let page = project.root.join(PAGES).join(page);
    check_in(page.parent().unwrap_or(&page), directive, 0)
}

fn check_in(folder: &Path, directive: &Directive, depth: usize) -> Result<(), String> {
    if directive.name == "title" {
        return Ok(());
    }
    if depth > 10 {
        return Err("it includes itself".to_string());
    }
    let target = directive.rest.split_whitespace().next().ok_or("it names no file")?;
    let (file, part) = match target.split_once(':') {
        Some((file, part)) if directive.name.ends_with("include") => (file, part),
        _ => (target, ""),
    };
    let path: PathBuf = folder.join(file);
    let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
    check_part(file, part, &text)?;

    // mdBook expands what it includes, too.
    for nested in directives(&text) {
        let inside = |message: String| format!("in {file}, {}: {message}", nested.text);
        if !MDBOOKS.contains(&nested.name) {
            return Err(inside("only mdBook's own directives work in a file that is included".to_string()));
        }
        check_in(path.parent().unwrap_or(folder), &nested, depth + 1).map_err(inside)?;
    }
    Ok(())
}

/// Checks what follows the file's name: nothing, an anchor, or lines as mdBook reads them.
fn check_part(file: &str, part: &str, text: &str) -> Result<(), String> {
    let mut parts = part.split(':');
    let (first, last) = (parts.next().unwrap_or(""), parts.next());
    let count = text.lines().count();
    match (first.parse::<usize>(), last.map(str::parse::<usize>)) {
        (Err(_), _) if !first.is_empty() => {
            for mark in ["ANCHOR:", "ANCHOR_END:"] {
                if !text.lines().any(|line| anchor(line, mark) == Some(first)) {
                    return Err(format!("{file} has no `{mark} {first}`"));
                }
            }
        }
        (Ok(line), _) | (Err(_), Some(Ok(line))) if line == 0 || line > count => {
            return Err(format!("{file} has no line {line}; it has {count}"));
        }
        (Ok(line), Some(Ok(last))) if last < line || last > count => {
            return Err(format!("{file} has no lines {line} to {last}; it has {count}"));
        }
        _ => {}
    }
    Ok(())
}

/// The name after a mark, as mdBook reads it.
fn anchor<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let name = line.split_once(mark)?.1.trim_start();
    let length = name.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(name.len());
    Some(&name[..length])
}

#[cfg(test)]
mod tests;
