//! The scoreboard as a table.

use crate::tiny::Tiny;

const SOUND: &str = "        01  02\nleaves  .   nr\nrude    CO  .\n\n  . ok  nr no reply  CO ECONNRESET\n";

/// A tiny book that shows a scoreboard.
fn tiny(board: &str) -> Tiny {
    let tiny = Tiny::saying("{{#scoreboard}}");
    tiny.write("tests/snapshots/scoreboard.snap", &format!("---\nsource: x\n---\n{board}"));
    tiny
}

#[test]
fn a_table() {
    let tiny = tiny(SOUND);
    let shown = tiny.shown();
    let (_, table) = shown.split_once("</caption>").unwrap();
    assert_eq!(
        table.replace('\n', ""),
        "<thead><tr><th scope=\"col\">chapter</th>\
         <th scope=\"col\"><span><a href=\"02-shut.html\">leaves</a></span></th>\
         <th scope=\"col\"><span><a href=\"01-open.html\">rude</a></span></th></tr></thead><tbody>\
         <tr><th scope=\"row\"><a href=\"01-open.html\">01-open</a></th>\
         <td class=\"ok\"><a href=\"02-shut.html\" title=\"01-open under leaves\">ok</a></td>\
         <td class=\"fault\"><a href=\"01-open.html\" title=\"01-open under rude\">ECONN<wbr>RESET</a></td></tr>\
         <tr><th scope=\"row\"><a href=\"02-shut.html\">02-shut</a></th>\
         <td class=\"fault\"><a href=\"02-shut.html\" title=\"02-shut under leaves\">no reply</a></td>\
         <td class=\"ok\"><a href=\"01-open.html\" title=\"02-shut under rude\">ok</a></td></tr>\
         </tbody></table></div>"
    );
}

#[test]
fn a_table_on_a_deeper_page() {
    let tiny = tiny(SOUND);
    tiny.append("book/src/listings/01-open.md", "\n{{#scoreboard}}\n");
    assert_eq!(tiny.faults(), [""; 0]);
    assert!(tiny.read("book/book/listings/01-open.html").contains("<a href=\"../02-shut.html\" title=\"01-open under"));
}

/// Where the cell of 02-shut under this probe leads to, when the page of 02-shut has this on it.
fn target(probe: &str, text: &str) -> String {
    let tiny = tiny(SOUND);
    for name in ["02-shut", "02-shut-rude", "02-shut-rude-trace", "02-shut-trace", "02-shut-slow", "02-shut-more"] {
        tiny.write(&format!("tests/snapshots/{name}.snap"), &format!("---\nsource: x\n---\n{name}\n"));
    }
    tiny.append("book/src/02-shut.md", &format!("\n{text}\n"));
    tiny.append("book/src/01-open.md", "\n{{#snapshot 02-shut-rude}}\n");
    let shown = tiny.shown();
    let title = format!("\" title=\"02-shut under {probe}\"");
    shown.split_once(&title).unwrap().0.rsplit_once("href=\"").unwrap().1.to_string()
}

#[test]
fn a_cell_leads_to_what_shows_it() {
    for (probe, text, page) in [
        ("leaves", "", "02-shut.html"),
        ("rude", "", "01-open.html"),
        ("leaves", "{{#snapshot 02-shut}}", "02-shut.html#under-leaves"),
        ("leaves", "{{#snapshot 02-shut-trace from=\"02\" to=\"02\"}}", "02-shut.html#under-leaves"),
        ("rude", "{{#snapshot 02-shut}}", "01-open.html"),
        ("rude", "{{#snapshot 02-shut-rude}}", "02-shut.html#under-rude"),
        ("rude", "{{#snapshot 02-shut-rude-trace}}", "02-shut.html#under-rude"),
        ("rude", "{{#snapshot 02-shut-slow}}\n{{#snapshot 02-shut-more}}", "01-open.html"),
    ] {
        assert_eq!(target(probe, text), page, "{text}");
    }
}

#[test]
fn the_place_that_shows_it_is_marked_once() {
    let tiny = tiny(SOUND);
    tiny.append(
        "book/src/02-shut.md",
        "\n<details>\n\n{{#snapshot 02-shut from=\"alice\" to=\"alice\"}}\n\n</details>\n\n{{#snapshot 02-shut}}\n\n\
         {{#snapshot 02-shut}}\n",
    );
    let shown = tiny.shown();
    let (before, after) = shown.split_once(" id=\"under-leaves\"").unwrap();
    assert!(before.contains("</details>") && !before.contains("<span>listening"), "the first that is not folded");
    assert!(after.contains("class=\"transcript\"") && !after.contains("id=\"under-leaves\""), "only the first");
}

/// What is said of a scoreboard.
fn fault(board: &str) -> String {
    let [fault] = tiny(board).faults().try_into().unwrap();
    fault.strip_prefix("book/src/02-shut.md:5: {{#scoreboard}}: tests/snapshots/scoreboard.snap").unwrap().to_string()
}

#[test]
fn scoreboards_that_are_not_sound() {
    for (from, to, what) in [
        ("CO  .", "CO", ": 1 cells for 02-shut, 2 probes"),
        ("\n\n", "\nmore  .  .\n\n", ": 3 cells for 01-open, 2 probes"),
        ("02", "99", ": there is no server 99 among the chapters"),
        ("01  02", "01", " has no row for 02-shut"),
    ] {
        assert!(SOUND.contains(from));
        assert_eq!(fault(&SOUND.replace(from, to)), what);
    }
    let mut tiny = tiny(SOUND);
    tiny.chapters[1] = ("02-shut", None);
    let fault = &tiny.faults()[0];
    assert!(fault.ends_with("scoreboard.snap: there is no server 02-what-select-says among the chapters"), "{fault}");
}

#[test]
fn no_scoreboard() {
    let tiny = Tiny::saying("{{#scoreboard}}");
    assert_eq!(
        tiny.faults(),
        [
            "book/src/02-shut.md:5: {{#scoreboard}}: tests/snapshots/scoreboard.snap: No such file or directory (os error 2)"
        ]
    );
}
