//! The servers of the wild: where they come from, how they are started and spoken to, and what is public of what they do.

/// A server on the board.
pub struct Entry {
    /// Its name on the board.
    pub name: &'static str,
    /// Where it comes from.
    pub from: From,
    /// What `check` is told.
    pub options: &'static [&'static str],
    /// What starts it: `{servers}` is the folder of book/wild/servers, and `{port}` is left to `check`.
    pub command: &'static [&'static str],
    /// What is public of the verdicts that are not ok.
    pub references: &'static [Reference],
}

/// Where a server comes from.
pub enum From {
    /// A package of Debian, and the program in it.
    Debian(&'static str, &'static str),
    /// A package of PyPI, with its version or without: then the newest.
    PyPi(&'static str),
    /// A program that is there already, and says its version.
    Here(&'static str),
}

/// What is public of a verdict.
pub struct Reference {
    pub probes: &'static [&'static str],
    pub verdict: &'static str,
    /// What the link says.
    pub words: &'static str,
    pub url: &'static str,
}

/// What out-of-descriptors finds is mostly not reported yet: no server on the board is shown under it.
const HTTP: &[&str] = &["--preset", "http", "--skip", "out-of-descriptors"];
const ECHO: &[&str] = &["--greeting", r"hello\r\n", "--reply", "Hello, server!", "--skip", "out-of-descriptors"];
const RESET: &[&str] = &["--preset", "http", "--only", "polite,ask-then-reset-in-queue"];
const HAMMER: &[&str] = &["--preset", "http", "--only", "polite,hammer"];

const WAITRESS: &[&str] = &["python3", "-m", "waitress", "--listen=127.0.0.1:{port}", "hello:wsgi"];

/// The servers, in the board's order.
pub const ENTRIES: &[Entry] = &[
    Entry {
        name: "nginx",
        from: From::Debian("nginx-light", "nginx"),
        options: HTTP,
        command: &["sh", "{servers}/nginx.sh", "{port}"],
        references: &[],
    },
    Entry {
        name: "redis",
        from: From::Debian("redis-server", "redis-server"),
        options: &["--preset", "redis", "--skip", "out-of-descriptors"],
        command: &["redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        references: &[Reference {
            probes: &["never-reads"],
            verdict: "grows",
            words: "it documents that normal clients have no limit",
            url: "https://redis.io/docs/latest/develop/reference/clients/",
        }],
    },
    Entry {
        name: "memcached",
        from: From::Debian("memcached", "memcached"),
        options: &["--preset", "memcached", "--skip", "out-of-descriptors"],
        command: &["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", "{port}", "-U", "0"],
        references: &[Reference {
            probes: &["crowd"],
            verdict: "turned away",
            words: "its limit is 1,024 connections, unless -c says otherwise",
            url: "https://manpages.debian.org/bookworm/memcached/memcached.1.en.html",
        }],
    },
    Entry {
        name: "busybox httpd",
        from: From::Debian("busybox", "busybox"),
        options: HTTP,
        command: &["busybox", "httpd", "-f", "-p", "127.0.0.1:{port}", "-h", "{servers}"],
        references: &[],
    },
    Entry {
        name: "Python's http.server",
        from: From::Here("python3"),
        options: HTTP,
        command: &["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", "{servers}", "{port}"],
        references: &[],
    },
    Entry {
        name: "Python's asyncio",
        from: From::Here("python3"),
        options: &["--skip", "out-of-descriptors"],
        command: &["python3", "{servers}/../../../tests/peers/asyncio_server.py"],
        references: &[],
    },
    Entry {
        name: "uvicorn",
        from: From::PyPi("uvicorn"),
        options: HTTP,
        command: &[
            "python3",
            "-m",
            "uvicorn",
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
            "--log-level",
            "warning",
            "hello:asgi",
        ],
        references: &[],
    },
    Entry {
        name: "gevent",
        from: From::PyPi("gevent"),
        options: HTTP,
        command: &["python3", "{servers}/gevent_server.py", "{port}"],
        references: &[],
    },
    Entry {
        name: "Node's http",
        from: From::Here("node"),
        options: HTTP,
        command: &["node", "{servers}/http.js", "{port}"],
        references: &[],
    },
    Entry {
        name: "Node's example of net",
        from: From::Here("node"),
        options: ECHO,
        command: &["node", "{servers}/net.js", "{port}"],
        references: &[Reference {
            probes: &[
                "rude",
                "unread",
                "send-then-reset",
                "reset-in-queue",
                "ask-then-reset-in-queue",
                "stampede",
                "never-reads",
            ],
            verdict: "ECONNRESET",
            words: "it documents that an error without a listener ends the process",
            url: "https://nodejs.org/api/events.html#error-events",
        }],
    },
    Entry {
        name: "the same with on('error')",
        from: From::Here("node"),
        options: ECHO,
        command: &["node", "{servers}/net-on-error.js", "{port}"],
        references: &[],
    },
    Entry {
        name: "waitress",
        from: From::PyPi("waitress==2.1.1"),
        options: HAMMER,
        command: WAITRESS,
        references: &[Reference {
            probes: &["hammer"],
            verdict: "EBADF",
            words: "CVE-2022-31015",
            url: "https://github.com/Pylons/waitress/pull/377",
        }],
    },
    Entry {
        name: "waitress",
        from: From::PyPi("waitress==2.1.2"),
        options: HAMMER,
        command: WAITRESS,
        references: &[],
    },
    Entry {
        name: "waitress",
        from: From::PyPi("waitress==3.0.0"),
        options: RESET,
        command: WAITRESS,
        references: &[Reference {
            probes: &["ask-then-reset-in-queue"],
            verdict: "spins",
            words: "CVE-2024-49769",
            url: "https://github.com/Pylons/waitress/security/advisories/GHSA-3f84-rpwh-47g6",
        }],
    },
    Entry { name: "waitress", from: From::PyPi("waitress==3.0.2"), options: RESET, command: WAITRESS, references: &[] },
];
