//! What is built and checked: where its files are, and the names that its pages may use.

use close_call::command::chapter_probes::CHAPTER_PROBES;
use close_call::probe::probes::HAMMER;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// The pages' folder, from the project's root.
pub const PAGES: &str = "book/src";

/// The file of a chapter's program, from the project's root.
pub fn chapter_file(chapter: &str) -> String {
    format!("chapters/{chapter}.rs")
}

/// The page that shows a whole chapter, from book/src.
pub fn listing_page(chapter: &str) -> String {
    format!("listings/{chapter}.md")
}

/// A chapter.
pub struct Chapter {
    /// Such as `04-use-after-close`.
    pub name: String,
    /// The probe of its own story; `None` when it is no server.
    pub story: Option<String>,
}

/// A probe of the scoreboard.
pub struct Probe {
    /// Such as `leaves`.
    pub name: String,
    /// The page that explains it, from book/src, without `.md`.
    pub page: String,
}

/// A project: where it is, and the names that its pages may use.
pub struct Project {
    /// The folder with `Cargo.toml`, `chapters/` and `book/`.
    pub root: PathBuf,
    /// Where cargo builds, and where what is fetched goes.
    pub target: PathBuf,
    /// The chapters, in their order.
    pub chapters: Vec<Chapter>,
    /// The probes of the scoreboard, in its order.
    pub board: Vec<Probe>,
    /// The names of the other probes.
    pub others: Vec<String>,
}

impl Project {
    /// This project. The one place that reads close-call's own lists.
    pub fn here() -> Project {
        // Cargo says at run time where the package is. What it was at compile time may be another copy of the project
        // with the same target folder; it serves when the program is started without cargo.
        let xtask = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let xtask = Path::new(&xtask);
        let root = xtask.parent().unwrap_or(xtask).to_path_buf();
        let chapter = |chapter: &close_call::command::ladder::Chapter| Chapter {
            name: chapter.name.to_string(),
            story: chapter.story.map(str::to_string),
        };
        let probe = |probe: &close_call::probe::probes::Probe| Probe {
            name: probe.name.to_string(),
            page: close_call::command::pages::page_of_probe(probe.name).to_string(),
        };
        Project {
            target: env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from),
            root,
            chapters: close_call::command::ladder::CHAPTERS.iter().map(chapter).collect(),
            board: close_call::probe::probes::PROBES.iter().map(probe).collect(),
            others: CHAPTER_PROBES.iter().chain([&HAMMER]).map(|probe| probe.name.to_string()).collect(),
        }
    }

    /// The chapter of that name.
    pub fn chapter(&self, name: &str) -> Option<&Chapter> {
        self.chapters.iter().find(|chapter| chapter.name == name)
    }

    /// The names of all probes.
    pub fn probes(&self) -> impl Iterator<Item = &str> {
        self.board.iter().map(|probe| &probe.name).chain(&self.others).map(String::as_str)
    }

    /// The text of a file, its path given from the project's root. The error does not repeat the path.
    pub fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.root.join(path)).map_err(|error| error.to_string())
    }

    /// The text of a file, its path given from the project's root. The error names it.
    pub fn text(&self, path: &str) -> Result<String, String> {
        self.read(path).map_err(|error| format!("{path}: {error}"))
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
    let files = WalkDir::new(folder).into_iter().flatten().filter(|entry| !entry.file_type().is_dir());
    let path = |file: DirEntry| Some(file.path().strip_prefix(folder).ok()?.to_string_lossy().into_owned());
    let mut found: Vec<String> = files.filter_map(path).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use crate::tiny::Tiny;

    #[test]
    fn files_are_found_in_order() {
        let tiny = Tiny::new();
        for file in ["c", "a", "b/z", "b/y"] {
            tiny.write(&format!("some/{file}"), "");
        }
        assert_eq!(tiny.project().files("some"), ["a", "b/y", "b/z", "c"]);
        assert_eq!(tiny.project().files("none"), [""; 0]);
    }
}
