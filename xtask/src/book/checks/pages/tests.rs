//! Pages, chapters, listings and SUMMARY.md.

use crate::tiny::Tiny;

#[test]
fn a_page_without_a_chapter() {
    let tiny = Tiny::new();
    tiny.write("book/src/03-lost.md", "# Lost\n");
    tiny.append("book/src/SUMMARY.md", "- [Lost](03-lost.md)\n");
    assert_eq!(
        tiny.faults(),
        ["book/src/03-lost.md: there is no chapter 03-lost in close_call::command::ladder::CHAPTERS"]
    );
}

#[test]
fn a_listing_without_a_chapter() {
    let tiny = Tiny::new();
    tiny.write("book/src/listings/03-lost.md", "# Lost\n");
    tiny.append("book/src/SUMMARY.md", "- [Lost](listings/03-lost.md)\n");
    assert_eq!(
        tiny.faults(),
        ["book/src/listings/03-lost.md: there is no chapter 03-lost in close_call::command::ladder::CHAPTERS"]
    );
}

#[test]
fn a_chapter_without_anything() {
    let mut tiny = Tiny::new();
    tiny.chapters.push(("03-lost", None));
    assert_eq!(
        tiny.faults(),
        [
            "book/src/03-lost.md: missing: the page of chapter 03-lost",
            "chapters/03-lost.rs: missing: close_call::command::ladder::CHAPTERS has 03-lost",
            "book/src/listings/03-lost.md: missing: the listing of chapter 03-lost",
        ]
    );
}

#[test]
fn a_program_that_is_no_chapter() {
    let tiny = Tiny::new();
    tiny.write("chapters/03-lost.rs", "fn main() {}\n");
    assert_eq!(tiny.faults(), ["chapters/03-lost.rs: close_call::command::ladder::CHAPTERS does not have 03-lost"]);
}

#[test]
fn a_chapter_with_the_wrong_number() {
    let tiny = Tiny::new();
    tiny.write("book/src/02-shut.md", "# 02. Shut\n\n# 2. Shut\n");
    let summary = tiny.read("book/src/SUMMARY.md");
    tiny.write("book/src/SUMMARY.md", &summary.replace("1. Open", "11. Open"));
    assert_eq!(
        tiny.faults(),
        [
            "book/src/SUMMARY.md: the title `11. Open` of 01-open.md does not begin with `1. `",
            "book/src/02-shut.md: the title `02. Shut` of 02-shut.md does not begin with `2. `",
        ]
    );
}

#[test]
fn a_chapter_without_a_title() {
    let tiny = Tiny::new();
    tiny.write("book/src/02-shut.md", "Shut.\n");
    assert_eq!(tiny.faults(), ["book/src/02-shut.md: it has no title; one that begins with `2. ` is wanted"]);
}

#[test]
fn a_listing_of_another_chapter() {
    let tiny = Tiny::new();
    tiny.write("book/src/listings/01-open.md", "# 01-open\n\n{{#listing 02-shut}}\n");
    assert_eq!(tiny.faults(), ["book/src/listings/01-open.md: does not show {{#listing 01-open}}"]);
}

#[test]
fn a_page_that_the_summary_does_not_list() {
    let tiny = Tiny::new();
    tiny.write("book/src/deep/extra.md", "# Extra\n");
    tiny.write("book/src/404.md", "# Not here\n");
    assert_eq!(tiny.faults(), ["book/src/deep/extra.md: SUMMARY.md does not list it"]);
}

#[test]
fn a_page_that_is_only_in_the_summary() {
    let tiny = Tiny::new();
    tiny.append("book/src/SUMMARY.md", "- [Ghost](ghost.md)\n");
    assert_eq!(tiny.faults(), ["book/src/SUMMARY.md: lists ghost.md, which does not exist"]);
    assert!(!tiny.path("book/src/ghost.md").exists(), "mdBook wrote it");
}

#[test]
fn no_summary() {
    let tiny = Tiny::new();
    tiny.remove("book/src/SUMMARY.md");
    assert_eq!(tiny.faults()[0], "book/src/SUMMARY.md: No such file or directory (os error 2)");
}
