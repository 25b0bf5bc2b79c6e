//! The snapshots: what was printed, and which chapter under which probe it shows.

use crate::source::project::{Chapter, Project};
use close_call::command::book;
use pictures::excerpt::Excerpt;

/// A snapshot as it is stored.
pub struct Snapshot {
    /// From the project's root.
    pub path: String,
    text: String,
}

impl Snapshot {
    /// Where the one with this name is, from the project's root.
    pub fn path(name: &str) -> String {
        format!("tests/snapshots/{name}.snap")
    }

    /// Reads the one with this name.
    pub fn read(project: &Project, name: &str) -> Result<Snapshot, String> {
        let path = Snapshot::path(name);
        let text = project.text(&path)?;
        match book::body(&text) {
            Some(_) => Ok(Snapshot { path, text }),
            None => Err(format!("{path} does not begin with insta's front matter, a part between two lines of `---`")),
        }
    }

    /// What was printed. The lines are numbered as in the file.
    pub fn printed(&self) -> Excerpt<'_> {
        Excerpt::printed(&self.text)
    }
}

/// The probe under which a snapshot shows a chapter, as its name has it: `04-use-after-close` is the chapter's own story,
/// `04-use-after-close-impatient-trace` the trace of another.
pub fn probe_of<'a>(project: &'a Project, chapter: &'a Chapter, snapshot: &str) -> Option<&'a str> {
    let named = |probe: Option<&str>| {
        ["", "trace", "trace-json"].iter().any(|trace| book::story(&chapter.name, probe, trace) == snapshot)
    };
    match named(None) {
        true => chapter.story.as_deref(),
        false => project.probes().find(|probe| named(Some(*probe))),
    }
}
