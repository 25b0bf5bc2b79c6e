//! The table: a row for each call, and for what happens in between.

use super::question::Question;
use crate::pictures::hues::Hues;
use crate::pictures::part::Part;
use crate::pictures::svg::number;
use crate::source::html::escape;
use crate::trace::{Event, List, Lists, Number, Stale, Step, What};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The heads of the columns.
pub const HEADS: [&str; 4] = ["step", "call", "open after it", "what select was asked, and said"];

/// The rows of a stretch.
pub struct Rows<'a> {
    part: &'a Part,
    hues: Hues,
    /// The `id` of each call's row, by its index in the trace.
    pub ids: BTreeMap<usize, String>,
}

impl<'a> Rows<'a> {
    /// Of a stretch; `prefix` begins the `id` of each call's row.
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
        Rows { part, hues: Hues::of(&part.trace), ids }
    }

    /// The rows as HTML. `ends` has where each call's column of the lanes ends, which are so `wide`.
    pub fn html(
        &self,
        ends: &[(usize, f64)],
        wide: f64,
        question: Option<(usize, &Question)>,
    ) -> Result<String, String> {
        let mut html = String::new();
        let (mut line, mut shown) = (0, 0.0);
        let count = self.part.calls().count();
        for (position, (index, step)) in self.part.calls().enumerate() {
            html += &self.events(&step.before, "");
            if let Some((_, question)) = question.filter(|(at, _)| *at == index) {
                html += &asked(question, step, line, shown)?;
            }
            line = step.line;
            shown = ends.iter().find(|(at, _)| *at == index).map_or(shown, |(_, end)| *end);
            if position + 1 == count {
                shown = wide;
            }
            html += &self.call(index, step, (position + 1, count), shown);
            html += &self.events(&step.after, " class=\"after\"");
        }
        Ok(html + &self.events(&self.part.trace.after, " class=\"after\""))
    }

    fn call(&self, index: usize, step: &Step, (position, count): (usize, usize), end: f64) -> String {
        let id = self.ids.get(&index).map_or("", String::as_str);
        let text = escape(&format!(":{} {}", step.line, step.text()));
        let class = if step.result.is_err() { " class=\"bad\"" } else { "" };
        let note = self.note(step).map(|note| format!(" <em class=\"bad\">{}</em>", escape(&note)));
        let open: Vec<String> = step.fds.iter().map(|(fd, tenure)| self.chip(*fd, *tenure, "")).collect();
        let open = if open.is_empty() { "none".to_string() } else { open.join(" ") };
        format!(
            "<tr id=\"{id}\" data-line=\"{}\" data-x=\"{}\" role=\"row\"><th role=\"rowheader\" scope=\"row\">{position} of {count}</th>\
             <td role=\"cell\"><code{class}>{text}</code>{}</td><td role=\"cell\">open: {open}</td><td role=\"cell\">{}</td></tr>\n",
            step.line,
            number(end),
            note.unwrap_or_default(),
            self.lists(index, step)
        )
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
    fn chip(&self, fd: Number, tenure: usize, class: &str) -> String {
        let owner = &self.part.trace.tenures[tenure].owner;
        format!("<b class=\"{}{class}\">{fd} {}</b>", self.hues.owner(owner), escape(owner.name()))
    }

    /// What the last select was asked and what it said, as far as that still holds after this step.
    fn lists(&self, index: usize, step: &Step) -> String {
        let wait = if step.waits() { Some(index) } else { self.part.trace.wait_of(index) };
        let Some((wait, select)) = wait.map(|wait| (wait, &self.part.trace.steps[wait])) else {
            return String::new();
        };
        let mut html = String::new();
        if let Some(Lists { r, w, x, .. }) = &select.asked {
            html += &format!("{} was asked: inputs {}, outputs {}", escape(&select.call), list(r), list(w));
            html += &if x == r { String::new() } else { format!(", exceptional {}", list(x)) };
        }
        if let Some(said) = &select.said {
            let lists = List::ALL.into_iter().filter(|list| !said.get(*list).is_empty());
            for (position, list) in lists.enumerate() {
                // Writing to a String does not fail.
                let _ = write!(html, "{} {}", if position == 0 { "<br>and said:" } else { "," }, list.word());
                for fd in said.get(list) {
                    let number = step.stale.map(|stale| self.part.trace.tenures[stale.meant].fd).or(step.fd);
                    let acts = number == Some(*fd) && step.acts_on == Some(list);
                    html += &format!(" {}", self.ready(wait, step, *fd, acts));
                }
            }
        }
        html
    }

    /// A number that select named, and what has become of it since.
    fn ready(&self, wait: usize, step: &Step, fd: Number, acts: bool) -> String {
        let class = if acts { " acts" } else { "" };
        let Some(meant) = self.part.trace.steps[wait].fds.get(&fd) else {
            return format!("<b class=\"other{class}\">{fd}</b>");
        };
        match step.fds.get(&fd) {
            Some(now) if now == meant => self.chip(fd, *meant, class),
            Some(now) => {
                let now = self.part.trace.tenures[*now].owner.name();
                format!("{} <em class=\"bad\">now {}</em>", self.chip(fd, *meant, &format!("{class} old")), escape(now))
            }
            None => format!("{} <em class=\"bad\">closed</em>", self.chip(fd, *meant, &format!("{class} old"))),
        }
    }

    fn events(&self, events: &[Event], class: &str) -> String {
        let mut html = String::new();
        for event in events.iter().filter(|event| self.part.shows(event.place)) {
            let words = escape(&event.what.words());
            let what = match &event.what {
                What::Act { who, .. } => format!("<b class=\"{}\">{}</b> {words}", self.hues.client(who), escape(who)),
                What::Said(_) | What::Error(_) => format!("server: {words}"),
                What::Stopped(_) => words,
            };
            html += &format!("<tr role=\"row\"{class}><td role=\"cell\" colspan=\"4\">{what}</td></tr>\n");
        }
        html
    }
}

/// The row that asks. What is right is marked; the script shows it when the reader has chosen. `last` is the line of the
/// call before.
fn asked(question: &Question, step: &Step, last: usize, shown: f64) -> Result<String, String> {
    let right = question.right(step)?;
    // Asked for the call itself, its line would be the answer.
    let line = if question.choices.iter().all(|choice| choice.starts_with('=')) { step.line } else { last };
    let choices = (0..question.choices.len()).map(|index| {
        let (code, words) = question.parts(index);
        let mark = if index == right { " data-right" } else { "" };
        let words = if words.is_empty() { String::new() } else { format!(": {}", escape(words)) };
        format!("<li{mark}><code>{}</code>{words}</li>", escape(code))
    });
    Ok(format!(
        "<tr class=\"ask\" data-line=\"{}\" data-x=\"{}\" role=\"row\"><th role=\"rowheader\" scope=\"row\">?</th><td role=\"cell\" colspan=\"3\">\
         <p>{}</p><ul>{}</ul><details><summary>Show the answer</summary><p><code>{}</code></p><p>{}</p></details></td></tr>\n",
        line,
        number(shown),
        escape(&question.ask),
        choices.collect::<String>(),
        escape(&step.text()),
        escape(&question.why)
    ))
}

fn list(numbers: &[Number]) -> String {
    let numbers: Vec<String> = numbers.iter().map(Number::to_string).collect();
    if numbers.is_empty() { "none".to_string() } else { format!("<b>{}</b>", numbers.join(" ")) }
}
