//! What the clients say to a server, what they count as its answer, and what else a probe is told of it.

use std::time::Duration;

/// What the clients send, and what they wait for. All of it is bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// A request, to which the server replies.
    pub message: Vec<u8>,
    /// What a reply must contain. Empty: any bytes are a reply.
    pub reply: Vec<u8>,
    /// What the server says to a client that has sent nothing yet must contain. Empty: the server waits for the client.
    pub greeting: Vec<u8>,
}

/// What a client sends unless it is told otherwise.
pub const MESSAGE: &str = "Hello, server!";

impl Default for Protocol {
    fn default() -> Protocol {
        Protocol { message: MESSAGE.into(), reply: Vec::new(), greeting: Vec::new() }
    }
}

/// What a probe is told of the server, and of itself.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How to talk to it.
    pub protocol: Protocol,
    /// Another message, which clients send before they misbehave.
    pub also: Option<Vec<u8>>,
    /// The server closes each connection after its reply.
    pub closes: bool,
    /// It replies while its threads that sleep for a time sleep on.
    pub others_serve: bool,
    /// How much processor time the server uses for a reply.
    pub cost: Duration,
    /// How long its reply is, in bytes, if that is known.
    pub reply_length: Option<u64>,
    /// How many clients hammer at it.
    pub hammer: usize,
    /// How many clients are there at a time and send nothing, in two-at-once.
    pub silent: usize,
    /// How many descriptors the server may have, if it was told so at its start.
    pub descriptors: Option<u64>,
    /// How long a probe may take.
    pub bound: Option<Duration>,
    /// Whether the server serves afterwards is not asked.
    pub verdict_only: bool,
    /// A server that has used so much processor time, and has got nowhere, spins. Processor time, because a busy machine
    /// grants little of it in a second.
    pub spins: Duration,
}

/// How many clients hammer at a server unless told otherwise.
pub const HAMMER: usize = 3000;

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            protocol: Protocol::default(),
            also: None,
            closes: false,
            others_serve: false,
            cost: Duration::ZERO,
            reply_length: None,
            hammer: HAMMER,
            silent: 1,
            descriptors: None,
            bound: None,
            verdict_only: false,
            spins: Duration::from_secs(3),
        }
    }
}

impl Terms {
    /// What a client sends before it misbehaves.
    pub fn provocation(&self) -> &[u8] {
        self.also.as_deref().unwrap_or(&self.protocol.message)
    }
}

/// What came of a message, beside what was wanted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All of it.
    Whole,
    /// The beginning of what was wanted; the rest may come yet.
    Begun,
    /// Something else.
    Other,
}

/// How `got` compares with what it must contain.
pub fn compare(got: &[u8], wanted: &[u8]) -> Answer {
    if wanted.is_empty() || got.windows(wanted.len()).any(|window| window == wanted) {
        return if got.is_empty() { Answer::Begun } else { Answer::Whole };
    }
    let begun = (1..wanted.len()).any(|length| got.ends_with(&wanted[..length]));
    if begun || got.is_empty() { Answer::Begun } else { Answer::Other }
}

/// Whether a reply is a TLS alert: the server waits for a handshake, and these clients have none. A record begins with
/// its type, 21, and the version's first byte, 3 (RFC 8446, 5.1).
pub fn is_tls_alert(got: &[u8]) -> bool {
    got.len() >= 5 && got[0] == 21 && got[1] == 3 && got[2] <= 4 && got[3] == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_whole_begun_or_another() {
        for (got, wanted, answer) in [
            (&b"x"[..], &b""[..], Answer::Whole),
            (b"", b"", Answer::Begun),
            (b"+PONG\r\n", b"+PONG", Answer::Whole),
            (b"HTTP/1.1 200 OK\r\n", b" 200 ", Answer::Whole),
            (b"", b"+PONG", Answer::Begun),
            (b"+PO", b"+PONG", Answer::Begun),
            (b"HTTP/1.1 20", b" 200 ", Answer::Begun),
            (b"-ERR\r\n", b"+PONG", Answer::Other),
            (b"HTTP/1.1 503 Busy\r\n", b" 200 ", Answer::Other),
        ] {
            assert_eq!(compare(got, wanted), answer, "{:?}", String::from_utf8_lossy(got));
        }
    }

    #[test]
    fn an_alert_of_tls_is_known_by_its_first_bytes() {
        assert!(is_tls_alert(&[21, 3, 1, 0, 2, 2, 70]));
        assert!(is_tls_alert(&[21, 3, 3, 0, 2, 2, 10]));
        assert!(!is_tls_alert(b"Hello, client!"));
        assert!(!is_tls_alert(&[21, 3]));
    }
}
