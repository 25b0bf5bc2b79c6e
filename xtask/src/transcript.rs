//! What a program prints, as HTML.
//!
//! Each line is an element of its own, so that one too long for a narrow screen goes on below, indented, and is neither
//! cut nor scrolled. The style sheet does it, without scripts. The newlines are between the elements: what is copied is
//! the plain text.

use crate::html::escape;

/// A transcript; `id` is its place on the page.
pub fn html(lines: &[&str], id: Option<&str>) -> String {
    let id = id.map(|id| format!(" id=\"{id}\"")).unwrap_or_default();
    // `nohighlight`: highlight.js would take `-->` for the prompt of a shell.
    let mut html = format!("<pre class=\"transcript\"{id}><code class=\"nohighlight\">");
    for line in lines {
        html.push_str(&format!("<span>{}</span>\n", escape(line)));
    }
    html + "</code></pre>"
}
