//! The table: a row for each call, and for what happens in between.

use super::question::Question;
use close_call::probe::record::Record;
use maud::{Markup, html};
use pictures::hues::Hues;
use pictures::part::Part;
use pictures::svg::number;
use pictures::trace::{Happening, List, Number, Stale, Step};
use std::collections::BTreeMap;

/// The heads of the columns.
pub const HEADS: [&str; 4] = ["step", "call", "open after it", "what select was asked, and said"];

/// The rows of a stretch.
pub struct Rows<'a> {
    part: &'a Part,
    hues: Hues,
    /// Begins each `id`.
    prefix: String,
    /// The `id` of each call's row, by its index in the trace.
    pub ids: BTreeMap<usize, String>,
}

impl<'a> Rows<'a> {
    /// The rows of a stretch; `prefix` begins the `id` of each call's row.
    pub fn of(part: &'a Part, prefix: &str) -> Rows<'a> {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut ids = BTreeMap::new();
        for (index, step) in part.calls() {
            let count = seen.entry(&step.call).or_default();
            *count += 1;
            // A number would be another when a call is added; "the second accept" stays.
            let which = if *count > 1 { format!("-{count}") } else { String::new() };
            ids.insert(index, format!("{prefix}{}{which}", step.call));
        }
        Rows { part, hues: Hues::of(&part.trace), prefix: prefix.to_string(), ids }
    }

    /// The call before which a question is asked, by the name that a link to it has.
    pub fn asked_at(&self, name: &str) -> Result<usize, String> {
        let found = self.ids.iter().find(|(_, id)| id.strip_prefix(&self.prefix) == Some(name));
        found.map(|(index, _)| *index).ok_or_else(|| format!("there is no step `{name}` in this stretch"))
    }

    /// The rows as HTML. `ends` has where each call's column of the lanes ends, which are so `wide`.
    pub fn html(&self, ends: &[(usize, f64)], wide: f64, questions: &[(usize, &Question)]) -> Result<Markup, String> {
        let mut rows = Vec::new();
        let (mut line, mut shown) = (0, 0.0);
        let count = self.part.calls().count();
        for (position, (index, step)) in self.part.calls().enumerate() {
            rows.push(self.events(&step.before, None));
            for (_, question) in questions.iter().filter(|(at, _)| *at == index) {
                rows.push(asked(question, step, line, shown)?);
            }
            line = step.line;
            shown = ends.iter().find(|(at, _)| *at == index).map_or(shown, |(_, end)| *end);
            if position + 1 == count {
                shown = wide;
            }
            rows.push(self.call(index, step, (position + 1, count), shown));
            rows.push(self.events(&step.after, Some("after")));
        }
        rows.push(self.events(&self.part.trace.after, Some("after")));
        Ok(html! { @for row in rows { (row) } })
    }

    fn call(&self, index: usize, step: &Step, (position, count): (usize, usize), end: f64) -> Markup {
        html! {
            tr id=[self.ids.get(&index)] data-line=(step.line) data-x=(number(end)) role="row" {
                th role="rowheader" scope="row" { (position) " of " (count) }
                td role="cell" {
                    code class=[step.result.is_err().then_some("bad")] { ":" (step.line) " " (step.text()) }
                    @if let Some(note) = self.note(step) { " " em class="bad" { (note) } }
                }
                td role="cell" {
                    "open:"
                    @if step.fds.is_empty() { " none" }
                    @for (fd, tenure) in &step.fds { " " (self.chip(*fd, *tenure, "")) }
                }
                td role="cell" { (self.lists(index, step)) }
            }
            "\n"
        }
    }

    /// What is wrong with the number that a call uses.
    fn note(&self, step: &Step) -> Option<String> {
        let Stale { meant, reached } = step.stale?;
        let name = |tenure: usize| self.part.trace.tenures[tenure].owner.name();
        let meant = name(meant);
        Some(match (reached, step.fd) {
            (Some(reached), _) => format!("meant for {meant}, reaches {}", name(reached)),
            (None, Some(fd)) => format!("{fd} was {meant}'s, and is not open"),
            (None, None) => return None,
        })
    }

    /// A number with its owner's name, on their colour.
    fn chip(&self, fd: Number, tenure: usize, class: &str) -> Markup {
        let owner = &self.part.trace.tenures[tenure].owner;
        html! { b class={ (self.hues.owner(owner)) (class) } { (fd) " " (owner.name()) } }
    }

    /// What the last select was asked and what it said, as far as that still holds after this step.
    fn lists(&self, index: usize, step: &Step) -> Markup {
        let wait = if step.waits() { Some(index) } else { self.part.trace.wait_of(index) };
        let Some((wait, select)) = wait.map(|wait| (wait, &self.part.trace.steps[wait])) else {
            return html! {};
        };
        let number = step.stale.map(|stale| self.part.trace.tenures[stale.meant].fd).or(step.fd);
        let acts = |fd: Number, list: List| number == Some(fd) && step.acts_on == Some(list);
        let said = select.said.iter().flat_map(|said| List::ALL.map(|list| (list, said.get(list))));
        let said = said.filter(|(_, numbers)| !numbers.is_empty());
        html! {
            @if let Some([r, w, x]) = select.asked.as_ref().map(|asked| [List::R, List::W, List::X].map(|one| asked.get(one))) {
                (select.call) " was asked: inputs " (list(r)) ", outputs " (list(w))
                @if x != r { ", exceptional " (list(x)) }
            }
            @for (position, (list, numbers)) in said.enumerate() {
                @if position == 0 { br; "and said:" } @else { "," }
                " " (list.word())
                @for fd in numbers { " " (self.ready(wait, step, *fd, acts(*fd, list))) }
            }
        }
    }

    /// A number that select named, and what has become of it since.
    fn ready(&self, wait: usize, step: &Step, fd: Number, acts: bool) -> Markup {
        let class = if acts { " acts" } else { "" };
        let Some(meant) = self.part.trace.steps[wait].fds.get(&fd) else {
            return html! { b class={ "other" (class) } { (fd) } };
        };
        let old = format!("{class} old");
        match step.fds.get(&fd) {
            Some(now) if now == meant => self.chip(fd, *meant, class),
            Some(now) => {
                let now = self.part.trace.tenures[*now].owner.name();
                html! { (self.chip(fd, *meant, &old)) " " em class="bad" { "now " (now) } }
            }
            None => html! { (self.chip(fd, *meant, &old)) " " em class="bad" { "closed" } },
        }
    }

    fn events(&self, events: &[Happening], class: Option<&str>) -> Markup {
        html! {
            @for event in events.iter().filter(|event| self.part.shows(event.place)) {
                tr role="row" class=[class] {
                    td role="cell" colspan="4" {
                        @match &event.what {
                            Record::Did(who, _) => { b class=(self.hues.client(who)) { (who) } " " },
                            Record::Said(_) | Record::Error(_) => { "server: " },
                            _ => {},
                        }
                        (event.what.words())
                    }
                }
                "\n"
            }
        }
    }
}

/// The row that asks. What is right is marked; the script shows it when the reader has chosen. `last` is the line of the
/// call before.
fn asked(question: &Question, step: &Step, last: usize, shown: f64) -> Result<Markup, String> {
    let right = question.right(step)?;
    // Asked for the call itself, its line would be the answer.
    let line = if question.choices.iter().all(|choice| choice.starts_with('=')) { step.line } else { last };
    Ok(html! {
        tr class="ask" data-line=(line) data-x=(number(shown)) role="row" {
            th role="rowheader" scope="row" { "?" }
            td role="cell" colspan="3" {
                p { (question.ask) }
                ul {
                    @for (index, (code, words)) in (0..question.choices.len()).map(|index| (index, question.parts(index))) {
                        li data-right[index == right] { code { (code) } @if !words.is_empty() { ": " (words) } }
                    }
                }
                details {
                    summary { "Show the answer" }
                    p { code { (step.text()) } }
                    p { (question.why) }
                }
            }
        }
        "\n"
    })
}

fn list(numbers: &[Number]) -> Markup {
    let words = numbers.iter().map(Number::to_string).collect::<Vec<_>>().join(" ");
    html! { @if words.is_empty() { "none" } @else { b { (words) } } }
}
