//! A picture on a page, and one that stands alone.

use super::svg::number;
use close_call::command::ladder::is_numbered;
use maud::{Markup, PreEscaped, html};

/// The style of all pictures: the book's pages load it, and what stands alone has it in it.
const STYLE: &str = include_str!("../../book/theme/lanes.css");

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
    /// The drawing with its words. With a ground, which comes first, it can stand alone.
    fn svg(&self, ground: Option<String>) -> Markup {
        let Framed { id, title, description, shapes, .. } = self;
        let (width, height) = (number(self.size.0), number(self.size.1));
        let (title_id, description_id) = (format!("{id}-title"), format!("{id}-desc"));
        let alone = ground.is_some();
        html! {
            svg xmlns=[alone.then_some("http://www.w3.org/2000/svg")] class=[alone.then_some("lanes")]
                viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img"
                aria-labelledby=(title_id) aria-describedby=(description_id) {
                "\n" title id=(title_id) { (title) }
                "\n" desc id=(description_id) { (description) }
                "\n" (PreEscaped(ground.unwrap_or_default())) (PreEscaped(shapes))
            }
        }
    }

    /// For a page: no blank line is in it, so that Markdown takes all of it for HTML.
    pub fn html(&self, anchor: Option<&str>) -> String {
        // It may be wider than the page. Whoever has no mouse can scroll it once it has the focus.
        let html = html! {
            figure class="lanes" id=[anchor] {
                "\n" div class="frame" role="group" aria-label=(self.title) tabindex="0" { "\n" (self.svg(None)) "\n" }
                "\n" @if !self.key.is_empty() { figcaption { (PreEscaped(self.key)) } "\n" }
            }
        };
        html.into_string()
    }

    /// For a file: with its style and its ground, in light and in dark.
    pub fn file(&self) -> String {
        let ground = format!(
            "<style>\n.lanes {{ --fg: #1f2328; --bg: #fff; --bad: #ad111d; }}\n\
             @media (prefers-color-scheme: dark) {{\n    .lanes {{ --fg: #e6edf3; --bg: #0d1117; --bad: #ff7b72; }}\n}}\n\
             .lanes .ground {{ fill: var(--bg); stroke: none; }}\n{STYLE}</style>\n\
             <rect class=\"ground\" width=\"100%\" height=\"100%\" rx=\"6\"/>\n"
        );
        self.svg(Some(ground)).into_string() + "\n"
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
