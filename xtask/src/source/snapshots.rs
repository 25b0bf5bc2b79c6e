//! The snapshots: what was printed, and which chapter under which probe it shows.

use crate::source::excerpts::Excerpt;
use crate::source::project::{Chapter, Project};

/// A snapshot as it is stored.
pub struct Snapshot {
    /// From the project's root.
    pub path: String,
    text: String,
    /// Where the front matter of insta ends, in bytes.
    start: usize,
}

impl Snapshot {
    /// Reads the one with this name.
    pub fn read(project: &Project, name: &str) -> Result<Snapshot, String> {
        let path = format!("tests/snapshots/{name}.snap");
        let text = project.read(&path).map_err(|error| format!("{path}: {error}"))?;
        match text.strip_prefix("---\n").and_then(|rest| rest.find("\n---\n")) {
            Some(end) => Ok(Snapshot { path, text, start: "---\n".len() + end + "\n---\n".len() }),
            None => Err(format!("{path} does not begin with insta's front matter, a part between two lines of `---`")),
        }
    }

    /// What was printed. The lines are numbered as in the file.
    pub fn printed(&self) -> Excerpt<'_> {
        let (front_matter, body) = self.text.split_at(self.start);
        Excerpt { first: front_matter.lines().count() + 1, lines: body.lines().collect() }
    }
}

/// The probe under which a snapshot shows a chapter, as its name has it: `04-use-after-close` is the chapter's own story,
/// `04-use-after-close-impatient-trace` the trace of another.
pub fn probe_of<'a>(project: &'a Project, chapter: &'a Chapter, snapshot: &str) -> Option<&'a str> {
    let rest = snapshot.strip_prefix(&chapter.name)?;
    let rest = ["-trace", "-trace-json"].iter().find_map(|end| rest.strip_suffix(end)).unwrap_or(rest);
    match rest.strip_prefix('-') {
        None => chapter.story.as_deref().filter(|_| rest.is_empty()),
        Some(name) => project.probes().find(|probe| *probe == name),
    }
}
