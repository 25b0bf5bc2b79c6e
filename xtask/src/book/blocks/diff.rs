//! `{{#diff A B}}`: how chapter B differs from chapter A. What has a `/` in it is a path from the project's root.

use super::block::{Block, Kind, Page, caption, check_lines};
use crate::source::excerpts::{Change, difference, fence};
use crate::source::project::chapter_file;
use maud::html;

pub const KIND: Kind = Kind {
    name: "diff",
    usage: "{{#diff A B}}",
    read: |given| {
        let file = |name: String| if name.contains('/') { name } else { chapter_file(&name) };
        let [old, new] = given.words()?;
        Ok(Box::new(Difference { old: file(old), new: file(new) }))
    },
};

struct Difference {
    old: String,
    new: String,
}

impl Block for Difference {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let Difference { old, new } = self;
        let (old_file, new_file) = (page.project.text(old)?, page.project.text(new)?);
        let hunks = difference(&old_file, &new_file);
        if hunks.is_empty() {
            return Err(format!("{old} and {new} differ in nothing, except perhaps in their first comment"));
        }
        let mut lines = Vec::new();
        for hunk in &hunks {
            // Where it is in the new file.
            let first = hunk.iter().find(|change| change.sign != '-').map_or(1, |change| change.number);
            lines.push((new, first, format!("@@ line {first} @@")));
            for Change { number, sign, line } in hunk {
                lines.push((if *sign == '-' { old } else { new }, *number, format!("{sign}{line}")));
            }
        }
        for file in [old, new] {
            let of_it = lines.iter().filter(|(path, ..)| *path == file);
            check_lines(file, of_it.map(|(_, number, line)| (*number, line.as_str())))?;
        }
        let lines: Vec<&str> = lines.iter().map(|(.., line)| line.as_str()).collect();
        let words = html! { "from " (page.linked(old, None)) " to " (page.linked(new, None)) };
        Ok(caption(&words) + &fence("diff", &lines))
    }
}

#[cfg(test)]
mod tests {
    use crate::tiny::{Tiny, expanded, fault};

    #[test]
    fn a_difference() {
        let caption = "<p class=\"listing\">from <a href=\"listings/01-open.html\">chapters/01-open.rs</a> \
                       to <a href=\"listings/02-shut.html\">chapters/02-shut.rs</a></p>";
        let lines = "@@ line 6 @@\n \n     look(fd);\n+    shut(fd);\n }\n";
        let lines = lines.replacen("line 6 @@\n", "line 5 @@\n     let fd = open();\n", 1);
        let shown = format!("\n{caption}\n\n```diff\n{lines}```\n\n");
        assert_eq!(expanded("{{#diff 01-open 02-shut}}"), shown);
        assert_eq!(expanded("{{#diff chapters/01-open.rs 02-shut}}"), shown);
    }

    #[test]
    fn a_difference_in_two_places() {
        let tiny = Tiny::new();
        tiny.write("x/a.rs", "//! a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
        tiny.write("x/b.rs", "//! b\n//! b\none\n2\n3\n4\n5\n6\n7\n8\n");
        let shown = tiny.expanded("x.md", "{{#diff x/a.rs x/b.rs}}");
        let (_, lines) = shown.split_once("```diff\n").unwrap();
        assert_eq!(lines, "@@ line 3 @@\n-1\n+one\n 2\n 3\n 4\n@@ line 8 @@\n 6\n 7\n 8\n-9\n```\n\n");
    }

    #[test]
    fn no_difference() {
        let tiny = Tiny::new();
        tiny.write("chapters/03-same.rs", &tiny.read("chapters/02-shut.rs").replace("//! ", "//! Again: "));
        assert_eq!(
            tiny.fault("{{#diff 02-shut 03-same}}"),
            "chapters/02-shut.rs and chapters/03-same.rs differ in nothing, except perhaps in their first comment"
        );
        assert_eq!(fault("{{#diff 01-open lost}}"), "chapters/lost.rs: No such file or directory (os error 2)");
    }
}
