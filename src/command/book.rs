//! What the book shows: the snapshots in the checkout's `tests/snapshots`.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::{ladder, names};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots")
}

/// The name of a story's snapshot: `05-log-before-close-impatient-trace`. `trace` is empty, `trace` or `trace-json`.
pub fn story(chapter: &str, probe: Option<&str>, trace: &str) -> String {
    let words = [Some(chapter), probe, Some(trace).filter(|trace| !trace.is_empty())];
    words.into_iter().flatten().collect::<Vec<_>>().join("-")
}

/// What was printed, in the text of a snapshot's file: what follows insta's front matter, a part between two lines of
/// `---`. `None` where that is missing.
pub fn body(file: &str) -> Option<&str> {
    file.strip_prefix("---\n")?.split_once("\n---\n").map(|(_, body)| body)
}

/// A snapshot's text, without what insta writes before it. Fails, naming the file, where it is not there.
pub fn snapshot(name: &str) -> io::Result<String> {
    let path = folder().join(name).with_extension("snap");
    let file = fs::read_to_string(&path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    body(&file).map(String::from).ok_or_else(|| io::Error::other(format!("{}: not a snapshot", path.display())))
}

/// A snapshot's first line is the command that the reader types, `$ cargo run …`; what follows is what it prints.
pub fn printed(name: &str) -> io::Result<String> {
    let text = snapshot(name)?;
    let printed = text.split_once('\n').map_or("", |(_, printed)| printed);
    Ok(names::stored(printed))
}

/// What the book shows of a chapter: what follows the command that starts it, for each snapshot. Fails where there are
/// no snapshots.
pub fn shown(chapter: &str) -> io::Result<Vec<String>> {
    let folder = folder();
    let files = fs::read_dir(&folder)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;
    let names = files.flatten().filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".snap")?.to_string()));
    let mut names: Vec<String> = names.filter(|name| name.starts_with(chapter)).collect();
    names.sort();
    let Some(command) = ladder::by_name(chapter).map(|chapter| format!("$ {}", chapter.command())) else {
        return Ok(Vec::new());
    };
    let texts = names.iter().filter_map(|name| snapshot(name).ok());
    Ok(texts.filter_map(|text| Some(text.lines().next()?.strip_prefix(&command)?.trim().to_string())).collect())
}
