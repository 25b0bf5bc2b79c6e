//! What a server's own lines say of it: the name of an error, an exception, a panic.

use crate::net::errno;

/// The name in a line of a server's, as a cell of the scoreboard has it: an error number's (`EBADF`), the limit of
/// select's sets, or an exception's.
pub fn name_in(line: &str) -> Option<&str> {
    let limit = line.contains("FD_SETSIZE").then_some("FD_SETSIZE");
    errno::name_in(line).or(limit).or_else(|| exception_in(line))
}

/// Whether a line names an error.
pub fn names_an_error(line: &str) -> bool {
    name_in(line).is_some()
}

/// The name of the exception at the beginning of a line like `ValueError: filedescriptor out of range in select()`.
fn exception_in(line: &str) -> Option<&str> {
    let name = line.split(':').next()?;
    let ends_like_one = name.len() > 5 && (name.ends_with("Error") || name.ends_with("Exception"));
    let a_name = ends_like_one && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
    a_name.then(|| name.rsplit('.').next()).flatten()
}

/// How much a line says of something that has gone wrong in the server itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing.
    Nothing,
    /// An error that a client's doing explains, or that there is no descriptor: a server may well log it.
    Explained,
    /// A panic or a traceback begins; what it was is on another line.
    Begins,
    /// Another error.
    Error,
    /// EBADF, which is always the server's own doing.
    OwnFault,
}

/// What a line weighs.
pub fn weight(line: &str) -> Weight {
    const BEGINNINGS: &[&str] =
        &["Traceback (most recent call last)", "panicked at", "panic: ", "panic serving", "Exception in thread"];
    match name_in(line) {
        Some("EBADF") => Weight::OwnFault,
        Some("ECONNRESET" | "EPIPE" | "ECONNABORTED" | "ETIMEDOUT" | "EMFILE" | "ENFILE") => Weight::Explained,
        Some(_) => Weight::Error,
        None if BEGINNINGS.iter().any(|beginning| line.contains(beginning)) => Weight::Begins,
        None => Weight::Nothing,
    }
}

/// How much a line says of what has gone wrong: one that names an error more than one that a traceback begins with.
pub fn says(line: &str) -> impl Ord {
    (name_in(line).is_some(), weight(line))
}

/// A line without its numbers: lines of one shape are one line, printed again.
pub fn shape(line: &str) -> String {
    line.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_weighs_what_it_says_of_the_server() {
        for (line, expected) in [
            ("oops [Errno 9] Bad file descriptor", Weight::OwnFault),
            ("getpeername: Bad file descriptor (os error 9)", Weight::OwnFault),
            ("closing connection after ECONNRESET in recv", Weight::Explained),
            ("ConnectionResetError: [Errno 104] Connection reset by peer", Weight::Explained),
            ("ValueError: filedescriptor out of range in select()", Weight::Error),
            ("Traceback (most recent call last):", Weight::Begins),
            ("thread 'main' (17) panicked at src/main.rs:4:2:", Weight::Begins),
            ("2026/11/27 http: panic serving 127.0.0.1:4000: boom", Weight::Begins),
            ("received \"Hello, server!\" from 127.0.0.1:9", Weight::Nothing),
            ("", Weight::Nothing),
        ] {
            assert_eq!(weight(line), expected, "{line}");
        }
    }

    #[test]
    fn lines_that_differ_in_numbers_have_one_shape() {
        assert_eq!(shape("127.0.0.1:4711 has left"), shape("127.0.0.1:80 has left"));
        assert_ne!(shape("a has left"), shape("b has left"));
    }
}
