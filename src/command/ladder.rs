//! The chapters, in order: each server survives one more kind of client than the one before.

/// A chapter: one program in `chapters/`, one page in the book.
pub struct Chapter {
    /// The name of its program, and of its file.
    pub name: &'static str,
    /// What it adds.
    pub adds: &'static str,
    /// What still breaks it.
    pub breaks: &'static str,
    /// The probe of its own story; `None` for a chapter that is not a server.
    pub story: Option<&'static str>,
    /// Whether it is on the path: the chapters that are one story, an hour to read.
    pub on_path: bool,
    /// The feature without which its program is not built.
    pub feature: Option<Feature>,
}

/// A feature of this package: it brings in the library that a chapter is about.
pub struct Feature {
    /// What `--features` takes.
    pub name: &'static str,
    /// Whether this program was compiled with it.
    pub on: bool,
}

impl Chapter {
    /// Whether its program was built, which the files in the target folder do not tell: they may be of an earlier build.
    pub fn built(&self) -> bool {
        self.feature.as_ref().is_none_or(|feature| feature.on)
    }

    /// What starts its program.
    pub fn command(&self) -> String {
        let feature = self.feature.as_ref().map_or(String::new(), |feature| format!("--features {} ", feature.name));
        format!("cargo run {feature}--bin {}", self.name)
    }
}

/// All chapters.
pub const CHAPTERS: &[Chapter] = &[
    Chapter {
        name: "01-blocking-server",
        adds: "accept, recv, send, close; one client at a time",
        breaks: "two-at-once, and more",
        story: Some("leaves"),
        on_path: true,
        feature: None,
    },
    Chapter {
        name: "02-what-select-says",
        adds: "not a server: what select says of sockets in some thirty states",
        breaks: "",
        story: None,
        on_path: false,
        feature: None,
    },
    Chapter {
        name: "03-select-loop",
        adds: "all clients at once; says nothing when a client leaves",
        breaks: "impatient, and more",
        story: Some("two-at-once"),
        on_path: true,
        feature: None,
    },
    Chapter {
        name: "04-use-after-close",
        adds: "one line that logs the client that left, after the close (broken on purpose)",
        breaks: "leaves",
        story: Some("leaves"),
        on_path: true,
        feature: None,
    },
    Chapter {
        name: "05-log-before-close",
        adds: "the two lines swapped: the fix that was given",
        breaks: "impatient, urgent-then-close, and more",
        story: Some("leaves"),
        on_path: true,
        feature: None,
    },
    Chapter {
        name: "06-skip-the-dead",
        adds: "asks whether a socket is still there before touching it",
        breaks: "rude, send-then-reset, and more",
        story: Some("impatient"),
        on_path: false,
        feature: None,
    },
    Chapter {
        name: "07-name-at-accept",
        adds: "the peer's name is kept from accept; one client's error ends that client only",
        breaks: "half-close, and more",
        story: Some("send-then-reset"),
        on_path: true,
        feature: None,
    },
    Chapter {
        name: "08-recycled-number",
        adds: "a tidier loop: clients first, new ones last (broken on purpose)",
        breaks: "stranger, and more",
        story: Some("stranger"),
        on_path: true,
        feature: None,
    },
    Chapter {
        name: "09-owned-connections",
        adds: "a connection owns its socket, ready lists borrow, ids are never reused",
        breaks: "half-close, where the reply is lost, and more",
        story: Some("stranger"),
        on_path: true,
        feature: None,
    },
    Chapter {
        name: "10-never-block",
        adds: "only select waits; a bounded buffer per client; the end of sending is not the end",
        breaks: "out-of-descriptors, and more",
        story: Some("half-close"),
        on_path: true,
        feature: None,
    },
    Chapter {
        name: "11-limits",
        adds: "EMFILE, EINTR, aborted connections, an orderly stop; FD_SETSIZE turns a crowd away",
        breaks: "crowd: turned away",
        story: Some("out-of-descriptors"),
        on_path: false,
        feature: None,
    },
    Chapter {
        name: "12-poll",
        adds: "poll in place of select: no FD_SETSIZE; each answer gets its id before a position changes",
        breaks: "nothing; its cost grows with each idle connection",
        story: Some("crowd"),
        on_path: false,
        feature: None,
    },
    Chapter {
        name: "13-second-handle",
        adds: "epoll with numbers as tokens, and a second handle kept for the log (broken on purpose)",
        breaks: "stranger",
        story: Some("stranger"),
        on_path: false,
        feature: None,
    },
    Chapter {
        name: "14-epoll",
        adds: "deregister, then close; ids as tokens; sends at once where there is room",
        breaks: "nothing; its cost does not grow",
        story: Some("stranger"),
        on_path: false,
        feature: None,
    },
    Chapter {
        name: "15-mio",
        adds: "the same on mio, where an edge comes once: what has not said EAGAIN is tried again",
        breaks: "nothing",
        story: Some("half-close"),
        on_path: false,
        feature: Some(Feature { name: "mio", on: cfg!(feature = "mio") }),
    },
    Chapter {
        name: "16-tokio",
        adds: "a task per connection: tokio keeps the rules about names, the limits stay yours",
        breaks: "nothing",
        story: Some("send-then-reset"),
        on_path: false,
        feature: Some(Feature { name: "tokio", on: cfg!(feature = "tokio") }),
    },
    Chapter {
        name: "17-io-uring",
        adds: "not a server: what io_uring does with a number that is closed while it is under way",
        breaks: "",
        story: None,
        on_path: false,
        feature: Some(Feature { name: "io-uring", on: cfg!(feature = "io-uring") }),
    },
    Chapter {
        name: "18-completions",
        adds: "a server on io_uring: a request in flight owns a share of its socket; the last completion is the close",
        breaks: "nothing; fewer calls, no less work",
        story: Some("half-close"),
        on_path: false,
        feature: Some(Feature { name: "io-uring", on: cfg!(feature = "io-uring") }),
    },
];

