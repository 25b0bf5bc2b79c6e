//! `--compare`: what a chapter prints beside what the book shows.

use std::process::Command;

use crate::common::{built, command, exe, tempdir};

/// Standard output, standard error and the status.
fn run(mut command: Command) -> (String, String, Option<i32>) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn what_the_book_shows_is_as_in_the_book() {
    let same = ("as in the book\n".to_string(), String::new(), Some(0));
    for (chapter, args) in [
        ("04-use-after-close", &[][..]),
        ("04-use-after-close", &["--trace"]),
        ("04-use-after-close", &["--trace=json"]),
        ("04-use-after-close", &["--probe", "leaves"]),
        ("05-log-before-close", &["--probe", "impatient"]),
        ("05-log-before-close", &["--probe", "impatient", "--trace"]),
        ("02-what-select-says", &[]),
        ("10-never-block", &["--probe", "slow-reader"]),
        ("11-limits", &[]),
        ("15-mio", &[]),
        ("16-tokio", &[]),
    ] {
        if !built(chapter) {
            continue;
        }
        assert_eq!(run(command(chapter, &[args, &["--compare"]].concat())), same, "{chapter} {args:?}");
    }
}

/// The chapter, changed: its program with another reply in it.
#[test]
fn what_differs_is_shown_line_by_line() {
    let folder = tempdir();
    let changed = folder.path().join("10-never-block");
    let script = r#"sed 's/Hello, client!/Hello, reader!/g' "$0" > "$1" && chmod +x "$1""#;
    // By another process: a program that is open for writing in this one cannot be started by any.
    let mut make = Command::new("sh");
    make.env("LC_ALL", "C").args(["-c", script]).arg(exe("10-never-block")).arg(&changed);
    assert!(make.status().unwrap().success());
    let mut changed = Command::new(changed);
    // And what a reader has in the environment for `--listen` changes no story.
    changed.arg("--compare").env("GREETING", "5");
    let (shown, errors, status) = run(changed);
    let words = "\
not as in the book (- the book, + here):

  server  closing connection to 127.0.0.1:<alice>
- alice   Received from server: Hello, client!
+ alice   Received from server: Hello, reader!
  alice   reads the end of the connection
";
    assert_eq!((shown.as_str(), errors.as_str(), status), (words, "", Some(1)));
}

#[test]
fn what_the_book_does_not_show_is_said_with_what_it_does() {
    let (shown, errors, status) = run(command("04-use-after-close", &["--probe", "crowd", "--compare"]));
    assert_eq!((shown.as_str(), status), ("", Some(2)));
    let words = "the book does not show this; of 04-use-after-close it shows, before --compare: nothing | \
                 --probe impatient | --probe polite | --trace | --trace=json\n";
    assert_eq!(errors, words);
}
