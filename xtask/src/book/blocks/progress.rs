//! `{{#progress}}`: at the head of a server's page its row of the scoreboard below that of the server before, and in words
//! what has turned; `{{#progress left}}`, at its foot: what still breaks it, by the chapter that cures it. How it breaks is
//! told at the foot alone: at the head the reader has not predicted it yet.

use super::block::{Block, Kind, Page};
use super::scoreboard::{self, Target};
use crate::source::project::{Chapter, Project};
use close_call::command::ladder::number;
use maud::{Markup, html};

pub const KIND: Kind = Kind {
    name: "progress",
    usage: "{{#progress}} or {{#progress left}}",
    read: |given| match given.all_words()?.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(Box::new(Progress { left: false })),
        ["left"] => Ok(Box::new(Progress { left: true })),
        _ => Err("write {{#progress}} or {{#progress left}}".to_string()),
    },
};

struct Progress {
    left: bool,
}

/// A server and its cells.
type Row<'a> = (&'a Chapter, &'a [String]);

impl Block for Progress {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let board = scoreboard::read(page.project)?;
        let rows = scoreboard::rows(page.project, &board)?;
        let own = |(chapter, _): &Row| page.path.strip_suffix(".md") == Some(chapter.name.as_str());
        let at = rows.iter().position(own).ok_or("this page is no server's")?;
        let target = Target::of(page, rows[at].0);
        let html = match self.left {
            false => head(page.project, &rows[..=at], &target),
            true => foot(page.project, &rows[at..], &target),
        };
        Ok(html.into_string())
    }
}

/// The last of the rows below the one before, and what has turned.
fn head(project: &Project, rows: &[Row], target: &Target) -> Markup {
    let (before, now) = match rows {
        [.., before, now] => (Some(before), now),
        [now] => (None, now),
        [] => return html! {},
    };
    let at = before.map_or(Vec::new(), |(_, before)| turned(before, now.1));
    let from = |at: usize| before.map_or("", |(_, cells)| &cells[at]);
    let (won, lost): (Vec<usize>, Vec<usize>) = at.iter().partition(|at| now.1[**at] == "ok");
    let won = grouped(won.into_iter().map(|at| (from(at), at)));
    html! {
        div class="progress" role="group" aria-label="Its row of the scoreboard" {
            "\n"
            @if let Some(before) = before { (strip(project, before, &[])) "\n" }
            (strip(project, now, &at)) "\n"
            @for (from, at) in &won {
                p { (verdict(from)) " → " (verdict("ok")) " under " (listed(project, target, at, |_| html! {})) }
                "\n"
            }
            @if !lost.is_empty() {
                p { b class="fault" { "no longer ok" } " under " (listed(project, target, &lost, |_| html! {})) }
                "\n"
            }
            @if before.is_none() { p { "A sign for each kind of client: ✓ it gets what it is owed, ✗ it does not." } "\n" }
            @else if at.is_empty() { p { "Nothing has turned." } "\n" }
        }
    }
}

/// The cells that have become ok, or are it no longer.
fn turned(before: &[String], now: &[String]) -> Vec<usize> {
    (0..now.len()).filter(|at| (before[*at] == "ok") != (now[*at] == "ok")).collect()
}

/// Cells by what they have in common, in the order in which that comes.
fn grouped<T: PartialEq>(cells: impl Iterator<Item = (T, usize)>) -> Vec<(T, Vec<usize>)> {
    let mut groups: Vec<(T, Vec<usize>)> = Vec::new();
    for (common, at) in cells {
        match groups.iter_mut().find(|(known, _)| *known == common) {
            Some((_, group)) => group.push(at),
            None => groups.push((common, vec![at])),
        }
    }
    groups
}

/// The probes of some cells as links, each with what there is to say of it.
fn listed(project: &Project, target: &Target, cells: &[usize], more: impl Fn(usize) -> Markup) -> Markup {
    html! {
        @for (position, at) in cells.iter().enumerate() {
            @if position > 0 { ", " }
            (target.named(&project.board[*at])) (more(*at))
        }
    }
}

/// A row: a sign for each probe. For those who do not see it, how many are well.
fn strip(project: &Project, (chapter, cells): &Row, turned: &[usize]) -> Markup {
    let well = cells.iter().filter(|cell| *cell == "ok").count();
    let count = format!("{well} of {}", cells.len());
    let sign = |at: usize| {
        let (class, sign) = if cells[at] == "ok" { ("ok", "✓") } else { ("fault", "✗") };
        let class = if turned.contains(&at) { format!("{class} turned") } else { class.to_string() };
        html! { i class=(class) title=(project.board[at].name) { (sign) } }
    };
    html! {
        div class="strip" role="img" aria-label={ (chapter.name) ": ok under " (count) " probes" } {
            code { (chapter.name) }
            span { @for at in 0..cells.len() { (sign(at)) } }
            b { (count) }
        }
    }
}

