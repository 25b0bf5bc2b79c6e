//! Lines of a text, each with its number, and parts of them.

use close_call::command::book;

/// Some lines of a text that follow one another.
pub struct Excerpt<'a> {
    /// The number of the first line in its text, from one.
    pub first: usize,
    /// The lines, without their ends.
    pub lines: Vec<&'a str>,
}

impl<'a> Excerpt<'a> {
    /// All lines of a text.
    pub fn whole(text: &'a str) -> Excerpt<'a> {
        Excerpt { first: 1, lines: text.lines().collect() }
    }

    /// What was printed, in the text of a snapshot; of any other text all of it. The lines are numbered as in the text.
    pub fn printed(text: &'a str) -> Excerpt<'a> {
        let body = book::body(text).unwrap_or(text);
        let before = &text[..text.len() - body.len()];
        Excerpt { first: before.lines().count() + 1, lines: body.lines().collect() }
    }

    /// Each line with its number.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &'a str)> + Clone {
        (self.first..).zip(self.lines.iter().copied())
    }

    /// The number of the last line in its text.
    pub fn last(&self) -> usize {
        self.first + self.lines.len().saturating_sub(1)
    }

    /// From the first line that contains `from` through the first at or after it that contains `to`.
    pub fn part(&self, path: &str, from: &str, to: &str) -> Result<Excerpt<'a>, String> {
        let start = self.lines.iter().position(|line| line.contains(from));
        let start = start.ok_or_else(|| format!("no line of {path} contains `{from}`"))?;
        let length = self.lines[start..].iter().position(|line| line.contains(to));
        let first = self.first + start;
        let length = length.ok_or_else(|| format!("no line of {path} from line {first} on contains `{to}`"))?;
        Ok(Excerpt { first, lines: self.lines[start..=start + length].to_vec() })
    }

    /// With the lines of `whole` that follow and do nothing but close what this part has opened, so that what is shown
    /// ends where its blocks end.
    pub fn closed(mut self, whole: &Excerpt<'a>) -> Excerpt<'a> {
        let open = |line: &str| line.matches('{').count().cast_signed() - line.matches('}').count().cast_signed();
        let mut depth: isize = self.lines.iter().map(|line| open(line)).sum();
        let after = self.first + self.lines.len() - whole.first;
        for line in &whole.lines[after..] {
            let closes = !line.trim().is_empty() && line.trim().chars().all(|c| "});,".contains(c));
            if depth == 0 || !closes || depth + open(line) < 0 {
                break;
            }
            depth += open(line);
            self.lines.push(line);
        }
        self
    }

    /// The lines without the indentation that they share.
    pub fn dedented(mut self) -> Excerpt<'a> {
        let indentation = |line: &&str| line.len() - line.trim_start().len();
        let shared = self.lines.iter().filter(|line| !line.trim().is_empty()).map(indentation).min().unwrap_or(0);
        for line in &mut self.lines {
            // A blank line may be shorter than what the others share.
            *line = line.get(shared..).unwrap_or("");
        }
        self
    }
}
