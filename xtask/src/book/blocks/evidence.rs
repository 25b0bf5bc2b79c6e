//! Where a chapter's page shows what happens to its program under a probe: the scoreboard's cells lead there.

use crate::book::arguments::Arguments;
use crate::book::directive::directives;
use crate::source::project::{Chapter, Project};
use crate::source::snapshots::probe_of;
use std::collections::BTreeMap;

/// The `id` of the place that shows this probe.
pub fn id(probe: &str) -> String {
    format!("under-{probe}")
}

/// The probes that a chapter's page shows, each with where, in bytes, the directive begins that shows it.
pub fn evidence<'a>(project: &'a Project, chapter: &'a Chapter, text: &str) -> BTreeMap<&'a str, usize> {
    let mut places: BTreeMap<&str, (bool, usize)> = BTreeMap::new();
    for directive in directives(text).iter().filter(|directive| ["snapshot", "lanes"].contains(&directive.name)) {
        let Ok(Arguments { words, .. }) = Arguments::parse(directive.rest, &[]) else {
            continue;
        };
        if let Some(probe) = words.first().and_then(|name| probe_of(project, chapter, name)) {
            // What is not folded away comes first.
            let before = &text[..directive.range.start];
            let folded = before.matches("<details").count() > before.matches("</details").count();
            let place = (folded, directive.range.start);
            places.entry(probe).and_modify(|first| *first = place.min(*first)).or_insert(place);
        }
    }
    places.into_iter().map(|(probe, (_, start))| (probe, start)).collect()
}
