//! Where directives are in a text: ours, of which each has a file in `blocks`, and mdBook's own, which stay once
//! `checks::includes` has looked at them.

use std::ops::Range;

/// mdBook's own directives.
pub const MDBOOKS: [&str; 5] = ["include", "rustdoc_include", "playground", "playpen", "title"];

/// A directive as it stands in a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Directive<'a> {
    /// Where, in bytes.
    pub range: Range<usize>,
    /// All of it, with its braces.
    pub text: &'a str,
    /// The word after `{{#`.
    pub name: &'a str,
    /// What follows that word.
    pub rest: &'a str,
    /// False when its line ends before its braces close; then `text` is the rest of the line.
    pub closed: bool,
}

/// Every directive in a text, but for those with a backslash before them.
pub fn directives(text: &str) -> Vec<Directive<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        directives_of_line(line.trim_end(), start, &mut found);
        start += line.len();
    }
    found
}

fn directives_of_line<'a>(line: &'a str, line_start: usize, found: &mut Vec<Directive<'a>>) {
    let mut at = 0;
    while let Some(open) = line[at..].find("{{").map(|offset| at + offset) {
        at = open + 2;
        // mdBook allows spaces before the `#`.
        let Some(body) = line[at..].trim_start().strip_prefix('#') else {
            continue;
        };
        if line[..open].ends_with('\\') {
            // mdBook takes all that follows, up to the last closing braces of the line, to be escaped with it.
            return;
        }
        let body_start = line.len() - body.len();
        let name_length = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
        let (name, rest) = body.split_at(name_length);
        // In mdBook's own a quote means nothing.
        let length = if MDBOOKS.contains(&name) { rest.find("}}") } else { unquoted_end(rest) };
        let end = length.map_or(line.len(), |length| body_start + name_length + length + 2);
        found.push(Directive {
            range: line_start + open..line_start + end,
            text: &line[open..end],
            name,
            rest: rest[..length.unwrap_or(rest.len())].trim(),
            closed: length.is_some(),
        });
        at = end;
    }
}

/// Where the first `}}` outside quotes is.
fn unquoted_end(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (offset, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted && text[offset..].starts_with("}}") => return Some(offset),
            _ => {}
        }
    }
    None
}

/// How often a text has a directive that is to stay as it is.
pub fn escaped(text: &str) -> usize {
    let all = text.matches("{{#").count();
    all - directives(text).iter().filter(|directive| directive.text.starts_with("{{#")).count()
}
