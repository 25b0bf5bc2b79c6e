//! Whether pages, chapters, listings and SUMMARY.md belong together.

use crate::directives::directives;
use crate::faults::Fault;
use crate::markdown::markdown;
use crate::project::{PAGES, Project, chapter_file, is_numbered, listing_page};
use mdbook_markdown::pulldown_cmark::{Event, Tag};

/// What SUMMARY.md lists that is not there. mdBook cannot build then.
pub fn missing(project: &Project) -> Vec<Fault> {
    let summary = format!("{PAGES}/SUMMARY.md");
    match summary_links(project) {
        Err(error) => vec![Fault::of(summary, error)],
        Ok(links) => links
            .iter()
            .filter(|link| !project.has(&format!("{PAGES}/{link}")))
            .map(|link| Fault::of(&summary, format!("lists {link}, which does not exist")))
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
        if !listed.contains(page) && !["SUMMARY.md", "404.md"].contains(&page.as_str()) {
            faults.push(Fault::of(format!("{PAGES}/{page}"), "SUMMARY.md does not list it"));
        }
        let name = page.strip_suffix(".md").unwrap_or(page);
        let name = name.strip_prefix("listings/").unwrap_or(name);
        if is_numbered(name) && project.chapter(name).is_none() {
            let what = format!("there is no chapter {name} in close_call::ladder::CHAPTERS");
            faults.push(Fault::of(format!("{PAGES}/{page}"), what));
        }
    }

    for name in project.chapters.iter().map(|chapter| &chapter.name) {
        let page = format!("{PAGES}/{name}.md");
        if !project.has(&page) {
            faults.push(Fault::of(page, format!("missing: the page of chapter {name}")));
        }
        let program = chapter_file(name);
        if !project.has(&program) {
            faults.push(Fault::of(program, format!("missing: close_call::ladder::CHAPTERS has {name}")));
        }
        faults.extend(listing_fault(project, name));
    }

    for file in project.files("chapters") {
        if let Some(name) = file.strip_suffix(".rs").filter(|name| is_numbered(name))
            && project.chapter(name).is_none()
        {
            let what = format!("close_call::ladder::CHAPTERS does not have {name}");
            faults.push(Fault::of(format!("chapters/{file}"), what));
        }
    }
    faults
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

/// The files that SUMMARY.md lists, from book/src. A draft has none.
fn summary_links(project: &Project) -> Result<Vec<String>, String> {
    let text = project.read(&format!("{PAGES}/SUMMARY.md"))?;
    let links = markdown(&text).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.trim_start_matches("./").replace("%20", " ")),
        _ => None,
    });
    Ok(links.filter(|link| !link.is_empty()).collect())
}
