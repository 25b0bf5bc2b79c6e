//! `{{#listing NAME}}`: a whole chapter with line numbers, which is what book/src/listings/NAME.md shows.

use super::block::{Block, Kind, Page, caption, check_excerpt, numbered};
use crate::source::project::{PAGES, chapter_file};
use maud::html;
use pictures::excerpt::Excerpt;

pub const KIND: Kind = Kind {
    name: "listing",
    usage: "{{#listing NAME}}",
    read: |given| {
        let [chapter] = given.words()?;
        Ok(Box::new(Listing { chapter }))
    },
};

struct Listing {
    chapter: String,
}

impl Block for Listing {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let path = chapter_file(&self.chapter);
        let file = page.project.text(&path)?;
        let code = Excerpt::whole(&file);
        check_excerpt(&path, &code)?;
        let own = page.project.has(&format!("{PAGES}/{}.md", self.chapter));
        let words = html! {
            (path) ", " (code.lines.len()) " lines"
            @if own { ", " a href={ (page.up()) (self.chapter) ".html" } { "explained on its page" } }
        };
        Ok(caption(&words) + &numbered(&code).into_string())
    }
}

#[cfg(test)]
mod tests {
    use crate::tiny::{Tiny, fault};

    #[test]
    fn a_listing() {
        let tiny = Tiny::saying("{{#listing 03-x}}");
        tiny.write("chapters/03-x.rs", "# a\n\nb < c\n");
        tiny.write("book/src/03-x.md", "# 3. X\n");
        tiny.write("book/src/listings/03-x.md", "{{#listing 03-x}}\n");
        tiny.append("book/src/SUMMARY.md", "- [3. X](03-x.md)\n- [X](listings/03-x.md)\n");
        let tiny = Tiny { chapters: vec![("01-open", None), ("02-shut", None), ("03-x", None)], ..tiny };
        assert_eq!(
            tiny.shown(),
            "<p class=\"listing\">chapters/03-x.rs, 3 lines, <a href=\"03-x.html\">explained on its page</a></p>\n\n\
             <pre class=\"numbered\"><code class=\"language-rust ignore\">\
             <span id=\"L1\" data-line=\"1\"># a\n</span><span id=\"L2\" data-line=\"2\">\n</span>\
             <span id=\"L3\" data-line=\"3\">b &lt; c\n</span></code></pre>"
        );
        assert_eq!(fault("{{#listing lost}}"), "chapters/lost.rs: No such file or directory (os error 2)");
    }
}
