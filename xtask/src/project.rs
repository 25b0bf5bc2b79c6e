//! What is built and checked, and how a fault in it is told.

use mdbook_markdown::{MarkdownOptions, new_cmark_parser, pulldown_cmark::Parser};
use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The pages' folder, from the project's root.
pub const PAGES: &str = "book/src";

/// A project: where it lies, and the names that its pages may use.
pub struct Project {
    /// The folder with `Cargo.toml`, `chapters/` and `book/`.
    pub root: PathBuf,
    /// The chapters' names, such as `04-use-after-close`.
    pub chapters: Vec<String>,
    /// The probes' names, such as `leaves`.
    pub probes: Vec<String>,
}

impl Project {
    /// This project. The one place that reads close-call's own lists.
    pub fn here() -> Project {
        // Cargo says at run time where the package is. What it was at compile time may be another copy of the project
        // with the same target folder; it serves when the program is started without cargo.
        let xtask = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let xtask = Path::new(&xtask);
        Project {
            root: xtask.parent().unwrap_or(xtask).to_path_buf(),
            chapters: close_call::command::ladder::CHAPTERS.iter().map(|chapter| chapter.name.to_string()).collect(),
            probes: close_call::probe::probes::PROBES
                .iter()
                .chain([&close_call::command::slow_reader::SLOW_READER])
                .map(|probe| probe.name.to_string())
                .collect(),
        }
    }

    /// The text of a file, its path given from the project's root. The error does not repeat the path.
    pub fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.root.join(path)).map_err(|error| error.to_string())
    }

    /// Whether the project has this file.
    pub fn has(&self, path: &str) -> bool {
        self.root.join(path).is_file()
    }

    /// Every file under a folder, in order; paths from that folder, with `/`. No folder, no files.
    pub fn files(&self, folder: &str) -> Vec<String> {
        files_under(&self.root.join(folder))
    }
}

/// Every file under a folder, in order; paths from that folder, with `/`. No folder, no files.
pub fn files_under(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => open.push((entry.path(), format!("{name}/"))),
                false => found.push(name),
            }
        }
    }
    found.sort();
    found
}

/// Something that is wrong with the book: where, and what. Always one line.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    place: String,
    what: String,
}

impl Fault {
    /// A fault of a whole file.
    pub fn of(place: impl Into<String>, what: impl Into<String>) -> Fault {
        Fault { place: place.into(), what: what.into() }
    }

    /// A fault at a line of a file.
    pub fn at(place: &str, line: usize, what: impl Into<String>) -> Fault {
        Fault::of(format!("{place}:{line}"), what)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.what.split_whitespace().collect();
        write!(f, "{}: {}", self.place, words.join(" "))
    }
}

/// The number of the line that holds this byte, from one.
pub fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// A page as mdBook reads it.
pub fn markdown(text: &str) -> Parser<'_> {
    new_cmark_parser(text, &MarkdownOptions::default())
}
