//! A script, read. A line is `WHO DOES`, or several of these with commas between them, `all in one pass`; or
//! `in one pass:`, and lines below it that are further in. What follows a `#` is a comment.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::sense::Client;
use super::{Deed, PHRASES, Script, Turn};
use crate::probe::escapes;

/// The most messages that one turn sends.
const MANY: usize = 100_000;

/// What in a script is no client: a trace calls others so.
const OTHERS: [&str; 3] = ["server", "story", "all"];

/// The scripts in a file, or in a folder, where each is a file whose name ends with `.probe`; each with its text. Fails with
/// what is wrong, and what would be right.
pub fn scripts(path: &Path) -> Result<Vec<(Script, String)>, String> {
    let named = |error| format!("{}: {error}", path.display());
    let mut files = vec![path.to_path_buf()];
    if path.is_dir() {
        let entries = fs::read_dir(path).map_err(named)?.flatten().map(|entry| entry.path());
        files = entries.filter(|file| file.extension().is_some_and(|end| end == "probe")).collect();
        files.sort();
    }
    if files.is_empty() {
        return Err(format!("{}: no script is in it; a script's name ends with .probe", path.display()));
    }
    let read = |file: &std::path::PathBuf| {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok((Script::read(file, &text)?, text))
    };
    files.iter().map(read).collect()
}

