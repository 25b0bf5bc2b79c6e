//! What is accepted today: a file with a probe and its verdict per line.

use std::fs;
use std::path::Path;

use crate::probe::kind::Kind;
use crate::probe::printed;
use crate::probe::probes::RANDOM;

/// The verdicts that a file lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known(Vec<(String, String)>);

impl Known {
    /// Reads a file that may list these probes. Fails with what is wrong with it.
    pub fn read(path: &Path, probes: &[&str]) -> Result<Known, String> {
        let named = |why: String| format!("{}: {why}", path.display());
        let text = fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
        Known::of(&text, probes, is_verdict).map_err(named)
    }

    /// `PROBE VERDICT` per line; what follows a `#` is a comment. `is_verdict` says whether a verdict can be that.
    fn of(text: &str, probes: &[&str], is_verdict: impl Fn(&str) -> bool) -> Result<Known, String> {
        let mut known: Vec<(String, String)> = Vec::new();
        // Some editors begin a file with a byte order mark.
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            if line.is_empty() {
                continue;
            }
            let wrong = |what: &str| format!("line {}: {what}; a line is PROBE VERDICT", number + 1);
            let (probe, verdict) = line.split_once(char::is_whitespace).ok_or_else(|| wrong("one word is missing"))?;
            if !probes.contains(&probe) {
                return Err(wrong(&format!("there is no probe {probe:?}")));
            }
            // Random scripts are many, and may have many verdicts.
            if probe != RANDOM.name && known.iter().any(|(known, _)| known == probe) {
                return Err(wrong(&format!("{probe} is listed twice")));
            }
            let verdict = verdict.split_whitespace().collect::<Vec<_>>().join(" ");
            if !is_verdict(&verdict) {
                return Err(wrong(&format!("no probe has the verdict {verdict:?}")));
            }
            known.push((probe.into(), verdict));
        }
        Ok(Known(known))
    }

    /// Whether this verdict is listed for a probe, which may have others.
    pub fn lists(&self, probe: &str, cell: &str) -> bool {
        self.0.iter().any(|(name, verdict)| name == probe && verdict == cell)
    }

    /// The verdict that is listed for a probe.
    pub fn verdict(&self, probe: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == probe).map(|(_, verdict)| &verdict[..])
    }
}

/// Whether a verdict can be called that: one of the kinds, or for a server that died a name from its last words or how it
/// ended.
fn is_verdict(cell: &str) -> bool {
    let number = |prefix: &str| cell.strip_prefix(prefix).is_some_and(|number| number.parse::<u8>().is_ok());
    let dead = printed::name_in(cell) == Some(cell);
    // A server that died has no word for that: it is called by what it died of.
    let kind = Kind::ALL.iter().any(|kind| *kind != Kind::Died && kind.word() == cell);
    kind || dead || number("exit status ") || number("signal ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBES: &[&str] = &["polite", "rude", "two-at-once", "out-of-descriptors", "crowd", "stampede"];

    #[test]
    fn a_verdict_is_a_kind_or_the_name_of_a_death() {
        for cell in ["ok", "no reply", "spins", "EBADF", "FD_SETSIZE", "ValueError", "exit status 1", "signal 11"] {
            assert!(is_verdict(cell), "{cell}");
        }
        for cell in ["", "OK", "noreply", "died", "EBAD", "exit status", "exit status one", "signal -1", "a EBADF"] {
            assert!(!is_verdict(cell), "{cell}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_the_line_ends_of_windows_are_no_part_of_it() {
        let known = Known::of("\u{feff}rude ECONNRESET\r\npolite ok\r\n", PROBES, is_verdict).unwrap();
        assert_eq!((known.verdict("rude"), known.verdict("polite")), (Some("ECONNRESET"), Some("ok")));
    }

    #[test]
    fn a_line_is_a_probe_and_its_verdict() {
        let known = Known::of(
            "# accepted until June\n\nrude  ECONNRESET # see #12\n two-at-once\tno  reply\n",
            PROBES,
            is_verdict,
        )
        .unwrap();
        assert_eq!(known.verdict("rude"), Some("ECONNRESET"));
        assert_eq!(known.verdict("two-at-once"), Some("no reply"));
        assert_eq!(known.verdict("polite"), None);
        assert_eq!(Known::of("", PROBES, is_verdict).unwrap(), Known::default());
    }

    #[test]
    fn the_list_that_the_book_shows_is_one() {
        let known = Known::read(Path::new("book/ci/known.txt"), PROBES).unwrap();
        assert_eq!(known.verdict("two-at-once"), Some("no reply"));
        assert_eq!(known.verdict("out-of-descriptors"), Some("spins"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, words) in [
            ("\nrude", "line 2: one word is missing"),
            ("ruder ok", "line 1: there is no probe \"ruder\""),
            ("rude ok\nrude ok", "line 2: rude is listed twice"),
            ("rude ECONRESET", "line 1: no probe has the verdict \"ECONRESET\""),
        ] {
            assert_eq!(Known::of(text, PROBES, is_verdict).unwrap_err(), format!("{words}; a line is PROBE VERDICT"));
        }
    }
}
