//! What every server sends.

use std::env;

/// What every server sends.
pub const GREETING: &[u8] = b"Hello, client!";

/// What the chapters from 10 on send: `Hello, client!`, or as many of them as make up the number of bytes in the
/// environment variable GREETING. That makes a reply which no socket takes at once.
pub fn greeting() -> Vec<u8> {
    let length = env::var("GREETING").ok().and_then(|length| length.parse().ok());
    greeting_of(length.unwrap_or(GREETING.len()))
}

/// The bytes of a greeting of that length.
pub fn greeting_of(length: usize) -> Vec<u8> {
    let mut bytes = GREETING.repeat(length.div_ceil(GREETING.len()));
    bytes.truncate(length);
    bytes
}
