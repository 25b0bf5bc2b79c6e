//! What is accepted today: a file with a probe and its verdict per line.

use std::fs;
use std::path::Path;

use crate::probe::probes::{HAMMER, PROBES};

/// The verdicts that a file lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known(Vec<(String, String)>);

impl Known {
    /// Reads a file. Fails with what is wrong with it.
    pub fn read(path: &Path) -> Result<Known, String> {
        let named = |why: String| format!("{}: {why}", path.display());
        let text = fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
        Known::of(&text).map_err(named)
    }

    /// `PROBE VERDICT` per line; what follows a `#` is a comment.
    fn of(text: &str) -> Result<Known, String> {
        let mut known: Vec<(String, String)> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            if line.is_empty() {
                continue;
            }
            let wrong = |what: &str| format!("line {}: {what}; a line is PROBE VERDICT", number + 1);
            let (probe, verdict) = line.split_once(char::is_whitespace).ok_or_else(|| wrong("one word is missing"))?;
            if !PROBES.iter().chain([&HAMMER]).any(|known| known.name == probe) {
                return Err(wrong(&format!("there is no probe {probe:?}")));
            }
            if known.iter().any(|(known, _)| known == probe) {
                return Err(wrong(&format!("{probe} is listed twice")));
            }
            known.push((probe.into(), verdict.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
        Ok(Known(known))
    }

    /// The verdict that is listed for a probe.
    pub fn verdict(&self, probe: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == probe).map(|(_, verdict)| &verdict[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_probe_and_its_verdict() {
        let known =
            Known::of("# accepted until June\n\nrude  ECONNRESET # see #12\n two-at-once\tno  reply\n").unwrap();
        assert_eq!(known.verdict("rude"), Some("ECONNRESET"));
        assert_eq!(known.verdict("two-at-once"), Some("no reply"));
        assert_eq!(known.verdict("polite"), None);
        assert_eq!(Known::of("").unwrap(), Known::default());
    }

    #[test]
    fn the_list_that_the_book_shows_is_one() {
        let known = Known::read(Path::new("book/ci/known.txt")).unwrap();
        assert_eq!(known.verdict("two-at-once"), Some("no reply"));
        assert_eq!(known.verdict("out-of-descriptors"), Some("spins"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, words) in [
            ("\nrude", "line 2: one word is missing"),
            ("ruder ok", "line 1: there is no probe \"ruder\""),
            ("rude ok\nrude ok", "line 2: rude is listed twice"),
        ] {
            assert_eq!(Known::of(text).unwrap_err(), format!("{words}; a line is PROBE VERDICT"));
        }
    }
}
