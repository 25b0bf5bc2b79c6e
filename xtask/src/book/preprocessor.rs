//! The preprocessor as mdBook knows it: in process for `cargo xtask book`, and on standard input and output for stock
//! `mdbook build book` and `mdbook serve book`.

use crate::book::expand;
use crate::source::faults::Fault;
use crate::source::project::Project;
use anyhow::{Context, Result};
use mdbook_preprocessor::book::Book;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext, parse_input};
use std::cell::RefCell;
use std::io::{Read, Write};
use std::rc::Rc;

/// The name of the preprocessor's table in book.toml.
///
/// In process mdBook puts a preprocessor in the place of the one with the same name that book.toml asks for. So it runs
/// once, and where book.toml wants it.
pub const NAME: &str = "close-call";

/// Expands the directives of every page, and keeps what was wrong with them.
pub struct InProcess {
    /// The project whose files the directives show.
    pub project: Rc<Project>,
    /// What was wrong.
    pub faults: Rc<RefCell<Vec<Fault>>>,
}

impl Preprocessor for InProcess {
    fn name(&self) -> &str {
        NAME
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> mdbook_preprocessor::errors::Result<Book> {
        expand_all(&self.project, &mut book, &mut self.faults.borrow_mut());
        Ok(book)
    }
}

/// Reads a book as stock mdbook writes it, and writes it back with its directives expanded. With faults it writes
/// nothing.
pub fn filter(project: &Project, input: impl Read, output: impl Write) -> Result<Vec<Fault>> {
    let (_, mut book) = parse_input(input).context("reading the book from standard input")?;
    let mut faults = Vec::new();
    expand_all(project, &mut book, &mut faults);
    if faults.is_empty() {
        serde_json::to_writer(output, &book).context("writing the book to standard output")?;
    }
    Ok(faults)
}

fn expand_all(project: &Project, book: &mut Book, faults: &mut Vec<Fault>) {
    book.for_each_chapter_mut(|chapter| {
        // A draft has no file, and no text.
        if let Some(page) = chapter.source_path.as_ref().and_then(|path| path.to_str()) {
            chapter.content = expand::expand(project, page, &chapter.content, faults);
        }
    });
}

#[cfg(test)]
mod tests;
