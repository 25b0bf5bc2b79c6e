//! The servers that are measured, and what they are called.

/// A server that is measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Contender {
    /// Its name in the files.
    pub name: &'static str,
    /// What a table calls it.
    pub title: &'static str,
    /// What a plot calls it.
    pub short: &'static str,
    /// Whether its loop is select's, which goes no further than descriptor 1023.
    pub selects: bool,
}

impl Contender {
    const fn new(name: &'static str, title: &'static str, short: &'static str) -> Contender {
        Contender { name, title, short, selects: false }
    }

    const fn selecting(name: &'static str, title: &'static str, short: &'static str) -> Contender {
        Contender { name, title, short, selects: true }
    }
}

/// In the order in which they are measured and shown.
pub const CONTENDERS: [Contender; 12] = [
    Contender::selecting("11-limits-logging", "chapter 11, as it is", "select, logging"),
    Contender::selecting("11-limits", "chapter 11: select", "select"),
    Contender::new("12-poll", "chapter 12: poll", "poll"),
    Contender::new("14-epoll", "chapter 14: epoll", "epoll"),
    Contender::new("15-mio", "chapter 15: mio", "mio"),
    Contender::new("16-tokio", "chapter 16: tokio", "tokio"),
    Contender::new("18-completions", "chapter 18: io_uring", "io_uring"),
    Contender::new("tokio-multi-thread", "tokio, `multi_thread`", "tokio, multi_thread"),
    Contender::new("threads", "a thread per client", "threads"),
    Contender::new("go", "a goroutine per client (Go)", "Go"),
    Contender::new("asyncio", "asyncio (Python)", "asyncio"),
    Contender::selecting("python-select", "the story's server (Python)", "Python's select"),
];

/// How many clients are connected and say nothing.
pub const IDLE: [usize; 5] = [0, 100, 500, 900, 5_000];

/// What select does not get beyond.
pub const MOST_FOR_SELECT: usize = 900;

/// How many clients send, all of them a message, and then wait for their replies.
pub const ACTIVE: [usize; 2] = [1, 16];

/// The server of that name.
pub fn by_name(name: &str) -> Option<&'static Contender> {
    CONTENDERS.iter().find(|server| server.name == name)
}
