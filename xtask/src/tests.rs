//! The command line.

use super::*;

fn parse(line: &str) -> Result<String, String> {
    let words = line.split_whitespace().map(Into::into).collect();
    asked(words).map(|asked| format!("{asked:?}")).map_err(|error| error.to_string())
}

#[test]
fn right_calls() {
    for (line, asked) in [
        ("book", "Book(Book { open: false })"),
        ("book --open", "Book(Book { open: true })"),
        ("browser", "Browser(Browser { filter: None })"),
        ("browser paper", "Browser(Browser { filter: Some(\"paper\") })"),
        ("picture", "Picture(Picture)"),
        ("preprocess", "Preprocess(Preprocess { supports: [] })"),
        ("preprocess supports html", "Preprocess(Preprocess { supports: [\"supports\", \"html\"] })"),
        ("lanes", "Lanes(Lanes { file: None, from: None, to: None })"),
        (
            "lanes --to b run.json --from a",
            "Lanes(Lanes { file: Some(\"run.json\"), from: Some(\"a\"), to: Some(\"b\") })",
        ),
        ("wild --install", "Wild(Wild { install: true })"),
        (
            "bench 14-epoll --runs 2 go --into here",
            "Bench(Bench { server: [\"14-epoll\", \"go\"], runs: Some(2), into: Some(\"here\") })",
        ),
    ] {
        assert_eq!(parse(line), Ok(asked.to_string()));
    }
    assert_eq!(subcommands(), ["book", "browser", "lanes", "wild", "bench", "picture", "preprocess"]);
}

#[test]
fn wrong_calls_say_what_is_wrong() {
    for (line, expected) in [
        ("", "subcommand is required"),
        ("bok", "unexpected argument: \"bok\""),
        ("book --opn", "unexpected flag: `--opn`"),
        ("book now", "unexpected argument: \"now\""),
        ("browser --open", "unexpected flag: `--open`"),
        ("picture a", "unexpected argument: \"a\""),
        ("lanes a b", "unexpected argument: \"b\""),
        ("lanes a --from b", "--from and --to go together"),
        ("lanes a --from", "expected a value for `--from`"),
        ("bench --runs 0", "can't parse `--runs`, number would be zero for non-zero type"),
        (
            "bench 13-second-handle",
            "there is no server `13-second-handle`; it is one of 11-limits-logging, 11-limits, 12-poll, 14-epoll, \
             15-mio, 16-tokio, 18-completions, tokio-multi-thread, threads, go, asyncio, python-select",
        ),
        ("preprocess html", "`preprocess` takes nothing, or `supports RENDERER`"),
    ] {
        assert_eq!(parse(line), Err(expected.to_string()), "{line}");
    }
}
