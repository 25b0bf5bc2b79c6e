//! Fenced blocks, and the difference between two files.

use similar::{Algorithm, ChangeTag, TextDiff};

/// A fenced block, its fence longer than any in it.
pub fn fence(info: &str, lines: &[&str]) -> String {
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    let mut block = format!("{fence}{info}\n");
    for line in lines {
        block.push_str(&if info.starts_with("rust") { visible(line) } else { line.to_string() });
        block.push('\n');
    }
    block + &fence
}

/// A line of Rust that mdBook shows as it is: it hides one that begins with `# `, and drops one `#` of two.
fn visible(line: &str) -> String {
    let code = line.trim_start();
    match code.strip_prefix('#') {
        Some(rest) if rest.is_empty() || rest.starts_with([' ', '#']) => {
            format!("{}#{code}", &line[..line.len() - code.len()])
        }
        _ => line.to_string(),
    }
}

/// What a fence says about its language.
pub fn language(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        // `ignore`: not run by the page, and not by `mdbook test`, for which a part of a program is none.
        "rs" => "rust,ignore",
        "py" => "python",
        "toml" => "toml",
        "sh" => "sh",
        "c" | "h" => "c",
        "json" => "json",
        "yml" | "yaml" => "yaml",
        "md" => "markdown",
        _ => "text",
    }
}

/// A line of a difference.
pub struct Change<'a> {
    /// The number of the line in its file.
    pub number: usize,
    /// `-` when it is in the old file alone, `+` when in the new one alone, a space when it is in both.
    pub sign: char,
    /// The line itself.
    pub line: &'a str,
}

/// The difference between two files with three lines of context, in hunks, without each one's first comment.
pub fn difference<'a>(old: &'a str, new: &'a str) -> Vec<Vec<Change<'a>>> {
    let ((old_skipped, old), (new_skipped, new)) = (without_comment(old), without_comment(new));
    // Patience keeps whole the blocks that moved, which reads better than the shortest difference.
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_slices(&old, &new);
    let change = |change: similar::Change<&'a str>| {
        let (sign, index, skipped) = match change.tag() {
            ChangeTag::Delete => ('-', change.old_index(), old_skipped),
            ChangeTag::Insert => ('+', change.new_index(), new_skipped),
            ChangeTag::Equal => (' ', change.new_index(), new_skipped),
        };
        Change { number: index.unwrap_or(0) + skipped + 1, sign, line: change.value() }
    };
    let hunks = diff.grouped_ops(3);
    hunks.iter().map(|hunk| hunk.iter().flat_map(|op| diff.iter_changes(op)).map(change).collect()).collect()
}

/// The lines of a file after its leading `//!` block, and how many come before them.
fn without_comment(text: &str) -> (usize, Vec<&str>) {
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.iter().take_while(|line| line.starts_with("//!")).count();
    (skipped, lines[skipped..].to_vec())
}
