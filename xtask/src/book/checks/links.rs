//! The built book: its links, and what it would fetch from elsewhere.
//!
//! A link must lead to a file that was built, and to an `id` in it. A link out of the book is the reader's choice; what
//! a page fetches by being opened is not, so there nothing may come from elsewhere. Scripts are not looked into.

use crate::source::faults::Fault;
use crate::source::project::files_under;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Checks every file that was built. `sources` has the page of each HTML file that was made from one. Where a directive
/// was at fault, what was built is not complete: it lacks the places that its block would have had.
pub fn check(built: &Path, sources: &BTreeMap<String, String>, complete: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut pages = BTreeMap::new();
    let mut files = BTreeSet::new();
    for file in files_under(built) {
        if file.ends_with(".html") || file.ends_with(".css") {
            match fs::read_to_string(built.join(&file)) {
                Err(error) => faults.push(Fault::of(place(sources, &file), error.to_string())),
                Ok(text) if file.ends_with(".css") => {
                    faults.extend(css_fault(&text).map(|what| Fault::of(place(sources, &file), what)));
                }
                Ok(text) => {
                    pages.insert(file.clone(), Page::parse(&text));
                }
            }
        }
        files.insert(file);
    }
    // mdBook makes index.html a copy of the first page, unless a page is built to it.
    if !sources.contains_key("index.html") {
        pages.remove("index.html");
    }

    let book = Built { pages, files, complete };
    let is_print = |file: &String| file == "print.html";
    for (file, page) in book.pages.iter().filter(|(file, _)| !is_print(file)) {
        faults.extend(book.faults(file, page).into_iter().map(|what| Fault::of(place(sources, file), what)));
    }
    // print.html has all pages in it, and all their faults. Only when they have none can it show one of its own.
    if faults.is_empty() {
        for (file, page) in book.pages.iter().filter(|(file, _)| is_print(file)) {
            faults.extend(book.faults(file, page).into_iter().map(|what| Fault::of(place(sources, file), what)));
        }
    }
    faults
}

fn place(sources: &BTreeMap<String, String>, file: &str) -> String {
    sources.get(file).cloned().unwrap_or_else(|| format!("book/book/{file}"))
}

/// What was built.
struct Built {
    pages: BTreeMap<String, Page>,
    files: BTreeSet<String>,
    complete: bool,
}

impl Built {
    fn faults(&self, file: &str, page: &Page) -> Vec<String> {
        let mut faults: Vec<String> = page.styles.iter().filter_map(|style| css_fault(style)).collect();
        for link in &page.links {
            let external = has_scheme(&link.url) || link.url.starts_with("//");
            if external && !link.followed && !link.url.starts_with("data:") {
                faults.push(format!("<{}> would fetch {} when the page is opened", link.tag, link.url));
            } else if !external {
                faults.extend(self.broken(file, &link.url).map(|why| format!("link to {}: {why}", link.url)));
            }
        }
        // mdBook puts an image on the page twice: as it is, and for enlarging.
        faults.dedup();
        faults
    }

    /// Why a link within the book leads nowhere.
    fn broken(&self, from: &str, url: &str) -> Option<String> {
        let (address, fragment) = url.split_once('#').unwrap_or((url, ""));
        let address = decoded(address.split('?').next().unwrap_or(""));
        // 404.html may be shown at any address; its <base> makes its links start at the book's root.
        if address.starts_with('/') && from != "404.html" {
            return Some("it starts at the server's root; write it from the page's folder".to_string());
        }
        let target = if address.is_empty() {
            from.to_string()
        } else {
            let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
            let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
            for part in address.split('/') {
                match part {
                    "" | "." => {}
                    ".." if parts.pop().is_none() => return Some("it leads out of the book".to_string()),
                    ".." => {}
                    part => parts.push(part),
                }
            }
            match parts.join("/") {
                path if self.files.contains(&path) => path,
                path if path.is_empty() => "index.html".to_string(),
                path => format!("{path}/index.html"),
            }
        };
        if !self.files.contains(&target) {
            return Some("there is no such file in what was built".to_string());
        }
        let fragment = decoded(fragment);
        match self.pages.get(&target) {
            Some(page) if self.complete && !fragment.is_empty() && !page.ids.contains(&*fragment) => {
                Some(format!("there is no #{fragment} in {target}"))
            }
            _ => None,
        }
    }
}

