//! The README's picture is what is drawn today.

use super::Tiny;
use crate::pictures::readme::{FILE, picture};
use crate::project::Project;

#[test]
fn the_picture_is_what_is_drawn_today() {
    let project = Project::here();
    let drawn = picture(&project).unwrap();
    assert!(drawn == picture(&project).unwrap(), "drawn twice, it has the same bytes");
    let kept = project.read(FILE).unwrap();
    assert!(kept == drawn, "{FILE} is old: cargo xtask picture draws it anew");
    let readme = project.read("README.md").unwrap();
    assert!(
        readme.contains(&format!("({FILE})")) || readme.contains(&format!("\"{FILE}\"")),
        "the README shows {FILE}"
    );
}

#[test]
fn a_changed_trace_changes_the_picture() {
    let project = Project::here();
    let name = |chapter: &str| format!("tests/snapshots/{chapter}-trace-json.snap");
    let names =
        ["04-use-after-close", "05-log-before-close-impatient", "08-recycled-number", "09-owned-connections"].map(name);
    let tiny = Tiny::new();
    for name in &names {
        tiny.write(name, &project.read(name).unwrap());
    }
    let before = picture(&tiny.project()).unwrap();
    assert!(before == project.read(FILE).unwrap(), "the same traces give the same picture anywhere");
    for (name, from, to) in [
        (&names[0], r#""err":"EBADF""#, r#""ret":"0""#),
        (&names[1], r#""w":[4],"x":[]}"#, r#""w":[],"x":[]}"#),
        (&names[2], "<bob>", "<carol>"),
        (&names[3], r#"{"who":"alice","call":"close","args":""}"#, r#"{"who":"alice","call":"close","args":"reset"}"#),
    ] {
        let text = project.read(name).unwrap();
        assert!(text.contains(from), "{name}");
        tiny.write(name, &text.replace(from, to));
        // Where the stretch is not found any more it is refused.
        assert!(picture(&tiny.project()).ok().as_ref() != Some(&before), "{name}: {from} became {to}");
        tiny.write(name, &text);
    }
}