/// Whether a name begins as a chapter's does: two digits and a hyphen.
pub fn is_numbered(name: &str) -> bool {
    matches!(name.as_bytes(), [tens, ones, b'-', _, ..] if tens.is_ascii_digit() && ones.is_ascii_digit())
}

/// The number that a chapter's name begins with, of two digits.
pub fn number(name: &str) -> &str {
    name.split('-').next().unwrap_or_default()
}

/// The chapter of that name.
pub fn by_name(name: &str) -> Option<&'static Chapter> {
    CHAPTERS.iter().find(|chapter| chapter.name == name)
}

/// The chapters that were built.
pub fn built() -> impl Iterator<Item = &'static Chapter> {
    CHAPTERS.iter().filter(|chapter| chapter.built())
}

/// Those of them that are servers.
pub fn servers() -> impl Iterator<Item = &'static Chapter> {
    built().filter(|chapter| chapter.story.is_some())
}

/// The features that this program was compiled with, as `--features` takes them.
pub fn features() -> String {
    let features = built().filter_map(|chapter| chapter.feature.as_ref());
    features.map(|feature| feature.name).collect::<Vec<_>>().join(",")
}

/// Names the chapters that were not built, if there are any, and what is typed to have them: `cargo run --all-features`
/// and `then`.
pub fn left_out(then: &str) -> Option<String> {
    let names: Vec<&str> = CHAPTERS.iter().filter(|chapter| !chapter.built()).map(|chapter| chapter.name).collect();
    let line = || format!("Not built: {}. With them: cargo run --all-features{then}", names.join(", "));
    (!names.is_empty()).then(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chapter_begins_with_its_number() {
        for (name, numbered) in [("04-x", true), ("4-x", false), ("04-", false), ("04x-y", false), ("x04-y", false)] {
            assert_eq!(is_numbered(name), numbered, "{name}");
        }
    }

    #[test]
    fn a_chapter_with_a_feature_is_built_and_started_with_it() {
        let chapter = |feature| Chapter { name: "99-x", adds: "", breaks: "", story: None, on_path: false, feature };
        let with = |on| chapter(Some(Feature { name: "x", on }));
        assert_eq!((chapter(None).built(), with(true).built(), with(false).built()), (true, true, false));
        assert_eq!(chapter(None).command(), "cargo run --bin 99-x");
        assert_eq!(with(false).command(), "cargo run --features x --bin 99-x");
    }
}
