//! Whether pages, chapters, listings and SUMMARY.md belong together.

use crate::book::directive::directives;
use crate::book::markdown::markdown;
use crate::source::faults::Fault;
use crate::source::project::{PAGES, Project, chapter_file, listing_page};
use close_call::command::ladder::is_numbered;
use mdbook_markdown::pulldown_cmark::{Event, HeadingLevel, Tag};
use std::iter;

/// What SUMMARY.md lists that is not there. mdBook cannot build then.
pub fn missing(project: &Project) -> Vec<Fault> {
    let summary = format!("{PAGES}/SUMMARY.md");
    match summary_links(project) {
        Err(error) => vec![Fault::of(summary, error)],
        Ok(links) => links
            .iter()
            .map(|(_, page)| page)
            .filter(|page| !project.has(&format!("{PAGES}/{page}")))
            .map(|page| Fault::of(&summary, format!("lists {page}, which does not exist")))
            .collect(),
    }
}

/// Everything else that does not belong together.
pub fn check(project: &Project) -> Vec<Fault> {
    let mut faults = Vec::new();
    let listed = summary_links(project).unwrap_or_default();
    let pages = project.files(PAGES);

    for page in pages.iter().filter(|page| page.ends_with(".md")) {
        // mdBook takes these two without their being listed.
        if !listed.iter().any(|(_, listed)| listed == page) && !["SUMMARY.md", "404.md"].contains(&page.as_str()) {
            faults.push(Fault::of(format!("{PAGES}/{page}"), "SUMMARY.md does not list it"));
        }
        let name = page.strip_suffix(".md").unwrap_or(page);
        let name = name.strip_prefix("listings/").unwrap_or(name);
        if is_numbered(name) && project.chapter(name).is_none() {
            let what = format!("there is no chapter {name} in close_call::command::ladder::CHAPTERS");
            faults.push(Fault::of(format!("{PAGES}/{page}"), what));
        }
    }

    for name in project.chapters.iter().map(|chapter| &chapter.name) {
        let page = format!("{PAGES}/{name}.md");
        if !project.has(&page) {
            faults.push(Fault::of(page, format!("missing: the page of chapter {name}")));
        } else {
            faults.extend(number_faults(project, name, &listed));
        }
        let program = chapter_file(name);
        if !project.has(&program) {
            faults.push(Fault::of(program, format!("missing: close_call::command::ladder::CHAPTERS has {name}")));
        }
        faults.extend(listing_fault(project, name));
    }

    for file in project.files("chapters") {
        if let Some(name) = file.strip_suffix(".rs").filter(|name| is_numbered(name))
            && project.chapter(name).is_none()
        {
            let what = format!("close_call::command::ladder::CHAPTERS does not have {name}");
            faults.push(Fault::of(format!("chapters/{file}"), what));
        }
    }
    faults
}

/// Where the number of a chapter is not that of its file: in the title of its page, and in what SUMMARY.md calls it.
fn number_faults(project: &Project, name: &str, listed: &[(String, String)]) -> Vec<Fault> {
    let page = format!("{name}.md");
    let digits = name.split('-').next().unwrap_or(name);
    let number = format!("{}. ", digits.trim_start_matches('0'));
    let text = project.read(&format!("{PAGES}/{page}")).unwrap_or_default();
    let titles = texts(&text, |tag| matches!(tag, Tag::Heading { level: HeadingLevel::H1, .. }));
    let Some((_, title)) = titles.into_iter().next() else {
        let what = format!("it has no title; one that begins with `{number}` is wanted");
        return vec![Fault::of(format!("{PAGES}/{page}"), what)];
    };
    let in_summary = listed.iter().filter(|(_, listed)| *listed == page);
    let in_summary = in_summary.map(|(title, _)| (format!("{PAGES}/SUMMARY.md"), title.clone()));
    iter::once((format!("{PAGES}/{page}"), title))
        .chain(in_summary)
        .filter(|(_, title)| !title.starts_with(&number))
        .map(|(place, title)| Fault::of(place, format!("the title `{title}` of {page} does not begin with `{number}`")))
        .collect()
}

/// What is wrong with a chapter's listing page.
fn listing_fault(project: &Project, name: &str) -> Option<Fault> {
    let page = format!("{PAGES}/{}", listing_page(name));
    let Ok(text) = project.read(&page) else {
        return Some(Fault::of(page, format!("missing: the listing of chapter {name}")));
    };
    let shown = directives(&text).iter().any(|directive| directive.name == "listing" && directive.rest == name);
    (!shown).then(|| Fault::of(page, format!("does not show {{{{#listing {name}}}}}")))
}

/// What SUMMARY.md lists: each page's title there, and its file, from book/src. A draft has no file.
fn summary_links(project: &Project) -> Result<Vec<(String, String)>, String> {
    let text = project.read(&format!("{PAGES}/SUMMARY.md"))?;
    let links = texts(&text, |tag| matches!(tag, Tag::Link { .. })).into_iter().filter_map(|(tag, title)| match tag {
        Tag::Link { dest_url, .. } => Some((title, dest_url.trim_start_matches("./").replace("%20", " "))),
        _ => None,
    });
    Ok(links.filter(|(_, page)| !page.is_empty()).collect())
}

/// Every element of this kind, with the text in it.
fn texts<'a>(text: &'a str, kind: impl Fn(&Tag) -> bool) -> Vec<(Tag<'a>, String)> {
    let mut found: Vec<(Tag, String)> = Vec::new();
    let mut open = None;
    for event in markdown(text) {
        match event {
            Event::Start(tag) if kind(&tag) => {
                open = Some(tag.to_end());
                found.push((tag, String::new()));
            }
            Event::End(end) if open == Some(end) => open = None,
            Event::Text(part) | Event::Code(part) if open.is_some() => {
                if let Some((_, text)) = found.last_mut() {
                    text.push_str(&part);
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests;
