//! Text from elsewhere, as it may be shown.
//!
//! What a server prints, replies or calls itself may hold anything: a sequence that moves the cursor or sets the
//! terminal's title (ECMA-48), a character that turns the order of a line around or that nobody sees (Unicode, UAX #9).
//! Such a character is shown by its escape, `\u{1b}`, so that nothing is lost, and nothing happens. It is done once, where
//! text comes in: what is inside is harmless in a terminal, in JSON and in XML.

/// Characters that Rust escapes and that do no harm.
const HARMLESS: [char; 4] = ['\t', '"', '\'', '\\'];

/// `bytes` as one line that can be shown: what is not UTF-8 as U+FFFD; tabs stay; line ends and all that is no visible
/// character as their escapes.
pub fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    // Nearly all that a server prints; and some print without end.
    if bytes.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
        return text.into_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(HARMLESS) {
        let other = piece.trim_end_matches(HARMLESS);
        shown.extend(other.escape_debug());
        shown.push_str(&piece[other.len()..]);
    }
    shown
}

/// `bytes` as lines that can be shown, each [`printable`]. A line ends with `\n`, or with `\r\n`.
pub fn printable_lines(bytes: &[u8]) -> String {
    let line = |line: &[u8]| printable(line.strip_suffix(b"\r").unwrap_or(line));
    bytes.split(|byte| *byte == b'\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_a_terminal_or_the_order_of_a_line_is_shown_and_does_not_happen() {
        for (bytes, shown) in [
            (&b"\x1b]0;oh\x07\x1b[7m"[..], r"\u{1b}]0;oh\u{7}\u{1b}[7m"),
            (b"a\rb\nc\0", r"a\rb\nc\0"),
            ("\u{7f}\u{9b}7m\u{85}".as_bytes(), r"\u{7f}\u{9b}7m\u{85}"),
            ("\u{202e}abc\u{2066}\u{200b}\u{feff}\u{ad}".as_bytes(), r"\u{202e}abc\u{2066}\u{200b}\u{feff}\u{ad}"),
            ("\u{2028}\u{2029}\u{61c}\u{e0041}".as_bytes(), r"\u{2028}\u{2029}\u{61c}\u{e0041}"),
            (b"\x9b7m \xff", "\u{fffd}7m \u{fffd}"),
        ] {
            assert_eq!(printable(bytes), shown);
        }
    }

    #[test]
    fn what_can_be_seen_stays_as_it_is() {
        for text in ["", "a\tb", r#"{"a":"b\n"} 'c' \"#, "Grüße, сервер, 日本語 … 🦀", "an accent of its own: e\u{301}"]
        {
            assert_eq!(printable(text.as_bytes()), text);
        }
    }

    #[test]
    fn the_ends_of_lines_stay_where_lines_are_asked_for() {
        assert_eq!(printable_lines(b"HTTP/1.1 200 OK\r\n\r\nhi\n"), "HTTP/1.1 200 OK\n\nhi\n");
        assert_eq!(printable_lines(b"one\rtwo\x1b[A"), r"one\rtwo\u{1b}[A");
    }
}
