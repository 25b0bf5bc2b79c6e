//! `{{#lanes NAME}}`: the lanes of a snapshot that is a trace in JSON; `from` and `to` as of a snapshot.

use super::block::{Block, Kind, Page, borrowed};
use crate::source::snapshots::Snapshot;
use pictures::frame::prefix;
use pictures::lanes::draw::{Limits, draw};
use pictures::lanes::show::framed;
use pictures::part::Part;

pub const KIND: Kind = Kind {
    name: "lanes",
    usage: "{{#lanes NAME}} or {{#lanes NAME from=\"TEXT\" to=\"TEXT\"}}",
    read: |mut given| {
        let texts = given.texts()?;
        let [name] = given.words()?;
        Ok(Box::new(Lanes { name, texts }))
    },
};

struct Lanes {
    name: String,
    texts: Option<(String, String)>,
}

impl Block for Lanes {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let snapshot = Snapshot::read(page.project, &self.name)?;
        let part = Part::of(&snapshot.path, &snapshot.printed(), borrowed(&self.texts))?;
        let drawing = draw(&part, Limits::PAGE).map_err(|what| format!("{}: {what}", snapshot.path))?;
        let id = format!("{}-lanes-{}-{}", prefix(page.path), self.name.trim_end_matches("-trace-json"), part.first());
        Ok(framed(&part, &drawing, &id, |framed| framed.html(page.id.as_deref())))
    }

    fn snapshot(&self) -> Option<&str> {
        Some(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use crate::source::project::Project;
    use crate::tiny::{Tiny, fault};

    #[test]
    fn lanes_on_a_page_have_words_a_key_and_the_place_to_which_the_scoreboard_leads() {
        let tiny = Tiny::new();
        let text = Project::here().read("tests/snapshots/04-use-after-close-trace-json.snap").unwrap();
        tiny.write("tests/snapshots/02-shut-trace-json.snap", &text);
        tiny.append(
            "book/src/02-shut.md",
            "\n{{#lanes 02-shut-trace-json from=\"alice\\\",\\\"call\\\":\\\"close\" to=\"ended\"}}\n",
        );
        let shown = tiny.shown();
        for part in [
            "<figure class=\"lanes\" id=\"under-leaves\">",
            "role=\"group\" aria-label=\"Lanes of 04-use-after-close\" tabindex=\"0\"",
            "role=\"img\" aria-labelledby=\"in-02-lanes-02-shut-22-title\" aria-describedby=\"in-02-lanes-02-shut-22-desc\"",
            "<title id=\"in-02-lanes-02-shut-22-title\">Lanes of 04-use-after-close</title>",
            "<figcaption><b>r</b> readable, as select says; a line leads to the call that acts on it",
            "<span data-of=\"stale\">; dashed red: closed in between</span>",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn lanes_that_cannot_be_drawn_are_faults_of_the_page() {
        assert_eq!(fault("{{#lanes 02-none}}"), "tests/snapshots/02-none.snap: No such file or directory (os error 2)");
        assert_eq!(
            fault("{{#lanes 02-shut}}"),
            "tests/snapshots/02-shut.snap: no call is in it; a trace is what --trace=json prints"
        );
    }
}
