//! Where a chapter's page shows what happens to its program under a probe: the scoreboard's cells lead there.

use super::block::Read;
use crate::book::directive::{Directive, directives};
use crate::source::project::{Chapter, Project};
use crate::source::snapshots::probe_of;
use std::collections::BTreeMap;

/// The `id` of the place that shows this probe.
pub fn id(probe: &str) -> String {
    format!("under-{probe}")
}

/// The snapshots that a page shows, each with where, in bytes, the directive begins that shows it.
pub fn snapshots(text: &str, read: Read) -> Vec<(usize, String)> {
    let shown = |directive: &Directive| {
        let block = read(directive).ok()?;
        Some((directive.range.start, block.snapshot()?.to_string()))
    };
    directives(text).iter().filter_map(shown).collect()
}

/// The probes that a chapter's page shows by its snapshots, each with where the directive begins that shows it.
pub fn evidence<'a>(
    project: &'a Project,
    chapter: &'a Chapter,
    text: &str,
    snapshots: &[(usize, String)],
) -> BTreeMap<&'a str, usize> {
    let mut places: BTreeMap<&str, (bool, usize)> = BTreeMap::new();
    for (start, name) in snapshots {
        if let Some(probe) = probe_of(project, chapter, name) {
            // What is not folded away comes first.
            let before = &text[..*start];
            let folded = before.matches("<details").count() > before.matches("</details").count();
            let found = (folded, *start);
            places.entry(probe).and_modify(|first| *first = found.min(*first)).or_insert(found);
        }
    }
    places.into_iter().map(|(probe, (_, start))| (probe, start)).collect()
}
