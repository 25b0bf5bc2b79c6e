//! How wide a block of code may be.

/// How many characters fit into a block, at the style sheet's size, in a window of 1280 pixels with the sidebar open.
pub const COLUMNS: usize = 88;

/// What may be wider, by the beginning and the end of its path: the words of other programs. To break their lines would
/// be to change what they said, and rustc draws marks below the columns of the line above. Such a block scrolls.
const OTHERS: [(&str, &str); 2] = [("tests/compile_fail/", ".stderr"), ("tests/snapshots/story-python", ".snap")];

/// Checks the lines of a file that a block shows, each with its number.
pub fn check<'a>(path: &str, lines: impl IntoIterator<Item = (usize, &'a str)>) -> Result<(), String> {
    if OTHERS.iter().any(|(start, end)| path.starts_with(start) && path.ends_with(end)) {
        return Ok(());
    }
    let mut wide = lines.into_iter().filter_map(|(number, line)| Some((number, fault(line)?)));
    let Some((number, what)) = wide.next() else {
        return Ok(());
    };
    let more = match wide.count() {
        0 => String::new(),
        more => format!("; the first of {} such lines", more + 1),
    };
    Err(format!("{path}, line {number}: {what}{more}"))
}

/// What is wrong with the width of a line, if anything.
pub fn fault(line: &str) -> Option<String> {
    let width = line.chars().count();
    (width > COLUMNS).then(|| format!("{width} columns wide, where {COLUMNS} fit"))
}

#[cfg(test)]
mod tests;
