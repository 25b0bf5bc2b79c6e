//! A page as mdBook reads it, and where things are in it.

use mdbook_markdown::pulldown_cmark::{Event, Parser, Tag, TagEnd};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};
use std::ops::Range;

/// The number of the line that holds this byte, from one.
pub fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// A page as mdBook reads it.
pub fn markdown(text: &str) -> Parser<'_> {
    new_cmark_parser(text, &MarkdownOptions::default())
}

/// Every line in the blocks of code of a page, with its number.
pub fn code_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    // The code of a block, in pieces, and the number of its first line.
    let mut block: Option<(usize, String)> = None;
    let mut in_block = false;
    for (event, range) in markdown(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_block = true,
            Event::Text(code) if in_block => {
                block.get_or_insert_with(|| (line_of(text, range.start), String::new())).1.push_str(&code);
            }
            Event::End(TagEnd::CodeBlock) => {
                in_block = false;
                if let Some((first, code)) = block.take() {
                    lines.extend((first..).zip(code.lines().map(str::to_string)));
                }
            }
            _ => {}
        }
    }
    lines
}

/// Where a page has code: blocks and spans.
pub fn code_ranges(text: &str) -> Vec<Range<usize>> {
    markdown(text)
        .into_offset_iter()
        .filter(|(event, _)| matches!(event, Event::Start(Tag::CodeBlock(_)) | Event::Code(_)))
        .map(|(_, range)| range)
        .collect()
}
