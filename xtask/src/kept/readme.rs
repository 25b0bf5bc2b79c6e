//! The README's picture: the lanes of four chapters in one file. It is committed; a test says whether it is what is drawn
//! today, and `cargo xtask picture` draws it anew.

use crate::source::project::Project;
use crate::source::snapshots::Snapshot;
use pictures::frame::Framed;
use pictures::lanes::draw::{Drawing, Limits, draw};
use pictures::lanes::words;
use pictures::part::Part;
use pictures::svg::{Anchor, Svg};

/// Where it is kept, from the project's root.
pub const FILE: &str = "book/lanes.svg";

/// A stretch, and what is said of it.
struct Stretch {
    snapshot: &'static str,
    from: &'static str,
    to: &'static str,
    heading: &'static str,
    /// Whether it stands to the right of the one before.
    beside: bool,
}

const STRETCHES: [Stretch; 4] = [
    Stretch {
        snapshot: "04-use-after-close-trace-json",
        from: r#""alice","call":"close""#,
        to: "ended",
        heading: "Chapter 4: close, then ask",
        beside: false,
    },
    Stretch {
        snapshot: "05-log-before-close-impatient-trace-json",
        from: r#""said":{"r":[4],"w":[4]"#,
        to: "ended",
        heading: "Chapter 5: the two lines swapped",
        beside: true,
    },
    Stretch {
        snapshot: "08-recycled-number-trace-json",
        from: "SIGSTOP",
        to: r#""bob","call":"recv""#,
        heading: "Chapter 8: bob gets alice's reply, and no call fails",
        beside: false,
    },
    Stretch {
        snapshot: "09-owned-connections-trace-json",
        from: "SIGSTOP",
        to: r#""ret":"4, 127.0.0.1:<bob>"#,
        heading: "Chapter 9: the same clients, and what was alice's does not reach bob",
        beside: false,
    },
];

/// Draws it.
pub fn picture(project: &Project) -> Result<String, String> {
    let mut svg = Svg::default();
    let mut description = Vec::new();
    let (mut x, mut y, mut bottom, mut right): (f64, f64, f64, f64) = (12.0, 12.0, 12.0, 0.0);
    for Stretch { snapshot, from, to, heading, beside } in STRETCHES {
        let snapshot = Snapshot::read(project, snapshot)?;
        let part = Part::of(&snapshot.path, &snapshot.printed(), Some((from, to)))?;
        let Drawing { shapes, width, height, .. } = draw(&part, Limits::PAGE)?;
        if !beside {
            (x, y) = (12.0, bottom);
        }
        svg.text("number", (x, y + 16.0), Anchor::Start, heading);
        svg.at((x, y + 26.0), &shapes);
        description.push(format!("{heading}. {}", words::description(&part)));
        x += width + 24.0;
        right = right.max(x - 12.0);
        bottom = bottom.max(y + 26.0 + height + 22.0);
    }
    let framed = Framed {
        id: "lanes",
        title: "Four servers and the descriptors that they use, call by call",
        description: &description.join(" "),
        key: "",
        shapes: &svg.shapes(),
        size: (right, bottom),
    };
    Ok(framed.file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::Tiny;

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
            ["04-use-after-close", "05-log-before-close-impatient", "08-recycled-number", "09-owned-connections"]
                .map(name);
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
            (
                &names[3],
                r#"{"who":"alice","call":"close","args":""}"#,
                r#"{"who":"alice","call":"close","args":"reset"}"#,
            ),
        ] {
            let text = project.read(name).unwrap();
            assert!(text.contains(from), "{name}");
            tiny.write(name, &text.replace(from, to));
            // Where the stretch is not found any more it is refused.
            assert!(picture(&tiny.project()).ok().as_ref() != Some(&before), "{name}: {from} became {to}");
            tiny.write(name, &text);
        }
    }
}