/// What the first of the rows leaves broken, by the first of the others that does not.
fn foot(project: &Project, rows: &[Row], target: &Target) -> Markup {
    let Some(((_, now), later)) = rows.split_first() else { return html! {} };
    let broken = (0..now.len()).filter(|at| now[*at] != "ok");
    let mut cures = grouped(broken.map(|at| (later.iter().position(|(_, cells)| cells[at] == "ok"), at)));
    cures.sort_by_key(|(cure, _)| cure.unwrap_or(later.len()));
    html! {
        div class="progress remains" role="group" aria-label="What still breaks it" {
            "\n"
            @if cures.is_empty() { p { "On the scoreboard nothing breaks it." } "\n" } @else {
                p { b { "What still breaks it" } }
                "\n"
                ul {
                    @for (cure, at) in &cures {
                        li {
                            (listed(project, target, at, |at| html! { " " (verdict(&now[at])) }))
                            @if let Some((chapter, _)) = cure.map(|cure| later[cure]) {
                                @let digits = number(&chapter.name).trim_start_matches('0');
                                ": until " a href={ (chapter.name) ".html" } { "chapter " (digits) }
                            }
                        }
                    }
                }
                "\n"
            }
        }
    }
}

/// A verdict in its colour.
fn verdict(cell: &str) -> Markup {
    html! { b class=(if cell == "ok" { "ok" } else { "fault" }) { (cell) } }
}

#[cfg(test)]
mod tests {
    use crate::source::project::Project;
    use crate::tiny::Tiny;

    const BOARD: &str =
        "---\nsource: x\n---\n        01  02\nleaves  nr  .\nrude    .   CO\n\n  . ok  nr no reply  CO ECONNRESET\n";

    fn shown(page: &str, directive: &str) -> String {
        let tiny = Tiny::new();
        tiny.write("tests/snapshots/scoreboard.snap", BOARD);
        tiny.expanded(page, directive).replace('\n', "")
    }

    #[test]
    fn a_row_below_the_one_before_and_what_has_turned() {
        assert_eq!(
            shown("02-shut.md", "{{#progress}}"),
            "<div class=\"progress\" role=\"group\" aria-label=\"Its row of the scoreboard\">\
             <div class=\"strip\" role=\"img\" aria-label=\"01-open: ok under 1 of 2 probes\"><code>01-open</code>\
             <span><i class=\"fault\" title=\"leaves\">✗</i><i class=\"ok\" title=\"rude\">✓</i></span>\
             <b>1 of 2</b></div>\
             <div class=\"strip\" role=\"img\" aria-label=\"02-shut: ok under 1 of 2 probes\"><code>02-shut</code>\
             <span><i class=\"ok turned\" title=\"leaves\">✓</i>\
             <i class=\"fault turned\" title=\"rude\">✗</i></span><b>1 of 2</b></div>\
             <p><b class=\"fault\">no reply</b> → <b class=\"ok\">ok</b> under <a href=\"02-shut.html\"><code>leaves</code></a></p>\
             <p><b class=\"fault\">no longer ok</b> under \
             <a href=\"01-open.html\"><code>rude</code></a></p></div>"
        );
    }

    #[test]
    fn the_first_row_has_none_above_it() {
        let shown = shown("01-open.md", "{{#progress}}");
        assert_eq!(shown.matches("class=\"strip\"").count(), 1);
        assert!(shown.contains("<p>A sign for each kind of client: ") && !shown.contains("urned"), "{shown}");
    }

    #[test]
    fn what_is_left_and_who_cures_it() {
        let group = "<div class=\"progress remains\" role=\"group\" aria-label=\"What still breaks it\">";
        let left = "<p><b>What still breaks it</b></p><ul><li>";
        assert_eq!(
            shown("01-open.md", "{{#progress left}}"),
            format!(
                "{group}{left}<a href=\"02-shut.html\"><code>leaves</code></a> <b class=\"fault\">no reply</b>: until \
                 <a href=\"02-shut.html\">chapter 2</a></li></ul></div>"
            )
        );
        assert_eq!(
            shown("02-shut.md", "{{#progress left}}"),
            format!(
                "{group}{left}<a href=\"01-open.html\"><code>rude</code></a> <b class=\"fault\">ECONNRESET</b></li></ul></div>"
            )
        );
    }

    #[test]
    fn a_page_that_is_no_servers() {
        let tiny = Tiny::new();
        tiny.write("tests/snapshots/scoreboard.snap", BOARD);
        let mut faults = Vec::new();
        crate::book::expand::expand(&tiny.project(), "README.md", "{{#progress}}", &mut faults);
        assert_eq!(faults[0].to_string(), "book/src/README.md:1: {{#progress}}: this page is no server's");
        assert_eq!(tiny.fault("{{#progress right}}"), "write {{#progress}} or {{#progress left}}");
    }

    /// What was promised of the pages of this book.
    #[test]
    fn every_server_says_what_it_has_won_and_what_is_left() {
        let project = Project::here();
        for chapter in project.chapters.iter().filter(|chapter| chapter.story.is_some()) {
            let text = project.read(&format!("book/src/{}.md", chapter.name)).unwrap();
            for directive in ["\n{{#progress}}\n", "\n{{#progress left}}\n"] {
                assert_eq!(text.matches(directive).count(), 1, "{}: {directive:?}", chapter.name);
            }
        }
    }
}
