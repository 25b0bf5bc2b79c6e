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
}

/// All chapters.
pub const CHAPTERS: &[Chapter] = &[
    Chapter {
        name: "01-blocking-server",
        adds: "accept, recv, send, close; one client at a time",
        breaks: "two-at-once",
        story: Some("leaves"),
    },
    Chapter {
        name: "02-what-select-says",
        adds: "no server: what select says of sockets in some thirty states",
        breaks: "",
        story: None,
    },
    Chapter {
        name: "03-select-loop",
        adds: "all clients at once; says nothing when a client leaves",
        breaks: "impatient, and more",
        story: Some("two-at-once"),
    },
    Chapter {
        name: "04-use-after-close",
        adds: "one line that logs the client that left, after the close (broken on purpose)",
        breaks: "leaves",
        story: Some("leaves"),
    },
    Chapter {
        name: "05-log-before-close",
        adds: "the two lines swapped: the fix that everyone suggests",
        breaks: "impatient; urgent-then-close",
        story: Some("leaves"),
    },
    Chapter {
        name: "06-skip-the-dead",
        adds: "asks whether a socket is still there before touching it",
        breaks: "rude; send-then-reset",
        story: Some("impatient"),
    },
    Chapter {
        name: "07-name-at-accept",
        adds: "the peer's name is kept from accept; one client's error ends that client only",
        breaks: "half-close, and more",
        story: Some("send-then-reset"),
    },
    Chapter {
        name: "08-recycled-number",
        adds: "a tidier loop: clients first, new ones last (broken on purpose)",
        breaks: "stranger",
        story: Some("stranger"),
    },
    Chapter {
        name: "09-owned-connections",
        adds: "a connection owns its socket, ready lists borrow, ids are never reused",
        breaks: "half-close: the reply is lost",
        story: Some("stranger"),
    },
    Chapter {
        name: "10-never-block",
        adds: "only select waits; a bounded buffer per client; the end of sending is not the end",
        breaks: "out-of-descriptors",
        story: Some("half-close"),
    },
    Chapter {
        name: "11-limits",
        adds: "EMFILE, EINTR, aborted connections, an orderly stop; FD_SETSIZE turns a crowd away",
        breaks: "crowd: turned away",
        story: Some("out-of-descriptors"),
    },
    Chapter {
        name: "12-poll",
        adds: "poll in place of select: no FD_SETSIZE; each answer gets its id before a position changes",
        breaks: "nothing; its cost grows with each idle connection",
        story: Some("crowd"),
    },
    Chapter {
        name: "13-second-handle",
        adds: "epoll as its man page has it, and a second handle kept for the log (broken on purpose)",
        breaks: "stranger",
        story: Some("stranger"),
    },
];

/// The chapter of that name.
pub fn by_name(name: &str) -> Option<&'static Chapter> {
    CHAPTERS.iter().find(|chapter| chapter.name == name)
}

/// The chapters that are servers.
pub fn servers() -> impl Iterator<Item = &'static Chapter> {
    CHAPTERS.iter().filter(|chapter| chapter.story.is_some())
}
