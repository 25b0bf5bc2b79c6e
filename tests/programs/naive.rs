//! The servers that everybody writes on a library, under every probe, and what they say when a task of theirs panics.

use super::check::{check, verdicts};
use crate::common::{built, command, exe, room_for_a_crowd, runs, say, settings, terminal, times};
use close_call::command::ladder;
use close_call::command::names::stored;
use insta::{Settings, assert_snapshot};

/// Chapter, naive server, how many verdicts are not `ok`, and options of check.
type Naive = (&'static str, &'static str, usize, &'static [&'static str]);

cases!(each_falls_short_as_its_page_says: falls_short:
    mio_example => ("15-mio", "15-example", 9, &[]),
    mio_one_recv => ("15-mio", "15-one-recv", 3, &[]),
    // How many of a stampede are accepted depends on how many of its edges come while the server is awake.
    mio_one_accept => ("15-mio", "15-one-accept", 3, &["--skip", "stampede"]),
    tokio_asks_in_task => ("16-tokio", "16-asks-in-task", 2, &[]),
    tokio_ignores_errors => ("16-tokio", "16-ignores-errors", 2, &[]),
    tokio_asks_before_task => ("16-tokio", "16-asks-before-task", 5, &[]),
    // Whether a buffer is left for the next message depends on who is faster, the client or the server.
    io_uring_multishot => ("18-completions", "18-multishot", 4, &["--skip", "long-message"]),
);

fn falls_short((chapter, name, short, options): Naive) {
    if !runs(chapter) || !room_for_a_crowd() {
        return;
    }
    let _settings = settings();
    let mut times = Settings::clone_current();
    times.add_filter(r"[0-9.]+ s of processor time in [0-9.]+ s", "3.0 s of processor time in 3.0 s");
    times.add_filter(r"127\.0\.0\.1:\d{5}", "127.0.0.1:<port>");
    let _times = times.bind_to_scope();
    say(&format!("check on naive-{name}"));
    let program = exe(&format!("examples/naive-{name}"));
    let server = ["--", program.to_str().unwrap(), "--listen", "127.0.0.1:{port}"];
    let (shown, status, errors) = check(&[options, &server].concat());
    assert_eq!((status, errors.as_str()), (Some(1), ""));
    assert_eq!(verdicts(&shown).iter().filter(|(_, cell)| *cell != "ok").count(), short, "{name}: {shown}");
    let options: String = options.iter().map(|option| format!("{option} ")).collect();
    let typed = format!(
        "$ cargo run -- check {options}-- \\\n    target/debug/examples/naive-{name} --listen 127.0.0.1:{{port}}"
    );
    assert_snapshot!(format!("naive-{name}-check"), format!("{typed}\n{shown}"));
}

/// Chapter, naive server, probe: what the book shows of it.
const STORIES: &[(&str, &str, &str)] = &[
    ("15-mio", "15-one-recv", "half-close"),
    ("16-tokio", "16-asks-in-task", "send-then-reset"),
    ("18-completions", "18-multishot", "stranger"),
    ("18-completions", "18-multishot", "half-close"),
];

#[test]
fn what_becomes_of_it_is_as_the_book_shows() {
    let _settings = settings();
    for (chapter, name, probe) in STORIES.iter().filter(|(chapter, ..)| runs(chapter)) {
        let (shown, _) = terminal(&mut command(&format!("examples/naive-{name}"), &["--probe", probe]));
        let feature = ladder::by_name(chapter).unwrap().feature.as_ref().unwrap().name;
        let typed = format!("$ cargo run --features {feature} --example naive-{name} -- --probe {probe}");
        assert_snapshot!(format!("naive-{name}-{probe}"), format!("{typed}\n{}", stored(&shown)));
    }
}

/// What the book shows as a difference of a line or two is one.
#[test]
fn a_sound_chapter_made_broken_differs_from_it_where_the_book_says() {
    for (name, lines) in [("15-one-recv", 2), ("15-one-accept", 1)] {
        let code = |file: &str| {
            let text = std::fs::read_to_string(file).unwrap();
            text.lines().filter(|line| !line.starts_with("//!")).map(String::from).collect::<Vec<_>>()
        };
        let (sound, broken) = (code("chapters/15-mio.rs"), code(&format!("tests/naive/{name}.rs")));
        let changed = if sound.len() == broken.len() {
            sound.iter().zip(&broken).filter(|(ours, theirs)| ours != theirs).count()
        } else {
            let without = (0..sound.len()).filter(|&at| [&sound[..at], &sound[at + 1..]].concat() == broken).count();
            assert_eq!(without, 1, "{name} lacks one line of chapter 15");
            1
        };
        assert_eq!(changed, lines, "{name}");
    }
}

/// The task's panic is all that is left of the connection: there is no goodbye, and no verdict falls.
#[test]
fn a_task_that_panics_says_no_goodbye_and_passes_the_probe() {
    if !built("16-tokio") {
        return;
    }
    let shown = |program: &str| terminal(&mut command(program, &["--probe", "send-then-reset"])).0;
    let naive = shown("examples/naive-16-asks-in-task");
    assert!(naive.contains("panicked at tests/naive/16-asks-in-task.rs") && naive.contains("code: 107"), "{naive}");
    assert!(!naive.contains("closing connection to") && naive.ends_with(": ok. The server still runs.\n"), "{naive}");
    let sound = shown("16-tokio");
    assert!(sound.contains("closing connection to 127.0.0.1:") && !sound.contains("panicked"), "{sound}");
}

/// The message and the end come in one batch, and so the reply goes to whoever has the number by then, or to nobody.
#[test]
fn requests_by_number_cross_every_time() {
    if !runs("18-completions") {
        return;
    }
    for _ in 0..times() {
        for (probe, verdict) in [
            ("stranger", "stranger: carol got a reply that was not for carol. The server still runs."),
            ("half-close", "half-close: no reply to alice: the connection was closed. The server still runs."),
        ] {
            let (shown, _) = terminal(&mut command("examples/naive-18-multishot", &["--probe", probe]));
            assert_eq!(shown.lines().last(), Some(verdict));
        }
    }
}
