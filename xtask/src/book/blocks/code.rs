//! `{{#code PATH}}`: a file of the project, its path from the project's root; with `from` and `to` a part of it, as of a
//! snapshot, where only one line of the file may hold the first text.

use super::block::{Block, Kind, Page, borrowed, caption, check_excerpt};
use crate::source::excerpts::{fence, language};
use maud::html;
use pictures::excerpt::Excerpt;

pub const KIND: Kind = Kind {
    name: "code",
    usage: "{{#code PATH}} or {{#code PATH from=\"TEXT\" to=\"TEXT\"}}",
    read: |mut given| {
        let texts = given.texts()?;
        let [path] = given.words()?;
        Ok(Box::new(Code { path, texts }))
    },
};

struct Code {
    path: String,
    texts: Option<(String, String)>,
}

impl Block for Code {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let path = &self.path;
        let file = page.project.text(path)?;
        let all = Excerpt::whole(&file);
        let (excerpt, place) = match borrowed(&self.texts) {
            Some((from, to)) => {
                let count = all.lines.iter().filter(|line| line.contains(from)).count();
                if count > 1 {
                    return Err(format!("{count} lines of {path} contain `{from}`; only one may"));
                }
                let part = all.part(path, from, to)?.closed(&all);
                let place = match part.last() {
                    last if last == part.first => format!(", line {last}"),
                    last => format!(", lines {} to {last}", part.first),
                };
                (part.dedented(), place)
            }
            None => (all, String::new()),
        };
        check_excerpt(path, &excerpt)?;
        let line = (!place.is_empty()).then_some(excerpt.first);
        let words = html! { (page.linked(path, line)) (place) };
        Ok(caption(&words) + &fence(language(path), &excerpt.lines))
    }
}

#[cfg(test)]
mod tests {
    use crate::tiny::{Tiny, expanded, fault};

    #[test]
    fn a_whole_file() {
        assert_eq!(
            expanded("{{#code chapters/01-open.rs}}"),
            "\n<p class=\"listing\"><a href=\"listings/01-open.html\">chapters/01-open.rs</a></p>\n\n```rust,ignore\n\
             //! Opens.\n\nfn main() {\n    let fd = open();\n\n    look(fd);\n}\n```\n\n"
        );
        assert!(
            expanded("{{#code Cargo.toml}}").starts_with("\n<p class=\"listing\">Cargo.toml</p>\n\n```toml\n[[bin]]\n")
        );
    }

    #[test]
    fn a_part_closes_what_it_has_opened() {
        let tiny = Tiny::new();
        tiny.write(
            "a.rs",
            "fn a() {\n    for b in c {\n        d({\n            e\n        });\n    }\n\n    f();\n}\n",
        );
        let shown = |directive: &str| {
            let all = tiny.expanded("x.md", directive);
            all.split_once("ignore\n").unwrap().1.trim_end().trim_end_matches('`').to_string()
        };
        assert_eq!(shown("{{#code a.rs from=\"for b\" to=\"e\"}}"), "for b in c {\n    d({\n        e\n    });\n}\n");
        let part = shown("{{#code a.rs from=\"d({\" to=\"e\"}}");
        assert_eq!(part, "d({\n    e\n});\n", "and nothing that it has not opened");
        assert_eq!(shown("{{#code a.rs from=\"for b\" to=\"for b\"}}"), "for b in c {\n", "what follows does more");
    }

    #[test]
    fn a_part_of_a_file() {
        let caption = "<p class=\"listing\"><a href=\"../listings/01-open.html#L4\">chapters/01-open.rs</a>";
        assert_eq!(
            Tiny::new().expanded("deep/x.md", "{{#code chapters/01-open.rs from=\"let fd\" to=\"look\"}}"),
            format!("\n{caption}, lines 4 to 6</p>\n\n```rust,ignore\nlet fd = open();\n\nlook(fd);\n```\n\n")
        );
        assert_eq!(
            Tiny::new().expanded("deep/x.md", "{{#code chapters/01-open.rs from=\"let fd\" to=\"let\"}}"),
            format!("\n{caption}, line 4</p>\n\n```rust,ignore\nlet fd = open();\n```\n\n")
        );
    }

    #[test]
    fn quotes_and_braces_in_texts() {
        let tiny = Tiny::new();
        tiny.write("a.py", "if x:\n\tprint(\"{}\\n\")\n\n\t}}\n");
        assert_eq!(
            tiny.expanded("x.md", "{{#code a.py from=\"\\\"{}\\\\n\" to=\"}}\"}}"),
            "\n<p class=\"listing\">a.py, lines 2 to 4</p>\n\n```python\nprint(\"{}\\n\")\n\n}}\n```\n\n"
        );
    }

    #[test]
    fn code_that_is_not_there() {
        assert_eq!(fault("{{#code lost.rs}}"), "lost.rs: No such file or directory (os error 2)");
        assert_eq!(
            fault("{{#code chapters/01-open.rs from=\"lost\" to=\"}\"}}"),
            "no line of chapters/01-open.rs contains `lost`"
        );
        assert_eq!(
            fault("{{#code chapters/01-open.rs from=\"look\" to=\"open\"}}"),
            "no line of chapters/01-open.rs from line 6 on contains `open`"
        );
        assert_eq!(
            fault("{{#code chapters/01-open.rs from=\"fd\" to=\"}\"}}"),
            "2 lines of chapters/01-open.rs contain `fd`; only one may"
        );
    }

    #[test]
    fn rust_is_shown_as_it_is() {
        let tiny = Tiny::saying("{{#code x.rs}}");
        tiny.write("x.rs", "#![allow(x)]\n# one\n## two\n  #\nlast\n");
        // No line is hidden, none is added, and there is nothing to play with.
        assert_eq!(
            tiny.shown(),
            "<p class=\"listing\">x.rs</p>\n\n<pre><code class=\"language-rust ignore\">\
             #![allow(x)]\n# one\n## two\n  #\nlast</code></pre>"
        );
    }

    #[test]
    fn text_that_mdbook_would_take_for_a_directive() {
        let tiny = Tiny::new();
        tiny.write("x.txt", "a\nb {{ #include y}}\n");
        for directive in ["{{#code x.txt}}", "{{#code x.txt from=\"b\" to=\"b\"}}"] {
            assert_eq!(tiny.fault(directive), "x.txt, line 2: mdBook would take the `{{#` in it for a directive");
        }
    }
}
