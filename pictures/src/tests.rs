//! Pictures of traces: the same every time, legible, refused where they would be wrong.

use crate::excerpt::Excerpt;
use crate::lanes::draw::{Drawing, Limits, draw};
use crate::lanes::show;
use crate::lanes::words::description;
use crate::part::Part;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn snapshots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/snapshots")
}

/// The file of a trace that this project has stored.
pub fn snapshot(name: &str) -> String {
    fs::read_to_string(snapshots().join(format!("{name}-trace-json.snap"))).unwrap()
}

/// A stretch of a trace that this project has stored.
fn stored(name: &str, texts: Option<(&str, &str)>) -> Part {
    Part::of(name, &Excerpt::printed(&snapshot(name)), texts).unwrap()
}

/// A stretch of a trace of these lines.
fn told(lines: &str) -> Part {
    Part::of("run.json", &Excerpt::whole(lines), None).unwrap()
}

fn call(line: usize, call: &str, args: &str, result: &str, fds: &str) -> String {
    format!("{{\"at\":{line},\"call\":\"{call}\",\"args\":\"{args}\",{result},\"fds\":{{{fds}}}}}\n")
}

/// Calls on a listener, one after the other.
fn calls(count: usize, name: &str) -> String {
    (0..count).map(|_| call(1, name, "3", "\"ret\":\"0\"", "\"3\":\"listening\"")).collect()
}

