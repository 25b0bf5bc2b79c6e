//! Text as JSON writes it. There is so little of it here that a library would be more to read.

use std::fmt::{self, Display, Write};

/// `text` as a JSON string, quotes included.
pub fn string(text: &str) -> impl Display + '_ {
    struct Json<'a>(&'a str);
    impl Display for Json<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_char('"')?;
            for c in self.0.chars() {
                match c {
                    '"' => f.write_str("\\\"")?,
                    '\\' => f.write_str("\\\\")?,
                    '\n' => f.write_str("\\n")?,
                    c if u32::from(c) < 0x20 => write!(f, "\\u{:04x}", u32::from(c))?,
                    c => f.write_char(c)?,
                }
            }
            f.write_char('"')
        }
    }
    Json(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_must_escape_is_escaped() {
        assert_eq!(string("a\"b\\c\nd\u{1}é").to_string(), r#""a\"b\\c\nd\u0001é""#);
    }
}
