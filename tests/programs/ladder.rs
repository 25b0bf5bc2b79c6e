//! The chapters are listed once, in src/command/ladder.rs. Whatever else lists them is held to it, and written from it by
//! `LADDER_UPDATE=1 cargo test --test programs ladder`.

use std::env;
use std::fs;
use std::path::Path;

use close_call::command::ladder::{CHAPTERS, Chapter, is_numbered};

/// The lines of Cargo.toml between which the chapters' programs are, and the programs that the book shows beside them.
const PROGRAMS: (&str, &str) = ("# The chapters, as src/command/ladder.rs has them.\n", "# The exercises of the book");
const EXAMPLES: (&str, &str) =
    ("# The exercises of the book, solved, and what is naive. The tests build them.\n", "# Servers");

/// The line of SUMMARY.md after which the listings are.
const LISTINGS: (&str, &str) = ("# Listings\n", "- [client.rs]");

/// The lines of the style sheet between which the pages on the path are marked in the sidebar.
const PATH: (&str, &str) = ("/* The path, as src/command/ladder.rs has it. */\n", "/* The end of the path. */");

/// A text with the part between two others put anew.
fn between(text: &str, (from, to): (&str, &str), part: &str) -> String {
    let (before, rest) = text.split_once(from).unwrap_or_else(|| panic!("there is no line {from:?}"));
    let at = rest.find(to).unwrap_or_else(|| panic!("after {from:?} comes no line {to:?}"));
    format!("{before}{from}\n{part}{}", &rest[at..])
}

fn required(chapter: &Chapter) -> String {
    let feature = chapter.feature.as_ref();
    feature.map_or(String::new(), |feature| format!("required-features = [\"{}\"]\n", feature.name))
}

fn programs() -> String {
    let program = |chapter: &Chapter| {
        let (name, required) = (chapter.name, required(chapter));
        format!("[[bin]]\nname = \"{name}\"\npath = \"chapters/{name}.rs\"\n{required}test = false\n\n")
    };
    CHAPTERS.iter().map(program).collect()
}

/// The names of a folder's programs, `NN-name` of each `NN-name.rs`, in order.
fn numbered(folder: &str) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let names = files.filter_map(|file| Some(file.strip_suffix(".rs")?.to_string()));
    let mut names: Vec<String> = names.filter(|name| is_numbered(name)).collect();
    names.sort();
    names
}

fn examples() -> String {
    let mut examples = String::new();
    let (naive, solutions) = (numbered("tests/naive"), numbered("tests/solutions"));
    for chapter in CHAPTERS {
        let number = &chapter.name[..3];
        for (kind, folder, names) in [("naive", "naive", &naive), ("solution", "solutions", &solutions)] {
            for name in names.iter().filter(|name| name.starts_with(number)) {
                let required = required(chapter);
                examples += &format!(
                    "[[example]]\nname = \"{kind}-{name}\"\npath = \"tests/{folder}/{name}.rs\"\n{required}\n"
                );
            }
        }
    }
    examples
}

/// A stop in the sidebar for each page on the path, and the line that leads through them to the last.
fn path() -> String {
    let chapters = CHAPTERS.iter().filter(|chapter| chapter.on_path).map(|chapter| chapter.name);
    let pages: Vec<String> =
        ["introduction"].into_iter().chain(chapters).map(|name| format!("[href$=\"{name}.html\"]")).collect();
    let last = format!("{}:not([href*=\"listings/\"])", pages.last().unwrap());
    format!(
        ".chapter a:is(\n    {}\n)::before {{ content: \"\"; content: \"\" / \"on the path: \"; }}\n\
         .chapter > li:has(\n    ~ li {last},\n    {last}\n)::before {{ content: \"\"; }}\n\
         .chapter > li:has({last})::before {{ inset-block-end: auto; height: 1rem; }}\n",
        pages.join(",\n    ")
    )
}

/// Every file that lists the chapters, with what should be in it.
fn files() -> Vec<(String, String)> {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let manifest = between(&between(&manifest, PROGRAMS, &programs()), EXAMPLES, &examples());
    let summary = fs::read_to_string("book/src/SUMMARY.md").unwrap();
    let listings = CHAPTERS.iter().map(|chapter| format!("- [{0}.rs](listings/{0}.md)\n", chapter.name));
    let summary = between(&summary, LISTINGS, &listings.collect::<String>());
    let style = fs::read_to_string("book/theme/close-call.css").unwrap();
    let style = between(&style, PATH, &path());
    let mut files = vec![
        ("Cargo.toml".to_string(), manifest),
        ("book/src/SUMMARY.md".to_string(), summary),
        ("book/theme/close-call.css".to_string(), style),
    ];
    for Chapter { name, .. } in CHAPTERS {
        let listing = format!("# {name}.rs\n\n{{{{#listing {name}}}}}\n");
        files.push((format!("book/src/listings/{name}.md"), listing));
    }
    files
}

#[test]
fn whatever_lists_the_chapters_is_as_the_ladder_has_it() {
    for (file, wanted) in files() {
        let found = fs::read_to_string(&file).unwrap_or_default();
        if found == wanted {
            continue;
        }
        if env::var_os("LADDER_UPDATE").is_some() {
            fs::write(&file, wanted).unwrap();
            continue;
        }
        let missing: Vec<&str> = wanted.lines().filter(|line| !found.lines().any(|other| other == *line)).collect();
        let more: Vec<&str> = found.lines().filter(|line| !wanted.lines().any(|other| other == *line)).collect();
        panic!(
            "{file} is not as src/command/ladder.rs has it.\nmissing: {missing:#?}\ntoo much: {more:#?}\n\
             `LADDER_UPDATE=1 cargo test --test programs ladder` writes it."
        );
    }
}

#[test]
fn every_chapter_has_a_program_and_a_page_and_every_program_a_chapter() {
    let summary = fs::read_to_string("book/src/SUMMARY.md").unwrap();
    let names: Vec<&str> = CHAPTERS.iter().map(|chapter| chapter.name).collect();
    assert_eq!(numbered("chapters"), names, "chapters/ and src/command/ladder.rs");
    let mut place = 0;
    for name in names {
        let page = format!("book/src/{name}.md");
        assert!(Path::new(&page).exists(), "write {page}, the page of the chapter");
        let link = format!("]({name}.md)");
        let at = summary.find(&link);
        let at =
            at.unwrap_or_else(|| panic!("write `- [TITLE{link}` in book/src/SUMMARY.md, after the chapter before"));
        assert!(at > place, "{name}.md is before the chapter before in book/src/SUMMARY.md");
        place = at;
    }
}

#[test]
fn a_feature_is_that_of_its_library() {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    for feature in CHAPTERS.iter().filter_map(|chapter| chapter.feature.as_ref()) {
        let line = format!("\n{0} = [\"dep:{0}\"]\n", feature.name);
        assert!(manifest.contains(&line), "write in Cargo.toml, under [features]: {}", line.trim());
    }
}

#[test]
fn the_part_between_two_texts_is_put_anew() {
    assert_eq!(between("a\n# x\n\nold\n# y\nb\n", ("# x\n", "# y"), "new\n"), "a\n# x\n\nnew\n# y\nb\n");
}
