//! What all directives of ours have in common: a block that was read, and the page on which it is drawn.

use crate::book::arguments::Arguments;
use crate::book::checks::width;
use crate::book::directive::Directive;
use crate::source::project::{PAGES, Project, listing_page};
use maud::{Markup, html};
use pictures::excerpt::Excerpt;

/// A directive that was read.
pub trait Block {
    /// What it puts in its place on a page. An error says what is wrong with it.
    fn draw(&self, page: &Page) -> Result<String, String>;

    /// The snapshot that it shows, where what it shows is evidence: the scoreboard leads there.
    fn snapshot(&self) -> Option<&str> {
        None
    }
}

/// A kind of directive.
pub struct Kind {
    /// The word after `{{#`.
    pub name: &'static str,
    /// How it is written, with its braces; the alternatives in a few words.
    pub usage: &'static str,
    /// Reads one. An error says what is wrong with its arguments.
    pub read: fn(Arguments) -> Result<Box<dyn Block>, String>,
}

/// Reads a directive of any kind.
pub type Read = fn(&Directive) -> Result<Box<dyn Block>, String>;

/// The page on which a block is drawn.
pub struct Page<'a> {
    /// Whose page it is.
    pub project: &'a Project,
    /// From book/src.
    pub path: &'a str,
    /// The `id` that the block is to have.
    pub id: Option<String>,
    /// Reads what another page shows.
    pub read: Read,
}

impl Page<'_> {
    /// What leads from the page to the book's root.
    pub fn up(&self) -> String {
        "../".repeat(self.path.matches('/').count())
    }

    /// A chapter's file as a link to its listing, at a line; any other file's path alone.
    pub fn linked(&self, path: &str, line: Option<usize>) -> Markup {
        let name = path.strip_prefix("chapters/").and_then(|file| file.strip_suffix(".rs"));
        match name.map(listing_page) {
            Some(listing) if self.project.has(&format!("{PAGES}/{listing}")) => {
                let fragment = line.map(|line| format!("#L{line}")).unwrap_or_default();
                let target = self.up() + &listing.replace(".md", ".html") + &fragment;
                html! { a href=(target) { (path) } }
            }
            _ => html! { (path) },
        }
    }
}

/// What stands above a block.
pub fn caption(words: &Markup) -> String {
    html! { p class="listing" { (words) } "\n\n" }.into_string()
}

/// Lines of a program, numbered, each of which can be linked to. The numbers are attributes that the style sheet shows:
/// they are not copied with the code. The newline belongs to the line, or an empty line could not be pointed at.
pub fn numbered(code: &Excerpt) -> Markup {
    html! {
        pre class="numbered" {
            code class="language-rust ignore" {
                @for (number, line) in code.numbered() {
                    span id={ "L" (number) } data-line=(number) { (line) "\n" }
                }
            }
        }
    }
}

/// A table that may be wider than the page. It then scrolls in its own frame, which whoever has no mouse can do once it has
/// the focus.
pub fn scrolling(class: &str, label: &str, table: &Markup) -> String {
    html! { div class=(class) role="region" aria-label=(label) tabindex="0" { "\n" (table) "\n" } }.into_string()
}

/// Checks that an excerpt has something to show, and each of its lines.
pub fn check_excerpt(path: &str, excerpt: &Excerpt) -> Result<(), String> {
    match excerpt.lines.iter().all(|line| line.trim().is_empty()) {
        true => Err(format!("{path} has nothing to show")),
        false => check_lines(path, excerpt.numbered()),
    }
}

/// Checks lines of a file, each with its number: none is too wide, and none is what mdBook, which comes after us, would
/// take for one of its directives.
pub fn check_lines<'a>(path: &str, lines: impl Iterator<Item = (usize, &'a str)> + Clone) -> Result<(), String> {
    for (number, line) in lines.clone() {
        if line.match_indices("{{").any(|(at, _)| line[at + 2..].trim_start().starts_with('#')) {
            return Err(format!("{path}, line {number}: mdBook would take the `{{{{#` in it for a directive"));
        }
    }
    width::check(path, lines)
}

/// Texts as they are passed on.
pub fn borrowed(texts: &Option<(String, String)>) -> Option<(&str, &str)> {
    texts.as_ref().map(|(from, to)| (from.as_str(), to.as_str()))
}
