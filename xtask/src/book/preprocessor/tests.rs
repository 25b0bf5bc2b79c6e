//! The preprocessor, as stock mdbook runs it.

use super::*;
use crate::tiny::{Tiny, expanded};
use mdbook_preprocessor::book::Chapter;
use mdbook_preprocessor::config::Config;

/// Runs the preprocessor as stock mdbook does, over one page.
fn stock(text: &str) -> (String, Vec<String>) {
    let book = Book::new_with_items(vec![Chapter::new("Shut", text.to_string(), "02-shut.md", Vec::new()).into()]);
    let context = PreprocessorContext::new("book".into(), Config::default(), "html".to_string());
    let input = serde_json::to_vec(&(context, book)).unwrap();
    let mut output = Vec::new();
    let faults = filter(&Tiny::new().project(), input.as_slice(), &mut output).unwrap();
    (String::from_utf8(output).unwrap(), faults.iter().map(ToString::to_string).collect())
}

#[test]
fn the_preprocessor_under_stock_mdbook() {
    let (output, faults) = stock("{{#snapshot 02-shut}}\n");
    assert_eq!(faults, [""; 0]);
    let book: Book = serde_json::from_str(&output).unwrap();
    let contents: Vec<&str> = book.chapters().map(|chapter| chapter.content.as_str()).collect();
    assert_eq!(contents, [expanded("{{#snapshot 02-shut}}\n")]);

    let (output, faults) = stock("{{#include lost.txt}}\n");
    assert_eq!(output, "");
    assert_eq!(
        faults,
        ["book/src/02-shut.md:1: {{#include lost.txt}}: lost.txt: No such file or directory (os error 2)"]
    );
}
