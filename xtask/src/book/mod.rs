//! Builds the book and checks it.
//!
//! ```text
//! markdown    a page as mdBook reads it           directive     the directives in a text
//! arguments   what a directive is given           checks        what is checked of the book
//! blocks      what our directives become          expand        a page, its directives expanded
//! log         what mdBook logs                    preprocessor  all pages, as mdBook asks for it
//! ```

pub mod arguments;
pub mod blocks;
pub mod checks;
pub mod directive;
pub mod expand;
pub mod log;
pub mod markdown;
pub mod preprocessor;
#[cfg(test)]
mod tests;

use crate::book::checks::commands;
use crate::book::checks::links;
use crate::book::checks::pages;
use crate::book::preprocessor::{InProcess, NAME};
use crate::source::faults::Fault;
use crate::source::project::{PAGES, Project};
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Builds `book/` and returns the folder with the built pages, or everything that is wrong.
/// `subcommands` are those that a page may tell the reader to type after `cargo xtask`.
pub fn build(project: Project, subcommands: &[String]) -> Result<PathBuf, Vec<Fault>> {
    let mut faults = pages::missing(&project);
    let can_build = faults.is_empty();
    faults.extend(pages::check(&project));
    faults.extend(commands::check(&project, subcommands));
    if !can_build {
        return Err(faults);
    }

    let project = Rc::new(project);
    let (built, messages) = log::watch(|| render(&project, &mut faults));
    faults.extend(messages.into_iter().map(|message| Fault::of("mdbook", message)));
    match built {
        Err(error) => faults.push(Fault::of("mdbook", format!("{error:#}"))),
        Ok(Rendered { book, folder, complete }) => {
            let sources = sources(&book);
            faults.extend(leftovers(&book, &folder, &sources));
            faults.extend(links::check(&folder, &sources, complete));
            if faults.is_empty() {
                return Ok(folder);
            }
        }
    }
    Err(faults)
}

/// What mdBook built.
struct Rendered {
    book: MDBook,
    folder: PathBuf,
    /// Whether no directive was left out.
    complete: bool,
}

/// Has mdBook build the book.
fn render(project: &Rc<Project>, faults: &mut Vec<Fault>) -> anyhow::Result<Rendered> {
    let root = project.root.join("book");
    // From the file alone: `MDBook::load` would also heed the environment.
    let mut config = Config::from_disk(root.join("book.toml"))?;
    // mdBook would write pages that SUMMARY.md lists by mistake.
    config.build.create_missing = false;
    let before = config.get::<Vec<String>>(&format!("preprocessor.{NAME}.before"))?.unwrap_or_default();
    if !before.iter().any(|name| name == "links") {
        let what =
            format!("[preprocessor.{NAME}] with before = [\"links\"] is missing; `links` hides what is not there");
        faults.push(Fault::of("book/book.toml", what));
    }

    let mut book = MDBook::load_with_config(root, config)?;
    let found = Rc::new(RefCell::new(Vec::new()));
    book.with_preprocessor(InProcess { project: Rc::clone(project), faults: Rc::clone(&found) });
    let result = book.build();
    let complete = found.borrow().is_empty();
    faults.append(&mut found.borrow_mut());
    result?;
    let folder = book.build_dir_for("html");
    Ok(Rendered { book, folder, complete })
}

/// The page that each HTML file was made from.
fn sources(book: &MDBook) -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    for chapter in book.book.chapters() {
        if let Some(page) = chapter.source_path.as_ref().and_then(|path| path.to_str()) {
            // mdBook's `index` makes README.md an index.html.
            let html = Path::new(page).with_extension("html").to_string_lossy().replace("README.html", "index.html");
            sources.insert(html, format!("{PAGES}/{page}"));
        }
    }
    sources
}

/// Directives that are still there in what was built, beyond those that the page wants there.
fn leftovers(book: &MDBook, folder: &Path, sources: &BTreeMap<String, String>) -> Vec<Fault> {
    let wanted: BTreeMap<String, usize> = book
        .book
        .chapters()
        .filter_map(|chapter| Some((chapter.source_path.as_ref()?.to_str()?, chapter)))
        .map(|(page, chapter)| (format!("{PAGES}/{page}"), directive::escaped(&chapter.content)))
        .collect();
    let mut faults = Vec::new();
    for (html, page) in sources {
        let text = fs::read_to_string(folder.join(html)).unwrap_or_default();
        let left = text.matches("{{#").count();
        if left > wanted.get(page).copied().unwrap_or(0) {
            let first = text.lines().find(|line| line.contains("{{#")).unwrap_or("").trim();
            faults.push(Fault::of(page, format!("a directive is left in the built page: {first}")));
        }
    }
    faults
}
