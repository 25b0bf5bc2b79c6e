//! What the reader is asked before the call that matters.

use crate::book::arguments::Arguments;
use pictures::trace::Step;

/// A question with its answers. Which of them is right is not written down: it is what the trace says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The step before which it is asked, by the name that a link to it has: `send`, `accept-2`.
    pub at: String,
    /// The question.
    pub ask: String,
    /// The answers. Each begins with a part of the call as it could be shown, such as `= -1 EBADF`; more may follow
    /// after a colon.
    pub choices: Vec<String>,
    /// What there is to learn, shown after the answer.
    pub why: String,
}

impl Question {
    /// What a directive asks; `None` when it asks nothing.
    pub fn read(given: &mut Arguments) -> Result<Option<Question>, String> {
        let [at, ask, choices, why] = ["at", "ask", "or", "why"].map(|name| given.values(name));
        if [&at, &ask, &choices, &why].iter().all(|values| values.is_empty()) {
            return Ok(None);
        }
        let one = |values: Vec<String>| match <[String; 1]>::try_from(values) {
            Ok([value]) if !value.is_empty() => Ok(value),
            _ => Err("a question has one at=\"…\", one ask=\"…\", two to four or=\"…\" and one why=\"…\"".to_string()),
        };
        if !(2..=4).contains(&choices.len()) {
            return Err(format!("{} answers to choose from, not two to four", choices.len()));
        }
        Ok(Some(Question { at: one(at)?, ask: one(ask)?, choices, why: one(why)? }))
    }

    /// Which answer is right: the one whose beginning is in the call.
    pub fn right(&self, step: &Step) -> Result<usize, String> {
        let text = step.text();
        let right: Vec<usize> = (0..self.choices.len()).filter(|index| text.contains(self.parts(*index).0)).collect();
        match right[..] {
            [right] => Ok(right),
            [] => Err(format!("no answer is right: the call is {text}")),
            _ => Err(format!("{} answers are right: the call is {text}", right.len())),
        }
    }

    /// An answer's part of a call, and what it says beside that.
    pub fn parts(&self, index: usize) -> (&str, &str) {
        let choice = &self.choices[index];
        choice.split_once(':').map_or((choice.as_str(), ""), |(code, words)| (code, words.trim()))
    }
}