/// The names of all stored traces in JSON.
fn all() -> Vec<String> {
    let files = fs::read_dir(snapshots()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> =
        files.filter_map(|file| Some(file.strip_suffix("-trace-json.snap")?.to_string())).collect();
    assert!(names.len() >= 12, "{names:?}");
    names
}

/// The texts of a drawing: class, x, y, whether it is centred, and what it says.
fn texts(drawing: &Drawing) -> Vec<(String, f64, f64, bool, String)> {
    let value = |element: &str, name: &str| {
        element
            .split_once(&format!(" {name}=\""))
            .and_then(|(_, rest)| rest.split('"').next())
            .unwrap_or("")
            .to_string()
    };
    let elements = drawing.shapes.lines().filter(|line| line.starts_with("<text"));
    elements
        .map(|element| {
            let said = element.split_once('>').unwrap().1.split('<').next().unwrap().to_string();
            let [x, y] = ["x", "y"].map(|name| value(element, name).parse().unwrap());
            (value(element, "class"), x, y, element.contains("middle"), said)
        })
        .collect()
}

#[test]
fn a_trace_drawn_twice_has_the_same_bytes() {
    for name in all() {
        let text = snapshot(&name);
        let drawn = show::in_file(&name, &text, None).unwrap();
        assert!(drawn == show::in_file(&name, &text, None).unwrap(), "{name}");
        assert!(drawn.starts_with("<svg xmlns") && drawn.ends_with("</svg>\n"));
        assert!(!drawn.contains("\n\n\n") && drawn.contains("prefers-color-scheme: dark"));
    }
}

#[test]
fn no_text_is_written_over_another() {
    for name in all() {
        let part = stored(&name, None);
        let drawing = draw(&part, Limits::FILE).unwrap();
        let texts = texts(&drawing);
        for (_, x, _, middle, said) in texts.iter().filter(|(class, ..)| class == "small bad") {
            let wide = said.chars().count() as f64 * 5.5;
            assert!(*middle || x + wide <= drawing.width || said.starts_with("exit"), "{name}: {said} is cut");
        }
        for (index, (class, x, y, middle, said)) in texts.iter().enumerate() {
            for (other_class, other_x, other_y, other_middle, other) in &texts[index + 1..] {
                // Names that are turned lean over each other's points without touching; the widths here are of level text.
                if drawing.shapes.contains("rotate(-55") && (class.contains("call") || other_class.contains("call")) {
                    continue;
                }
                let span = |x: f64, middle: bool, text: &str| {
                    // Rather too narrow: what is seen to overlap here does.
                    let wide = text.chars().count() as f64 * 5.0;
                    if middle { (x - wide / 2.0, x + wide / 2.0) } else { (x, x + wide) }
                };
                let (a, b) = (span(*x, *middle, said), span(*other_x, *other_middle, other));
                let apart = a.1 <= b.0 || b.1 <= a.0 || (y - other_y).abs() >= 10.0 || class == "number";
                assert!(apart, "{name}: `{said}` and `{other}` at {y} and {other_y}");
            }
        }
    }
}

#[test]
fn as_many_calls_as_a_page_has_room_for_fit_into_it() {
    let acts = "{\"who\":\"alice\",\"call\":\"connect\",\"args\":\"127.0.0.1:1\"}\n".repeat(3);
    let part = told(&(acts + &calls(25, "getpeername")));
    let drawing = draw(&part, Limits::PAGE).unwrap();
    assert!(drawing.width <= 750.0, "{}", drawing.width);
    assert_eq!(drawing.shapes.matches("rotate(-55").count(), 25, "the names are turned");
    assert_eq!(drawing.ends.len(), 25);

    let few = draw(&told(&calls(4, "getpeername")), Limits::PAGE).unwrap();
    assert!(!few.shapes.contains("rotate"), "the names of a few stand side by side");
}

#[test]
fn names_that_are_turned_do_not_reach_out_of_the_picture() {
    for name in ["poll", "getpeername", "io_uring_enter"] {
        let drawing = draw(&told(&calls(40, name)), Limits::FILE).unwrap();
        let base = texts(&drawing).into_iter().find(|(class, ..)| class == "call").map(|(_, _, y, ..)| y).unwrap();
        // Rather too long, as the sine of 55 degrees is 0.82.
        let long = name.len() as f64 * 6.5 * 0.82;
        assert!(base >= long, "{name} is {long} long, and begins at {base}");
    }
}

#[test]
fn the_name_of_what_is_no_client_is_left_out_where_it_does_not_fit() {
    let drawn = |owner: &str| {
        let open = format!("\"3\":\"listening\",\"4\":\"{owner}\"");
        let run = call(1, "socket", "", "\"ret\":\"4\"", &open)
            + &call(2, "close", "4", "\"ret\":\"0\"", "\"3\":\"listening\"")
            + &calls(3, "getsockname");
        let texts = texts(&draw(&told(&run), Limits::PAGE).unwrap());
        texts.into_iter().filter(|(class, ..)| class.starts_with("name")).map(|(.., said)| said).collect::<Vec<_>>()
    };
    let [other, client] = ["eventpoll-of-all", "127.0.0.1:<alexandra>"].map(drawn);
    assert_eq!(other, ["listener"]);
    assert_eq!(client, ["listener", "alexandra"]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |lines: &str, limits: Limits| draw(&told(lines), limits).err().unwrap();
    assert_eq!(
        refused(&calls(26, "recv"), Limits::PAGE),
        "26 calls in this stretch, where 25 fit; from and to shorten it"
    );
    assert_eq!(
        refused(&calls(200, "recv"), Limits::FILE),
        "200 calls in this stretch, where 100 fit; from and to shorten it"
    );
    let open = |count: usize| {
        let fds: Vec<String> = (3..3 + count).map(|fd| format!("\"{fd}\":\"pipe\"")).collect();
        call(1, "recv", "3", "\"ret\":\"0\"", &fds.join(","))
    };
    assert_eq!(refused(&open(12), Limits::PAGE), "12 descriptors in this stretch, where 8 fit");
    let twelve = draw(&told(&open(12)), Limits::FILE).unwrap();
    assert_eq!(twelve.shapes.matches("class=\"bar other\"").count(), 12, "twelve lanes are plain in a file");
    assert_eq!(refused(&open(25), Limits::FILE), "25 descriptors in this stretch, where 24 fit");
}

#[test]
fn a_call_that_is_not_known_has_a_column_and_touches_no_lane() {
    let lines = calls(1, "recv") + &call(2, "sendfile", "3, 4, 9", "\"err\":\"EBADF\"", "\"3\":\"listening\"");
    let drawing = draw(&told(&lines), Limits::PAGE).unwrap();
    let texts = texts(&drawing);
    let said = |what: &str| texts.iter().filter(|(.., said)| said == what).count();
    assert_eq!((said("sendfile"), said("EBADF")), (1, 1));
    assert_eq!(drawing.shapes.matches("<circle").count(), 1, "the dot is recv's");
    assert!(!drawing.shapes.contains("class=\"cross\""), "there is no lane to put it on");
    assert!(!drawing.shapes.contains("class=\"number\" x=\"22\" y=\"89\""), "4 has no lane");
}

#[test]
fn what_goes_wrong_is_in_the_picture_and_in_its_words() {
    let shapes = |name: &str, from: &str, to: &str| {
        let part = stored(name, Some((from, to)));
        (draw(&part, Limits::PAGE).unwrap(), description(&part))
    };
    let (eight, words) = shapes("08-recycled-number", "SIGSTOP", "\"bob\",\"call\":\"recv\"");
    assert_eq!(eight.shapes.matches("class=\"stale\"").count(), 1);
    assert_eq!(eight.shapes.matches("class=\"tip\"").count(), 1);
    assert!(eight.shapes.contains(">meant for alice<") && !eight.shapes.contains("class=\"cross\""));
    assert!(
        words.contains("send on 4, bob, returns 14: it was meant for alice, and reaches bob. bob receives."),
        "{words}"
    );

    // From the row of alice's mark down to carol's bar.
    let (twelve, words) = shapes("naive-12-two-lists", "SIGSTOP", "\"carol\",\"call\":\"recv\"");
    assert_eq!(
        (twelve.shapes.matches("class=\"tip\"").count(), twelve.shapes.matches(">meant for alice<").count()),
        (1, 1)
    );
    assert!(words.contains("send on 5, carol, returns 14: it was meant for alice, and reaches carol."), "{words}");

    let (four, words) = shapes("04-use-after-close", "\"alice\",\"call\":\"close\"", "ended");
    let count = |class: &str| four.shapes.matches(&format!("class=\"{class}\"")).count();
    assert_eq!((count("stale"), count("cross"), count("end"), count("alone who0")), (1, 1, 1, 0));
    assert!(words.ends_with(
        "getpeername on 4, which is not open, fails with EBADF: the number was alice's when it was named readable, and was \
         closed since. The server has ended: exit status 1."
    ));

    let (six, words) = shapes("06-skip-the-dead-send-then-reset", "SIGSTOP", "ended");
    let count = |class: &str| six.shapes.matches(&format!("class=\"{class}\"")).count();
    assert_eq!((count("stale"), count("cross"), count("alone who0")), (0, 1, 1));
    assert!(words.contains("getpeername on 4, alice, fails with ENOTCONN."), "{words}");

    for name in ["07-name-at-accept-stranger", "09-owned-connections"] {
        let drawing = draw(&stored(name, None), Limits::FILE).unwrap();
        assert!(!drawing.shapes.contains("class=\"stale\"") && !drawing.shapes.contains("meant for"), "{name}");
    }
}

#[test]
fn a_stretch_knows_what_was_before_it() {
    // It begins after alice has been accepted, in the middle of a stop, behind the select whose mark is acted on.
    let part = stored("08-recycled-number", Some(("\"carol\",\"call\":\"connect\"", "\"call\":\"recv\"")));
    let drawing = draw(&part, Limits::PAGE).unwrap();
    assert!(drawing.shapes.contains("class=\"stop\" x=\"30\""), "the server is stopped from the left edge on");
    assert!(drawing.shapes.contains("class=\"bar who0\" x=\"30\""), "alice's bar comes from the left edge");
    let behind = stored("08-recycled-number", Some(("\"call\":\"close\",\"args\":\"4\"", "\"call\":\"send\"")));
    let drawing = draw(&behind, Limits::PAGE).unwrap();
    assert!(drawing.shapes.contains("<path class=\"stale\" d=\"M30 "), "its mark is to the left");
}

#[test]
fn names_are_not_taken_for_svg() {
    let mut lines = String::new();
    let _ = writeln!(lines, "{{\"who\":\"<b>&\\\"\",\"call\":\"connect\",\"args\":\"127.0.0.1:1\"}}");
    lines += &call(1, "<i>", "3", "\"ret\":\"4\"", "\"3\":\"listening\",\"4\":\"127.0.0.1:1\",\"5\":\"</svg>\"");
    let drawn = show::in_file("run.json", &lines, None).unwrap();
    assert!(drawn.contains("&lt;b&gt;&amp;&quot; connects") && drawn.contains(">&lt;i&gt;<"));
    assert_eq!(
        (drawn.matches("<b>").count(), drawn.matches("<i>").count(), drawn.matches("</svg>").count()),
        (0, 0, 1)
    );
}

#[test]
fn many_acts_are_counted_and_not_told() {
    let acts: String = (0..300)
        .map(|port| format!("{{\"who\":\"c{port}\",\"call\":\"connect\",\"args\":\"127.0.0.1:{}\"}}\n", port + 1))
        .collect();
    let drawing = draw(&told(&(acts + &calls(1, "recv"))), Limits::PAGE).unwrap();
    assert_eq!(drawing.shapes.matches("class=\"flag").count(), 8);
    assert!(drawing.shapes.contains(">and 293 more<"));
}

#[test]
fn a_file_may_be_a_snapshot_or_a_trace_and_nothing_else() {
    let error = |text: &str, texts| show::in_file("run.json", text, texts).unwrap_err();
    assert_eq!(error("", None), "run.json: no call is in it; a trace is what --trace=json prints");
    assert_eq!(
        error(":14 listen(3, 128) = 0\n", None),
        "run.json: no call is in it; a trace is what --trace=json prints"
    );
    let one = calls(1, "recv");
    assert_eq!(error(&one, Some(("x", "y"))), "no line of run.json contains `x`");
    assert_eq!(error(&(one.clone() + "$ end\n"), Some(("$ end", "$ end"))), "run.json: no call is in this stretch");
    assert_eq!(
        error(&("---\nsource: x\n---\n".to_string() + &one + "{\n"), None).split(": it").next(),
        Some("run.json: line 5")
    );
}

/// What a chapter under `shortage` prints: the script says what it has done to the server.
#[test]
fn what_the_script_did_to_the_server_is_no_hindrance() {
    let note = "{\"who\":\"story\",\"notes\":\"(it may open more again, and has closed none)\"}\n";
    let drawn = show::in_file("run.json", &(calls(1, "accept") + note + &calls(1, "recv")), None).unwrap();
    assert_eq!(drawn.matches("class=\"dot").count(), 2);
}

/// What a chapter under `crowd` prints: thousands of calls, and as many descriptors.
#[test]
fn a_long_trace_is_refused_at_once_and_a_stretch_of_it_is_drawn() {
    let fds: Vec<String> = (3..1_000).map(|fd| format!("\"{fd}\":\"127.0.0.1:{fd}\"")).collect();
    let crowd = call(1, "accept", "3", "\"ret\":\"9\"", &fds.join(","));
    let error = show::in_file("run.json", &crowd, None).unwrap_err();
    assert_eq!(error, "run.json: 997 descriptors in this stretch, where 24 fit");
    let long = calls(3_000, "accept") + &calls(3, "recv") + &calls(3_000, "send");
    let error = show::in_file("run.json", &long, None).unwrap_err();
    assert_eq!(error, "run.json: 6003 calls in this stretch, where 100 fit; from and to shorten it");
    let drawn = show::in_file("run.json", &long, Some(("recv", "send"))).unwrap();
    assert_eq!(drawn.matches("class=\"dot").count(), 4);
}

#[test]
fn a_request_has_a_bar_of_its_own_above_that_of_its_number() {
    let part = stored("18-completions-told-to-stop", None);
    let drawing = draw(&part, Limits::PAGE).unwrap();
    assert!(drawing.contents.in_flight);
    let bars = |class: &str| drawing.shapes.lines().filter(|line| line.contains(&format!("class=\"{class} "))).count();
    assert_eq!(bars("flight"), part.trace.requests.len());
    let said: Vec<String> = texts(&drawing).into_iter().map(|(.., said)| said).collect();
    for label in ["recv = 0", "accept = EINVAL", "poll = 1", "send = 14"] {
        assert!(said.iter().any(|said| said == label), "{label}: {said:?}");
    }
    assert!(!draw(&stored("13-second-handle", None), Limits::FILE).is_ok_and(|drawing| drawing.contents.in_flight));
}