/// What the check needs of an HTML file.
#[derive(Default)]
struct Page {
    ids: BTreeSet<String>,
    links: Vec<Link>,
    /// The text of `<style>` elements and attributes.
    styles: Vec<String>,
}

/// An address in an HTML file.
struct Link {
    tag: String,
    url: String,
    /// Whether the reader follows it; otherwise the browser fetches it by itself.
    followed: bool,
}

impl Page {
    fn parse(html: &str) -> Page {
        let input = BufferQueue::default();
        input.push_back(StrTendril::from(html));
        let tokenizer = Tokenizer::new(Collector::default(), TokenizerOpts::default());
        // A script hands control back; there is nothing to run, so the parser goes on.
        while !input.is_empty() {
            let _ = tokenizer.feed(&input);
        }
        tokenizer.end();
        tokenizer.sink.page.into_inner()
    }

    fn add(&mut self, tag: &html5ever::tokenizer::Tag) {
        let name = tag.name.to_string();
        for attribute in &tag.attrs {
            let value = attribute.value.trim().to_string();
            let mut link = |url: &str| {
                let followed = ["a", "area"].contains(&name.as_str());
                self.links.push(Link { tag: name.clone(), url: url.to_string(), followed });
            };
            match &*attribute.name.local {
                "id" => drop(self.ids.insert(value)),
                "name" if name == "a" => drop(self.ids.insert(value)),
                // The one <base> is that of 404.html, which gives the book's root.
                "href" if name == "base" && !has_scheme(&value) && !value.starts_with("//") => {}
                "href" | "src" | "xlink:href" | "poster" => link(&value),
                "data" if name == "object" => link(&value),
                "srcset" => {
                    value.split(',').filter_map(|candidate| candidate.split_whitespace().next()).for_each(link);
                }
                "content" => {
                    // <meta http-equiv="refresh" content="0; URL=…">
                    if let Some((_, url)) = value.split_once("URL=").or_else(|| value.split_once("url=")) {
                        link(url);
                    }
                }
                "style" => self.styles.push(value),
                _ => {}
            }
        }
    }
}

/// Gathers a page from the tokens of its file.
#[derive(Default)]
struct Collector {
    page: RefCell<Page>,
    in_style: RefCell<bool>,
}

impl TokenSink for Collector {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => {
                let starts = tag.kind == TagKind::StartTag;
                if starts {
                    self.page.borrow_mut().add(&tag);
                }
                let is_style = &*tag.name == "style";
                *self.in_style.borrow_mut() = starts && is_style;
                match &*tag.name {
                    "script" if starts => return TokenSinkResult::RawData(RawKind::ScriptData),
                    "style" if starts => return TokenSinkResult::RawData(RawKind::Rawtext),
                    _ => {}
                }
            }
            Token::CharacterTokens(text) if *self.in_style.borrow() => {
                self.page.borrow_mut().styles.push(text.to_string());
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// What a style sheet would fetch from elsewhere, if anything.
fn css_fault(css: &str) -> Option<String> {
    // Comments may well name an address.
    let mut code = String::new();
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        code.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);

    let addresses = ["url(", "@import"].into_iter().flat_map(|mark| code.split(mark).skip(1));
    addresses
        .map(|address| address.trim_start().trim_start_matches(['"', '\'']))
        .find(|address| address.starts_with("//") || (has_scheme(address) && !address.starts_with("data:")))
        .map(|address| {
            let length = address.find(['"', '\'', ')', ';']).unwrap_or(address.len());
            format!("the style would fetch {} when the page is opened", &address[..length])
        })
}

/// Whether an address begins with a scheme, such as `https:`.
fn has_scheme(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// Undoes `%20` and the like.
fn decoded(url: &str) -> Cow<'_, str> {
    percent_decode_str(url).decode_utf8_lossy()
}

#[cfg(test)]
mod tests;
