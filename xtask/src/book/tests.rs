//! A whole book: what is built, and everything that is wrong with it.

use crate::book;
use crate::source::project::Project;
use crate::tiny::Tiny;
use std::fs;

fn faults(text: &str) -> Vec<String> {
    Tiny::saying(text).faults()
}

#[test]
fn a_sound_book_passes() {
    let tiny = Tiny::new();
    assert_eq!(book::build(tiny.project(), &[]).unwrap(), tiny.path("book/book"));
    assert!(tiny.read("book/book/index.html").contains("<h1 id=\"welcome\">"));
}

#[test]
fn all_faults_are_told_together() {
    let tiny =
        Tiny::saying("{{#snapshot none}} {{#include none.txt}}\n\n`--probe stays` [x](y.md) <img src=\"https://z/\">");
    tiny.write("book/src/extra.md", "# Extra\n");
    let faults = tiny.faults();
    let kinds = ["extra.md", "stays", "{{#snapshot none}}", "{{#include none.txt}}", "y.html", "https://z/"];
    for kind in kinds {
        assert_eq!(faults.iter().filter(|fault| fault.contains(kind)).count(), 1, "{kind}: {faults:#?}");
    }
    assert_eq!(faults.len(), kinds.len(), "{faults:#?}");
}

#[test]
fn a_directive_that_was_left() {
    let tiny = Tiny::saying("{{#include part.txt:2:}}");
    // A directive over two lines is none to us, and none to mdBook, which does not know this one.
    tiny.write("book/src/part.txt", "\\{{#escaped\nx\n");
    assert_eq!(tiny.faults(), [""; 0]);
    tiny.write("book/src/part.txt", "x\n\\{{#escaped\n");
    assert_eq!(tiny.faults(), ["book/src/02-shut.md: a directive is left in the built page: <p>{{#escaped</p>"]);
}

#[test]
fn what_mdbook_logs() {
    let tiny = Tiny::new();
    tiny.append("book/book.toml", "[output.html]\nno-such-key = true\n");
    let faults = tiny.faults();
    assert!(faults[0].starts_with("mdbook: ") && faults[0].contains("no-such-key"), "{faults:?}");
    assert_eq!(self::faults("<div>"), ["mdbook: unclosed HTML tag `<div>` found in `02-shut.md`"]);
}

#[test]
fn a_book_that_mdbook_cannot_build() {
    let tiny = Tiny::new();
    tiny.write("book/book.toml", "[book]\ntitel = \"x\"\n");
    let faults = tiny.faults();
    assert!(faults.len() == 1 && faults[0].starts_with("mdbook: ") && faults[0].contains("titel"), "{faults:?}");
}

#[test]
fn a_book_without_the_preprocessor() {
    let tiny = Tiny::new();
    tiny.write("book/book.toml", "[preprocessor.close-call]\ncommand = \"false\"\n");
    assert_eq!(
        tiny.faults(),
        [
            "book/book.toml: [preprocessor.close-call] with before = [\"links\"] is missing; `links` hides what is not there"
        ]
    );
}

/// The limit that the look of all pages was given.
#[test]
fn the_style_sheets_are_small() {
    let project = Project::here();
    let sheets = project.files("book/theme").into_iter().filter(|file| file.ends_with(".css"));
    let size: u64 = sheets.map(|file| fs::metadata(project.root.join("book/theme").join(file)).unwrap().len()).sum();
    assert!(size <= 24 * 1024, "{size} bytes, where 24 KB are allowed");
}
