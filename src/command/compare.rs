//! `--compare`: plays a story, and compares what it prints with what the book shows.

use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use super::style::{Style, paint, wanted};
use super::{book, names};

/// Runs `exe` with `args` and compares what a terminal would show of it with the snapshot `name` of `chapter`. Says `as in
/// the book`, or shows the lines that differ. Exit status 0: they are the same; 1: they are not, or there is nothing to
/// compare with; 2: the book does not show this.
pub fn compare(exe: &Path, args: &[&str], chapter: &str, name: &str) -> io::Result<ExitCode> {
    let shown = match book::shown(chapter) {
        Ok(shown) => shown,
        Err(error) => {
            eprintln!("--compare needs the snapshots of the checkout: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    if book::snapshot(name).is_err() {
        let shown: Vec<String> =
            shown.iter().map(|args| if args.is_empty() { "nothing".into() } else { args.replace("-- ", "") }).collect();
        if shown.is_empty() {
            eprintln!("the book does not show {chapter}; --compare is for its chapters");
        } else {
            eprintln!("the book does not show this; of {chapter} it shows, before --compare: {}", shown.join(" | "));
        }
        return Ok(ExitCode::from(2));
    }
    let here = names::stored(&run(exe, args)?);
    let theirs = book::printed(name)?;
    let coloured = wanted(&io::stdout());
    if here == theirs {
        println!("{}", paint(coloured, Style::Good, "as in the book"));
        return Ok(ExitCode::SUCCESS);
    }
    println!("not as in the book (- the book, + here):\n");
    for (sign, line) in difference(&theirs.lines().collect::<Vec<_>>(), &here.lines().collect::<Vec<_>>()) {
        let style = match sign {
            '-' => Style::Bad,
            '+' => Style::Good,
            _ => Style::Dim,
        };
        println!("{}", paint(coloured, style, format!("{sign} {line}").trim_end()));
    }
    Ok(ExitCode::FAILURE)
}

/// What it prints, standard output and standard error in the order in which they come, as on a terminal. JSON is for a
/// program to read, which does not mix the two.
fn run(exe: &Path, args: &[&str]) -> io::Result<String> {
    let (mut reader, writer) = io::pipe()?;
    let errors = if args.contains(&"--trace=json") { Stdio::null() } else { Stdio::from(writer.try_clone()?) };
    if io::stderr().is_terminal() {
        eprint!("playing {} ...\r", exe.file_name().unwrap_or_default().to_string_lossy());
    }
    let mut command = Command::new(exe);
    command.args(args).stdin(Stdio::null()).stdout(writer).stderr(errors);
    let mut child = command.spawn()?;
    // The command holds the writing end, and the pipe has no end until all of them are closed.
    drop(command);
    let mut shown = Vec::new();
    reader.read_to_end(&mut shown)?;
    child.wait()?;
    if io::stderr().is_terminal() {
        eprint!("\x1b[K");
    }
    Ok(String::from_utf8_lossy(&shown).into_owned())
}

/// The lines that differ, `-` only in the first text and `+` only in the second, with a line that both have (` `) before
/// and after each group. By a longest common subsequence, which is short work for a page of text.
fn difference<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let longest = common[i + 1][j].max(common[i][j + 1]);
            common[i][j] = if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { longest };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut all = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            all.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            all.push(('-', old[i]));
            i += 1;
        } else {
            all.push(('+', new[j]));
            j += 1;
        }
    }
    let differs = |at: usize| all.get(at).is_some_and(|(sign, _)| *sign != ' ');
    let near = |at: usize| differs(at) || differs(at + 1) || at > 0 && differs(at - 1);
    (0..all.len()).filter(|&at| near(at)).map(|at| all[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown_with_a_line_around_it() {
        let old = ["a", "b", "c", "d", "e"];
        assert_eq!(difference(&old, &old), []);
        let new = ["a", "b", "x", "d", "e"];
        assert_eq!(difference(&old, &new), [(' ', "b"), ('-', "c"), ('+', "x"), (' ', "d")]);
        assert_eq!(difference(&old, &old[..3]), [(' ', "c"), ('-', "d"), ('-', "e")]);
        assert_eq!(difference(&[], &["a"]), [('+', "a")]);
    }
}