impl Script {
    /// Reads a script from a file of that name. Fails with the file, the line, what is wrong, and what would be right.
    pub fn read(file: &Path, text: &str) -> Result<Script, String> {
        let text = text.trim_start_matches('\u{feff}');
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let (name, what) = header(text).unwrap_or((&stem, ""));
        let (mut turns, mut clients) = (Vec::<Turn>::new(), HashMap::<&str, Client>::new());
        // How far in the last `in one pass:` is, and how many turns come before it; the lines of those without a turn.
        let (mut block, mut empty) = (None, Vec::new());
        for (number, line) in (1..).zip(text.lines()) {
            let at = |why| format!("{}:{number}: {why}", file.display());
            let items = items(line).ok_or_else(|| at("a text has no end; it ends with a \"".into()))?;
            if items == [""] {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            block = block.filter(|(margin, _)| indent > *margin);
            if items == ["in one pass:"] {
                block = Some((indent, turns.len()));
                empty.push(number);
                continue;
            }
            let (items, pass) = match &items[..] {
                [items @ .., "all in one pass"] => (items, true),
                items => (items, block.is_some()),
            };
            if items.len() > 1 && !pass {
                // The last one may be what was meant for the end.
                let meant =
                    |item: &&str| !["in one pass", "in a pass", "all in a pass", "in the same pass"].contains(item);
                let right = items.iter().copied().filter(meant).collect::<Vec<_>>().join(", ");
                return Err(at(format!("is this one pass? Write `{right}, all in one pass`, or a line for each")));
            }
            for (place, item) in items.iter().enumerate() {
                let (who, deed) = turn(item).map_err(at)?;
                clients.entry(who).or_default().take(who, &deed, pass).map_err(at)?;
                let first = block.map_or(place == 0, |(_, before)| before == turns.len());
                if first && block.is_some() {
                    empty.pop();
                }
                turns.push(Turn { who: who.into(), deed, together: !first });
            }
        }
        let last = text.lines().count().max(1);
        let (number, why) = match empty.first() {
            Some(number) => (*number, "nothing is below `in one pass:`; write what is in it further in"),
            None if turns.is_empty() => (last, "no client does anything; a line would be `alice connects`"),
            None => return Ok(Script { name: name.into(), what: what.into(), turns }),
        };
        Err(format!("{}:{number}: {why}", file.display()))
    }
}

/// The name and what is said of it: a first line `# name: what it is`.
fn header(text: &str) -> Option<(&str, &str)> {
    let (name, what) = text.lines().next()?.strip_prefix('#')?.split_once(':')?;
    is_name(name.trim()).then_some((name.trim(), what.trim()))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// What is between the commas of a line, without its comment; nothing, if a text in quotes has no end. A comma between two
/// digits is part of a number.
fn items(line: &str) -> Option<Vec<&str>> {
    let (mut items, mut from, mut end) = (Vec::new(), 0, line.len());
    let (mut quoted, mut escaped) = (false, false);
    let digit = |at: usize| line.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '#' if !quoted => {
                end = at;
                break;
            }
            ',' if digit(at.wrapping_sub(1)) && digit(at + 1) => {}
            ',' if !quoted => {
                items.push(line[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    items.push(line[from..end].trim());
    (!quoted).then_some(items)
}

/// A client, and what it does or is promised.
fn turn(item: &str) -> Result<(&str, Deed), String> {
    let (who, words) = item.split_once(char::is_whitespace).map_or((item, ""), |(who, words)| (who, words.trim()));
    let is_verb =
        |words: &str| PHRASES.iter().any(|(_, phrase, _)| phrase.split(' ').next() == words.split(' ').next());
    match item {
        "" => Err("something is missing beside a comma; between two of them is `alice sends`".into()),
        "in one pass" => Err("a colon is missing; write `in one pass:`, and what is in it below, further in".into()),
        _ if is_verb(who) && !is_verb(words) => Err(format!("a client is missing; one would be `alice {item}`")),
        _ if !is_name(who) || OTHERS.contains(&who) => {
            Err(format!("{who:?} is no client; a client is a name of letters, digits and hyphens, such as alice"))
        }
        _ if words.is_empty() => Err(format!("{who} does nothing; a line would be `{who} sends`")),
        _ => Ok((who, deed(who, words)?)),
    }
}

/// What a client does or is promised.
fn deed(who: &str, words: &str) -> Result<Deed, String> {
    let plain = words.split_whitespace().collect::<Vec<_>>().join(" ");
    // A transcript says from where; the kernel chooses that.
    let known = if plain.starts_with("connects from ") { "connects" } else { &plain };
    if let Some((deed, ..)) = PHRASES.iter().find(|(_, words, others)| *words == known || others.contains(&known)) {
        return Ok(deed.clone());
    }
    if let Some((verb @ ("sends " | "gets "), rest)) = words.split_once('"') {
        let text = rest.strip_suffix('"').filter(|text| !text.replace("\\\\", "").replace("\\\"", "").contains('"'));
        let text = text.ok_or_else(|| format!("something follows the text of `{who} {words}`; nothing may"))?;
        let bytes = escapes::bytes(&text.replace("\\\"", "\\x22"));
        let bytes = bytes.map_err(|escape| format!(r#"{escape} is no escape; there are \r \n \t \\ \" \0 \xNN"#))?;
        return match verb {
            _ if bytes.is_empty() => Err("the text is empty; between the quotes is at least one byte".into()),
            "sends " => Ok(Deed::SendsText(bytes)),
            _ => Ok(Deed::GetsText(bytes)),
        };
    }
    if let Some(number) = plain.strip_prefix("sends ").and_then(|rest| rest.strip_suffix(" messages")) {
        let wrong = || format!("{number} is no number of messages; one would be 1000, and the largest is {MANY}");
        let many = number.replace(',', "").parse().ok().filter(|many| (1..=MANY).contains(many));
        return many.map(Deed::SendsMany).ok_or_else(wrong);
    }
    let all = PHRASES.iter().map(|(_, words, _)| *words);
    let all = all.chain(["sends \"TEXT\"", "sends 1000 messages", "gets \"TEXT\""]);
    // What begins like the first word, or else all.
    let start = plain.get(..3).unwrap_or(&plain);
    let (near, others): (Vec<&str>, Vec<&str>) = all.partition(|words| words.starts_with(start));
    let right = if near.is_empty() { others } else { near }.join(", ");
    Err(format!("`{who} {plain}` is nothing that a client does or is promised; there is: {right}"))
}
