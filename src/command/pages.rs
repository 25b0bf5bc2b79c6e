//! Which page of the book explains a verdict.

use crate::probe::kind::Kind;
use crate::probe::probes::Probe;

/// The page that explains a verdict of that kind under the probe: a chapter's name, or `check`. Most kinds of verdicts are
/// explained where their probe is.
pub fn page_of(probe: &Probe, kind: Kind) -> &'static str {
    match kind {
        Kind::Leaks => "11-limits",
        Kind::NotOver => "check",
        _ => page_of_probe(probe.name),
    }
}

/// The page that explains the probe of that name.
pub fn page_of_probe(probe: &str) -> &'static str {
    match probe {
        "polite" | "two-at-once" => "01-blocking-server",
        "urgent" => "02-what-select-says",
        "leaves" => "04-use-after-close",
        "impatient" | "urgent-then-close" => "05-log-before-close",
        "rude" | "unread" | "send-then-reset" => "06-skip-the-dead",
        "reset-in-queue" | "ask-then-reset-in-queue" => "07-name-at-accept",
        "stranger" => "08-recycled-number",
        "half-close" | "never-reads" | "slow-reader" | "shortage" => "10-never-block",
        "out-of-descriptors" | "crowd" | "unread-log" | "told-to-stop" | "stop-while-owing" => "11-limits",
        "long-message" => "14-epoll",
        "around-urgent" => "16-tokio",
        "stampede" | "hammer" => "check",
        // One that nobody has named here is somebody's script.
        _ => "script",
    }
}

/// A page in words: `chapter 5`, `page "check"`.
pub fn in_words(page: &str) -> String {
    match page.split_once('-').map(|(number, _)| number.trim_start_matches('0').parse::<u32>()) {
        Some(Ok(number)) => format!("chapter {number}"),
        _ => format!("page {page:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_named_as_a_reader_finds_it() {
        assert_eq!(in_words(page_of_probe("impatient")), "chapter 5");
        assert_eq!(in_words(page_of_probe("crowd")), "chapter 11");
        assert_eq!(in_words(page_of_probe("stampede")), "page \"check\"");
        assert_eq!(in_words("how-to-use"), "page \"how-to-use\"");
    }
}
