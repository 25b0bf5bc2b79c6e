//! The protocols that are known by name.

use super::escapes::bytes;
use super::protocol::Protocol;

/// A protocol that is known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// HTTP/1.1, RFC 9112.
    Http,
    /// Redis, RESP.
    Redis,
    /// memcached's text protocol.
    Memcached,
    /// SMTP, RFC 5321.
    Smtp,
    /// FTP, RFC 959.
    Ftp,
    /// A line for a line.
    Line,
}

impl Preset {
    /// All of them.
    pub const ALL: &'static [Preset] =
        &[Preset::Http, Preset::Redis, Preset::Memcached, Preset::Smtp, Preset::Ftp, Preset::Line];

    /// What `--preset` takes; and the message, what a reply must contain and what the greeting must contain, as
    /// `--message`, `--reply` and `--greeting` take them. The greeting is empty where the client speaks first.
    fn row(self) -> (&'static str, [&'static str; 3]) {
        match self {
            Preset::Http => ("http", [r"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", " 200 ", ""]),
            Preset::Redis => ("redis", [r"PING\r\n", "+PONG", ""]),
            Preset::Memcached => ("memcached", [r"version\r\n", "VERSION ", ""]),
            Preset::Smtp => ("smtp", [r"NOOP\r\n", "250", "220"]),
            Preset::Ftp => ("ftp", [r"USER anonymous\r\n", "331", "220"]),
            Preset::Line => ("line", [r"Hello, server!\n", r"\n", ""]),
        }
    }

    /// What `--preset` takes.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The message, as `--message` takes it.
    pub fn message(self) -> &'static str {
        self.row().1[0]
    }

    /// What a reply must contain, as `--reply` takes it.
    pub fn reply(self) -> &'static str {
        self.row().1[1]
    }

    /// What the greeting must contain, as `--greeting` takes it; empty where the client speaks first.
    pub fn greeting(self) -> &'static str {
        self.row().1[2]
    }

    /// What its clients say, in bytes.
    pub fn protocol(self) -> Protocol {
        // A test holds every preset to what a command line may say.
        let [message, reply, greeting] = self.row().1.map(|text| bytes(text).unwrap_or_default());
        Protocol { message, reply, greeting }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_what_a_command_line_may_say() {
        for preset in Preset::ALL {
            let [message, reply, greeting] = preset.row().1.map(bytes);
            assert!(message.is_ok_and(|message| !message.is_empty()), "{preset:?}");
            assert!(reply.is_ok_and(|reply| !reply.is_empty()), "{preset:?}");
            assert!(greeting.is_ok(), "{preset:?}");
        }
    }
}
