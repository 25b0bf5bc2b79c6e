//! `{{#snapshot NAME}}`: what a program printed, from tests/snapshots/NAME.snap; with `from` and `to` the part from the
//! first line with the one text to the next with the other.
//!
//! Each line is an element of its own, so that one too long for a narrow screen goes on below, further in, and is
//! neither cut nor scrolled. The style sheet does it, without scripts. The newlines are between the elements: what is
//! copied is the plain text.

use super::block::{Block, Kind, Page, borrowed, check_excerpt};
use crate::source::snapshots::Snapshot;
use maud::{Markup, html};

/// How far in a line may begin so that what goes on below it begins there, too.
const MAX_INDENT: usize = 12;

/// From so many spaces on, what a line begins with is layout, which a narrow screen does without.
const FAR: usize = 20;

pub const KIND: Kind = Kind {
    name: "snapshot",
    usage: "{{#snapshot NAME}} or {{#snapshot NAME from=\"TEXT\" to=\"TEXT\"}}",
    read: |mut given| {
        let texts = given.texts()?;
        let [name] = given.words()?;
        Ok(Box::new(Transcript { name, texts }))
    },
};

struct Transcript {
    name: String,
    texts: Option<(String, String)>,
}

impl Block for Transcript {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let snapshot = Snapshot::read(page.project, &self.name)?;
        let all = snapshot.printed();
        let excerpt = match borrowed(&self.texts) {
            Some((from, to)) => all.part(&snapshot.path, from, to)?,
            None => all,
        };
        check_excerpt(&snapshot.path, &excerpt)?;
        // `nohighlight`: highlight.js would take `-->` for the prompt of a shell.
        let html = html! {
            pre class="transcript" id=[page.id.as_ref()] {
                code class="nohighlight" { @for line in &excerpt.lines { (printed(line)) "\n" } }
            }
        };
        Ok(html.into_string())
    }

    fn snapshot(&self) -> Option<&str> {
        Some(&self.name)
    }
}

fn printed(line: &str) -> Markup {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    let style = (indent > 0).then(|| format!("--indent:{}ch", indent.min(MAX_INDENT)));
    html! {
        span style=[style] {
            // What begins far to the right is the table of a trace, below its call: on a phone it begins at the left.
            @if indent >= FAR { i { (line[..indent]) } (text) } @else { (line) }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tiny::{Tiny, expanded, fault};

    /// The lines of a transcript as they are written in HTML.
    fn text_of(transcript: &str) -> String {
        let (_, code) = transcript.split_once("<code class=\"nohighlight\">").unwrap();
        code.split_once("</code>").unwrap().0.replace("<span>", "").replace("</span>", "")
    }

    #[test]
    fn a_snapshot() {
        assert_eq!(
            expanded("before\n{{#snapshot 02-shut}}\nafter\n"),
            "before\n\n<pre class=\"transcript\" id=\"under-leaves\"><code class=\"nohighlight\"><span>listening</span>\n\
             <span style=\"--indent:2ch\">  alice: hello</span>\n<span>closed</span>\n</code></pre>\n\n\nafter\n"
        );
    }

    #[test]
    fn a_part_of_a_snapshot() {
        let tiny = Tiny::new();
        tiny.write("tests/snapshots/x.snap", "---\nsource: y\n---\na 1\nb 1\na 2\nb 2\n");
        for (texts, shown) in [
            ("from=\"a\" to=\"b\"", "a 1\nb 1\n"),
            ("from=\"b\" to=\"b\"", "b 1\n"),
            ("from=\"b\" to=\"a\"", "b 1\na 2\n"),
        ] {
            let expanded = tiny.expanded("x.md", &format!("{{{{#snapshot x {texts}}}}}"));
            assert_eq!(text_of(&expanded), shown);
        }
    }

    #[test]
    fn a_snapshot_as_it_is_stored() {
        let tiny = Tiny::new();
        tiny.write("tests/snapshots/a b@c.snap", "---\nsource: y\n---\n\n---\n````\n<b>  \n# x\n\n");
        assert_eq!(text_of(&tiny.expanded("x.md", "{{#snapshot \"a b@c\"}}")), "\n---\n````\n&lt;b&gt;  \n# x\n\n");
    }

    #[test]
    fn snapshots_that_are_not_there() {
        assert_eq!(fault("{{#snapshot x}}"), "tests/snapshots/x.snap: No such file or directory (os error 2)");
        assert_eq!(
            fault("{{#snapshot 02-shut from=\"lost\" to=\"closed\"}}"),
            "no line of tests/snapshots/02-shut.snap contains `lost`"
        );
        assert_eq!(
            fault("{{#snapshot 02-shut from=\"alice\" to=\"listening\"}}"),
            "no line of tests/snapshots/02-shut.snap from line 5 on contains `listening`"
        );
        let tiny = Tiny::new();
        tiny.write("tests/snapshots/bare.snap", "listening\n");
        assert_eq!(
            tiny.fault("{{#snapshot bare}}"),
            "tests/snapshots/bare.snap does not begin with insta's front matter, a part between two lines of `---`"
        );
        tiny.write("tests/snapshots/empty.snap", "---\nsource: y\n---\n\n");
        assert_eq!(tiny.fault("{{#snapshot empty}}"), "tests/snapshots/empty.snap has nothing to show");
    }
}
