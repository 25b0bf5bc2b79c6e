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
    /// What a directive asks, in its order: each question begins with its `at`.
    pub fn read_all(given: &mut Arguments) -> Result<Vec<Question>, String> {
        let mut asked: Vec<Vec<(String, String)>> = Vec::new();
        for (name, value) in given.sequence(&["at", "ask", "or", "why"]) {
            match asked.last_mut().filter(|_| name != "at") {
                Some(question) => question.push((name, value)),
                None => asked.push(vec![(name, value)]),
            }
        }
        asked.into_iter().map(Question::read).collect()
    }

    fn read(given: Vec<(String, String)>) -> Result<Question, String> {
        let values = |name: &str| -> Vec<String> {
            given.iter().filter(|(option, _)| option == name).map(|(_, value)| value.clone()).collect()
        };
        let one = |name: &str| match <[String; 1]>::try_from(values(name)) {
            Ok([value]) if !value.is_empty() => Ok(value),
            _ => Err("a question has one at=\"…\", one ask=\"…\", two to four or=\"…\" and one why=\"…\"".to_string()),
        };
        let (at, ask, why, choices) = (one("at")?, one("ask")?, one("why")?, values("or"));
        match (2..=4).contains(&choices.len()) {
            true => Ok(Question { at, ask, choices, why }),
            false => Err(format!("{} answers to choose from, not two to four", choices.len())),
        }
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
