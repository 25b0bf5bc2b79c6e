//! How a fault in the book is told.

use std::fmt;

/// Something that is wrong with the book: where, and what. Always one line.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    place: String,
    what: String,
}

impl Fault {
    /// A fault of a whole file.
    pub fn of(place: impl Into<String>, what: impl Into<String>) -> Fault {
        Fault { place: place.into(), what: what.into() }
    }

    /// A fault at a line of a file.
    pub fn at(place: &str, line: usize, what: impl Into<String>) -> Fault {
        Fault::of(format!("{place}:{line}"), what)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.what.split_whitespace().collect();
        write!(f, "{}: {}", self.place, words.join(" "))
    }
}
