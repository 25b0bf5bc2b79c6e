//! The protocols that `check` knows by name, and how bytes are written on a command line.

use crate::probe::protocol::Protocol;

/// What a protocol's clients send and wait for, as `--message`, `--reply` and `--greeting` take it.
pub struct Preset {
    /// What `--preset` takes.
    pub name: &'static str,
    /// The message.
    pub message: &'static str,
    /// What a reply must contain.
    pub reply: &'static str,
    /// What the greeting must contain; empty where the client speaks first.
    pub greeting: &'static str,
}

/// All of them.
pub const PRESETS: &[Preset] = &[
    Preset { name: "http", message: r"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", reply: " 200 ", greeting: "" },
    Preset { name: "redis", message: r"PING\r\n", reply: "+PONG", greeting: "" },
    Preset { name: "memcached", message: r"version\r\n", reply: "VERSION ", greeting: "" },
    Preset { name: "smtp", message: r"NOOP\r\n", reply: "250", greeting: "220" },
    Preset { name: "ftp", message: r"USER anonymous\r\n", reply: "331", greeting: "220" },
    Preset { name: "line", message: r"Hello, server!\n", reply: r"\n", greeting: "" },
];

impl Preset {
    /// The same as bytes.
    pub fn protocol(&self) -> Protocol {
        // A test holds every preset to what a command line may say.
        let bytes = |text| bytes(text).unwrap_or_default();
        Protocol { message: bytes(self.message), reply: bytes(self.reply), greeting: bytes(self.greeting) }
    }
}

/// The bytes that `text` stands for, with its escapes. Fails with the escape that there is not.
pub fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let escape = rest.next();
        bytes.push(match escape {
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('\\') => b'\\',
            Some('0') => 0,
            Some('x') => {
                let digits: String = rest.by_ref().take(2).collect();
                let two = digits.len() == 2 && digits.chars().all(|c| c.is_ascii_hexdigit());
                let byte = u8::from_str_radix(&digits, 16).ok().filter(|_| two);
                byte.ok_or_else(|| format!(r"\x{digits}"))?
            }
            other => return Err(format!("\\{}", other.map(String::from).unwrap_or_default())),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_bytes() {
        assert_eq!(bytes(r"a\r\n\t\\\0\x41\xff").unwrap(), b"a\r\n\t\\\0\x41\xff");
        assert_eq!(bytes("é \" '").unwrap(), "é \" '".as_bytes());
        for (text, escape) in [(r"\q", r"\q"), ("a\\", "\\"), (r"\x4", r"\x4"), (r"\xg0", r"\xg0"), (r"\x+1", r"\x+1")]
        {
            assert_eq!(bytes(text).unwrap_err(), escape);
        }
    }

    #[test]
    fn every_preset_is_what_a_command_line_may_say() {
        for preset in PRESETS {
            assert!(bytes(preset.message).is_ok_and(|message| !message.is_empty()), "{}", preset.name);
            assert!(bytes(preset.reply).is_ok_and(|reply| !reply.is_empty()), "{}", preset.name);
            assert!(bytes(preset.greeting).is_ok(), "{}", preset.name);
        }
    }
}
