//! `{{#steps NAME}}`: a recorded run that the reader goes through, call by call, beside the program that made the calls. `at`,
//! `ask`, `or` and `why` ask a question before a step, which `at` names as a link to it does: `send`, `accept-2`. A second
//! `at` begins a second question.
//!
//! It is a complete table, with the code beside it: so it is read without scripts, on paper and by a screen reader. A
//! script shows one row at a time, and nothing that has not happened: every row has all that can be seen at its step. Of
//! the code it shows the lines that the steps touch.
//!
//! ```text
//! question    what the reader is asked before the call that matters
//! rows        the table: a row for each call, and for what happens in between
//! figure      the code, the lanes and the table
//! ```

mod figure;
mod question;
mod rows;

use super::block::{Block, Kind, Page, borrowed, check_excerpt};
use crate::source::project::chapter_file;
use crate::source::snapshots::Snapshot;
use maud::html;
use pictures::excerpt::Excerpt;
use pictures::part::Part;
use question::Question;

pub const KIND: Kind = Kind {
    name: "steps",
    usage: "{{#steps NAME}} or {{#steps NAME from=\"TEXT\" to=\"TEXT\"}}, and for each question \
            at=\"CALL\" ask=\"TEXT\" or=\"ANSWER\" or=\"ANSWER\" why=\"TEXT\"",
    read: |mut given| {
        let texts = given.texts()?;
        let questions = Question::read_all(&mut given)?;
        let [name] = given.words()?;
        Ok(Box::new(Steps { name, texts, questions }))
    },
};

struct Steps {
    name: String,
    texts: Option<(String, String)>,
    questions: Vec<Question>,
}

impl Block for Steps {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let snapshot = Snapshot::read(page.project, &self.name)?;
        let part = Part::of(&snapshot.path, &snapshot.printed(), borrowed(&self.texts))?;
        let fault = |what: String| format!("{}: {what}", snapshot.path);
        let program = part.program().filter(|program| page.project.chapter(program).is_some());
        let program =
            program.ok_or_else(|| fault("it does not begin with the command that runs a chapter".to_string()))?;
        let path = chapter_file(program);
        let file = page.project.text(&path)?;
        let code = figure::called(&part, &Excerpt::whole(&file)).map_err(fault)?;
        check_excerpt(&path, &code)?;
        let caption = html! {
            p class="listing" { (page.linked(&path, Some(code.first))) ", lines " (code.first) " to " (code.last()) }
        };
        let chapter = program.split('-').next().unwrap_or(program);
        figure::html(&part, &code, &caption, chapter, &self.questions).map_err(fault)
    }
}

#[cfg(test)]
mod tests;
