//! How wide what we print may be, how a longer text is broken, and how a large number is written.

/// The widest line, in characters: what fits in a block of the book beside its sidebar, and in most terminals.
pub const WIDTH: usize = 88;

/// Where the table of descriptors begins, if the call before it leaves room: so that three clients fit after it.
const TABLE: usize = 56;

/// `text` broken at spaces into lines of at most [`WIDTH`] characters. All lines but the first begin with `indent`
/// spaces. A word that is longer than a line stays whole.
pub fn wrap(text: &str, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    // The spaces at the beginning are part of the layout; those between words are where it may break.
    let lead = text.len() - text.trim_start_matches(' ').len();
    line.push_str(&text[..lead]);
    for word in text[lead..].split_inclusive(' ') {
        let fits = line.chars().count() + word.trim_end().chars().count() <= WIDTH;
        if !fits && !line.trim().is_empty() {
            lines.push(line.trim_end().to_string());
            line = " ".repeat(indent);
        }
        line.push_str(word);
    }
    lines.push(line.trim_end().to_string());
    lines.join("\n")
}

/// A traced call with the table of descriptors after it: beside it, or where that does not fit, on lines of its own.
pub fn call_and_table(call: &str, table: &str) -> String {
    let (width, table_width) = (call.chars().count(), table.chars().count());
    let column = TABLE.min(WIDTH.saturating_sub(table_width + 1));
    if width <= column {
        return format!("{call:<column$} {table}");
    }
    if width + 1 + table_width <= WIDTH {
        return format!("{call} {table}");
    }
    let indent = " ".repeat(column.max(4));
    format!("{}\n{}", wrap(call, 6), wrap(&format!("{indent} {table}"), 5))
}

/// A number with a comma after its thousands: `3,000`.
pub fn thousands(number: usize) -> String {
    match number / 1000 {
        0 => number.to_string(),
        more => format!("{},{:03}", thousands(more), number % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widest(text: &str) -> usize {
        text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
    }

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        assert_eq!(wrap("  two  spaces, and é", 4), "  two  spaces, and é");
        assert_eq!(wrap("", 4), "");
        let full = "é".repeat(WIDTH);
        assert_eq!(wrap(&full, 4), full, "characters count, not bytes");
    }

    #[test]
    fn a_longer_text_goes_on_below_with_its_indent() {
        let text = format!("{} {} end", "a".repeat(50), "b".repeat(40));
        assert_eq!(wrap(&text, 3), format!("{}\n   {} end", "a".repeat(50), "b".repeat(40)));
        let word = "c".repeat(100);
        assert_eq!(wrap(&format!("see {word}"), 2), format!("see\n  {word}"), "a long word stays whole");
    }

    #[test]
    fn the_table_is_beside_the_call_or_below_it() {
        let beside = call_and_table(":9 close(4) = 0", "{3 listening}");
        assert_eq!(beside, format!("{:<56} {{3 listening}}", ":9 close(4) = 0"));
        let below = call_and_table(&format!(":9 {}", "x".repeat(63)), "{3 listening, 4 alice}");
        assert_eq!(below, format!(":9 {}\n{}{{3 listening, 4 alice}}", "x".repeat(63), " ".repeat(57)));
        let left = call_and_table(":9 accept(3) = 5, carol", "{3 listening, 4 alice, 5 carol}");
        assert_eq!(left, format!("{:<56} {{3 listening, 4 alice, 5 carol}}", ":9 accept(3) = 5, carol"));
        let wider = call_and_table(":9 accept(3) = 6, dave", "{3 listening, 4 alice, 5 carol, 6 dave}");
        assert_eq!(wider.chars().count(), WIDTH, "a wider table begins further left: {wider}");
        let many: Vec<String> = (3..40).map(|fd| format!("{fd} client {fd}")).collect();
        let long = call_and_table(":9 select([1, 2, 3], [], [], NULL) = 1", &format!("{{{}}}", many.join(", ")));
        assert!(widest(&long) <= WIDTH, "{long}");
    }
}
