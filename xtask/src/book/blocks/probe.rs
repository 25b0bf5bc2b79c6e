//! `{{#probe NAME}}`: what the clients of a probe do, in words, from probes/NAME.probe. The scoreboard leads there.

use super::block::{Block, Kind, Page, caption, check_excerpt};
use crate::source::excerpts::{fence, language};
use crate::source::project::{PAGES, Project};
use maud::html;
use pictures::excerpt::Excerpt;

pub const KIND: Kind = Kind {
    name: "probe",
    usage: "{{#probe NAME}}",
    read: |given| {
        let [name] = given.words()?;
        Ok(Box::new(Words { name }))
    },
};

struct Words {
    name: String,
}

/// The page that says what a script is, from book/src.
const LANGUAGE: &str = "script.html";

impl Block for Words {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let path = format!("probes/{}.probe", self.name);
        let file = page.project.text(&path)?;
        let words = Excerpt::whole(&file);
        check_excerpt(&path, &words)?;
        let up = page.up();
        let said = html! {
            span id=(id(&self.name)) { (path) ": what the clients do, " a href={ (up) (LANGUAGE) } { "in words" } }
        };
        Ok(caption(&said) + &fence(language(&path), &words.lines))
    }
}

/// The `id` of the place that shows the words of this probe.
fn id(probe: &str) -> String {
    format!("probe-{probe}")
}

/// The place on a page, its name given from book/src without `.md`, that shows the words of this probe, if it does: what
/// follows the page's address.
pub fn place(project: &Project, page: &str, probe: &str) -> String {
    let text = project.read(&format!("{PAGES}/{page}.md")).unwrap_or_default();
    let shown = text.lines().any(|line| line.trim() == format!("{{{{#probe {probe}}}}}"));
    if shown { format!("#{}", id(probe)) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{Tiny, fault};

    #[test]
    fn the_words_of_a_probe() {
        let tiny = Tiny::new();
        tiny.write("probes/rude.probe", "# rude: resets\nalice connects\nalice resets\n");
        assert_eq!(
            tiny.expanded("deep/x.md", "{{#probe rude}}"),
            "\n<p class=\"listing\"><span id=\"probe-rude\">probes/rude.probe: what the clients do, \
             <a href=\"../script.html\">in words</a></span></p>\n\n\
             ```text\n# rude: resets\nalice connects\nalice resets\n```\n\n"
        );
        assert_eq!(fault("{{#probe lost}}"), "probes/lost.probe: No such file or directory (os error 2)");
        tiny.append("book/src/01-open.md", "\n{{#probe rude}}\n");
        assert_eq!(place(&tiny.project(), "01-open", "rude"), "#probe-rude");
        assert_eq!(place(&tiny.project(), "02-shut", "rude"), "");
    }
}
