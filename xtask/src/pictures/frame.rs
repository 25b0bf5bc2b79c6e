//! A picture on a page, and one that stands alone.

use super::svg::number;
use crate::source::html::escape;
use crate::source::project::is_numbered;

/// The style of all pictures: the book's pages load it, and what stands alone has it in it.
const STYLE: &str = include_str!("../../../book/theme/lanes.css");

/// A picture and its words.
pub struct Framed<'a> {
    /// Begins the `id`s of its title and its description.
    pub id: &'a str,
    /// What it shows, in a few words.
    pub title: &'a str,
    /// What happens in it, in sentences.
    pub description: &'a str,
    /// What its signs mean, as HTML; may be empty.
    pub key: &'a str,
    /// SVG elements.
    pub shapes: &'a str,
    /// Its size.
    pub size: (f64, f64),
}

impl Framed<'_> {
    fn svg(&self, attributes: &str, first: &str) -> String {
        let Framed { id, title, description, shapes, .. } = self;
        let (width, height) = (number(self.size.0), number(self.size.1));
        let (title, description) = (escape(title), escape(description));
        format!(
            "<svg {attributes}viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
             aria-labelledby=\"{id}-title\" aria-describedby=\"{id}-desc\">\n<title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-desc\">{description}</desc>\n{first}{shapes}</svg>"
        )
    }

    /// For a page: no blank line is in it, so that Markdown takes all of it for HTML.
    pub fn html(&self, anchor: Option<&str>) -> String {
        let anchor = anchor.map(|anchor| format!(" id=\"{anchor}\"")).unwrap_or_default();
        let key = if self.key.is_empty() { String::new() } else { format!("<figcaption>{}</figcaption>\n", self.key) };
        // It may be wider than the page. Whoever has no mouse can scroll it once it has the focus.
        format!(
            "<figure class=\"lanes\"{anchor}>\n<div class=\"frame\" role=\"group\" aria-label=\"{}\" tabindex=\"0\">\n\
             {}\n</div>\n{key}</figure>",
            escape(self.title),
            self.svg("", "")
        )
    }

    /// For a file: with its style and its ground, in light and in dark.
    pub fn file(&self) -> String {
        let first = format!(
            "<style>\n.lanes {{ --fg: #1f2328; --bg: #fff; --bad: #ad111d; }}\n\
             @media (prefers-color-scheme: dark) {{\n    .lanes {{ --fg: #e6edf3; --bg: #0d1117; --bad: #ff7b72; }}\n}}\n\
             .lanes .ground {{ fill: var(--bg); stroke: none; }}\n{STYLE}</style>\n\
             <rect class=\"ground\" width=\"100%\" height=\"100%\" rx=\"6\"/>\n"
        );
        self.svg("xmlns=\"http://www.w3.org/2000/svg\" class=\"lanes\" ", &first) + "\n"
    }
}

/// What the `id`s of a page's pictures begin with: on the page that is printed, all pages are one.
pub fn prefix(page: &str) -> String {
    let name = page.strip_suffix(".md").unwrap_or(page).replace('/', "-");
    match name.split_once('-') {
        Some((number, _)) if is_numbered(&name) => format!("in-{number}"),
        _ => format!("in-{name}"),
    }
}
