//! What a program prints, as HTML.
//!
//! Each line is an element of its own, so that one too long for a narrow screen goes on below, further in, and is
//! neither cut nor scrolled. The style sheet does it, without scripts. The newlines are between the elements: what is copied is
//! the plain text.

use crate::source::html::escape;

/// How far in a line may begin so that what goes on below it begins there, too.
const MAX_INDENT: usize = 12;

/// So many spaces at the beginning of a line are layout, which a narrow screen does without.
const FAR: usize = 20;

/// A transcript; `id` is its place on the page.
pub fn html(lines: &[&str], id: Option<&str>) -> String {
    let id = id.map(|id| format!(" id=\"{id}\"")).unwrap_or_default();
    // `nohighlight`: highlight.js would take `-->` for the prompt of a shell.
    let mut html = format!("<pre class=\"transcript\"{id}><code class=\"nohighlight\">");
    for line in lines {
        // Far to the right there would be no room.
        let indent = (line.len() - line.trim_start_matches(' ').len()).min(MAX_INDENT);
        let indent = if indent > 0 { format!(" style=\"--indent:{indent}ch\"") } else { String::new() };
        // What begins far to the right is the table of a trace, below its call: on a phone it begins at the left.
        let text = line.trim_start_matches(' ');
        let line = match line.len() - text.len() {
            FAR.. => format!("<i>{}</i>{}", &line[..line.len() - text.len()], escape(text)),
            _ => escape(line),
        };
        html.push_str(&format!("<span{indent}>{line}</span>\n"));
    }
    html + "</code></pre>"
}
