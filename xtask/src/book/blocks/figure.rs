//! `{{#figure KIND NAME}}`: a figure of an idea, drawn from a snapshot that is a trace in JSON; `queue` takes several names,
//! one below the other. `from` and `to` as of a snapshot.

use super::block::{Block, Kind, Page, borrowed};
use crate::source::snapshots::Snapshot;
use pictures::frame::prefix;
use pictures::ideas::Idea;
use pictures::part::Part;

pub const KIND: Kind = Kind {
    name: "figure",
    usage: "{{#figure KIND NAME}}, for queue with several names",
    read: |mut given| {
        let texts = given.texts()?;
        let mut words = given.all_words()?.into_iter();
        let idea = words.next().and_then(|kind| Idea::by_name(&kind));
        let names: Vec<String> = words.collect();
        let idea = idea.filter(|idea| idea.takes(names.len()));
        let Some(idea) = idea else {
            return Err(format!("write {}; KIND is one of {}", KIND.usage, Idea::names().join(", ")));
        };
        Ok(Box::new(Figure { idea, names, texts }))
    },
};

struct Figure {
    idea: &'static Idea,
    names: Vec<String>,
    texts: Option<(String, String)>,
}

impl Block for Figure {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let mut parts = Vec::new();
        for name in &self.names {
            let snapshot = Snapshot::read(page.project, name)?;
            parts.push(Part::of(&snapshot.path, &snapshot.printed(), borrowed(&self.texts))?);
        }
        let names = self.names.join("-").replace("-trace-json", "");
        let id = format!("{}-{}-{names}", prefix(page.path), self.idea.name);
        let drawn = self.idea.framed(&parts, &id);
        drawn.map_err(|what| format!("{} of {}: {what}", self.idea.title, self.names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::blocks::read;
    use crate::book::directive::directives;
    use crate::source::project::Project;

    fn at<'a>(project: &'a Project, path: &'a str) -> Page<'a> {
        Page { project, path, id: None, read }
    }

    #[test]
    fn the_pictures_of_the_pages_fit() {
        let project = Project::here();
        let mut seen = 0;
        for page in project.files("book/src") {
            let text = project.read(&format!("book/src/{page}")).unwrap();
            for directive in
                directives(&text).into_iter().filter(|directive| ["lanes", "figure", "steps"].contains(&directive.name))
            {
                let html = read(&directive).unwrap().draw(&at(&project, &page)).unwrap();
                let (_, rest) = html.split_once(" width=\"").unwrap();
                let width: f64 = rest.split('"').next().unwrap().parse().unwrap();
                assert!(width <= 750.0, "{page}: {} is {width} px wide", directive.text);
                seen += 1;
            }
        }
        assert!(seen >= 18, "they are found: {seen}");
    }

    #[test]
    fn a_figure_of_lists_is_refused_where_its_rule_does_not_hold() {
        let project = Project::here();
        let lists = |name: &str, (from, to): (&str, &str)| {
            let texts = Some((from.to_string(), to.to_string()));
            let idea = Idea::by_name("lists").unwrap();
            Figure { idea, names: vec![format!("{name}-trace-json")], texts }.draw(&at(&project, "x.md"))
        };
        let pass = ("\"w\":[4],\"x\":[]}", "ended");
        assert!(lists("05-log-before-close-impatient", pass).unwrap().contains("class=\"ring\""));
        // Chapter 9 keeps no lists; select is asked about the clients first.
        let error = lists("09-owned-connections", ("\"w\":[4],\"x\":[]}", "\"ret\":\"4, 127.0.0.1:<bob>")).unwrap_err();
        assert!(error.ends_with("line 20: select was not asked about the lists that the rule gives"), "{error}");
        let error = lists("05-log-before-close-impatient", ("SIGSTOP", "ended")).unwrap_err();
        assert!(error.ends_with("the stretch must be one pass, and begin with its select"), "{error}");
    }
}
