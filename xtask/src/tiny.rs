//! A tiny book in a temporary directory. It is sound; each test makes one thing wrong and reads what is said of it.

use crate::book;
use crate::book::expand::expand;
use crate::source::project::{Chapter, Probe, Project};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// A project with two chapters, their pages, two probes and a snapshot.
pub struct Tiny {
    pub folder: TempDir,
    /// Each chapter's name and, when it is a server, the probe of its story.
    pub chapters: Vec<(&'static str, Option<&'static str>)>,
}

impl Tiny {
    pub fn new() -> Tiny {
        let chapters = vec![("01-open", Some("leaves")), ("02-shut", Some("leaves"))];
        let tiny = Tiny { folder: TempDir::new().unwrap(), chapters };
        let manifest = "[[bin]]\nname = \"close-call\"\n[[bin]]\nname = \"01-open\"\n[[bin]]\nname = \"02-shut\"\n\
                        [[bin]]\nname = \"big\"\nrequired-features = [\"lib\"]\n[[example]]\nname = \"small\"\n";
        for (path, text) in [
            ("Cargo.toml", manifest),
            ("README.md", "# Tiny\n\nTry `cargo run`.\n"),
            ("chapters/01-open.rs", "//! Opens.\n\nfn main() {\n    let fd = open();\n\n    look(fd);\n}\n"),
            (
                "chapters/02-shut.rs",
                "//! Opens and\n//! shuts.\n\nfn main() {\n    let fd = open();\n\n    look(fd);\n    shut(fd);\n}\n",
            ),
            ("chapters/client.rs", "//! No chapter.\n"),
            ("tests/snapshots/02-shut.snap", "---\nsource: tests/x.rs\n---\nlistening\n  alice: hello\nclosed\n"),
            (
                "book/book.toml",
                "[book]\ntitle = \"Tiny\"\n[preprocessor.close-call]\ncommand = \"false\"\nbefore = [\"links\"]\n",
            ),
            (
                "book/src/SUMMARY.md",
                "# Summary\n\n[Welcome](README.md)\n\n- [1. Open](01-open.md)\n- [2. `Shut`](02-shut.md)\n\n# Listings\n\n\
                 - [01](listings/01-open.md)\n- [02](listings/02-shut.md)\n- [Draft]()\n",
            ),
            ("book/src/README.md", "# Welcome\n\nTo [open](01-open.md#1-open), or [abroad](https://example.org/).\n"),
            ("book/src/01-open.md", "# 1. Open\n\nThe page.\n"),
            ("book/src/02-shut.md", "# 2. Shut\n\nThe page.\n"),
            ("book/src/listings/01-open.md", "# 01-open\n\n{{#listing 01-open}}\n"),
            ("book/src/listings/02-shut.md", "# 02-shut\n\n{{#listing 02-shut}}\n"),
        ] {
            tiny.write(path, text);
        }
        tiny
    }

    /// A tiny book whose page 02-shut.md says something more, from line 4 on.
    pub fn saying(text: &str) -> Tiny {
        let tiny = Tiny::new();
        tiny.append("book/src/02-shut.md", &format!("\n{text}\n"));
        tiny
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn append(&self, path: &str, text: &str) {
        self.write(path, &(self.read(path) + text));
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn project(&self) -> Project {
        let chapter =
            |(name, story): &(&str, Option<&str>)| Chapter { name: name.to_string(), story: story.map(str::to_string) };
        let probe = |(name, page): &(&str, &str)| Probe { name: name.to_string(), page: page.to_string() };
        Project {
            root: self.folder.path().to_path_buf(),
            target: self.path("target"),
            chapters: self.chapters.iter().map(chapter).collect(),
            board: [("leaves", "02-shut"), ("rude", "01-open")].iter().map(probe).collect(),
            others: vec!["slow".to_string()],
        }
    }

    /// Builds the book, and returns what is wrong with it.
    pub fn faults(&self) -> Vec<String> {
        match book::build(self.project(), &crate::subcommands()) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        }
    }

    /// Builds the book, which must be sound, and returns the main part of the page 02-shut.
    pub fn shown(&self) -> String {
        assert_eq!(self.faults(), [""; 0]);
        let html = self.read("book/book/02-shut.html");
        let (_, main) = html.split_once("<p>The page.</p>").unwrap();
        main.split_once("</main>").unwrap().0.trim().to_string()
    }

    /// What a text becomes in a page, its path given from book/src.
    pub fn expanded(&self, page: &str, text: &str) -> String {
        let mut faults = Vec::new();
        let expanded = expand(&self.project(), page, text, &mut faults);
        assert_eq!(faults, []);
        expanded
    }

    /// What is wrong with a directive in line 2 of the page 02-shut.
    pub fn fault(&self, directive: &str) -> String {
        let mut faults = Vec::new();
        let text = format!("first\n{directive}\nlast\n");
        let expanded = expand(&self.project(), "02-shut.md", &text, &mut faults);
        assert!(!expanded.contains(directive), "a directive at fault is left out: {expanded}");
        let [fault] = faults.as_slice() else { panic!("one fault, not {faults:?}") };
        let fault = fault.to_string();
        fault.strip_prefix(&format!("book/src/02-shut.md:2: {directive}: ")).unwrap_or(&fault).to_string()
    }
}

/// What a text becomes in the page 02-shut.
pub fn expanded(text: &str) -> String {
    Tiny::new().expanded("02-shut.md", text)
}

/// What is wrong with a directive.
pub fn fault(directive: &str) -> String {
    Tiny::new().fault(directive)
}
