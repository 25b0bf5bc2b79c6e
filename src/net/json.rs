//! What there is of JSON in the traces: text, whole numbers, lists and objects, written and read back. It is so little that a
//! library would be more to read, and to compile before the first chapter runs.

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

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i128),
    /// Values in their order.
    List(Vec<Value>),
    /// Values by their keys, in their order.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Reads a text that is one value. An error says what is wrong with it.
    pub fn read(text: &str) -> Result<Value, String> {
        let mut reader = Reader(text);
        let value = reader.value()?;
        match reader.0.trim_start() {
            "" => Ok(value),
            rest => Err(format!("after its end comes {:?}", start(rest))),
        }
    }

    /// The value of a key; `None` of what is no object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let Value::Object(members) = self else { return None };
        members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What is still to be read.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn value(&mut self) -> Result<Value, String> {
        self.0 = self.0.trim_start();
        match self.0.chars().next() {
            Some('"') => self.string().map(Value::Text),
            Some('[') => self.several('[', ']', Reader::value).map(Value::List),
            Some('{') => {
                let member = |reader: &mut Self| {
                    let key = reader.string()?;
                    reader.expect(':')?;
                    Ok((key, reader.value()?))
                };
                self.several('{', '}', member).map(Value::Object)
            }
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Result<Value, String> {
        let end = self.0.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(self.0.len());
        let (number, rest) = self.0.split_at(end);
        let value = number.parse().map_err(|_| match self.0 {
            "" => "it ends too early".to_string(),
            text => format!("{:?} is neither a text, a whole number, a list nor an object", start(text)),
        })?;
        self.0 = rest;
        Ok(Value::Number(value))
    }

    fn several<T>(
        &mut self,
        open: char,
        close: char,
        mut one: impl FnMut(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        self.expect(open)?;
        let mut all = Vec::new();
        if self.expect(close).is_ok() {
            return Ok(all);
        }
        loop {
            all.push(one(self)?);
            if self.expect(close).is_ok() {
                return Ok(all);
            }
            self.expect(',')?;
        }
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        self.0 = self.0.trim_start();
        self.0 = self.0.strip_prefix(c).ok_or_else(|| match self.0 {
            "" => format!("it ends where `{c}` should be"),
            text => format!("{:?} comes where `{c}` should be", start(text)),
        })?;
        Ok(())
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            let (before, rest) = self.0.split_at(self.0.find(['"', '\\']).ok_or("a text does not end")?);
            text.push_str(before);
            let mut characters = rest.chars();
            if characters.next() == Some('\\') {
                text.push(escaped(&mut characters).ok_or("what follows a backslash is no escape")?);
                self.0 = characters.as_str();
            } else {
                self.0 = characters.as_str();
                return Ok(text);
            }
        }
    }
}

/// The character for which an escape stands; the backslash is taken already. Pairs of surrogates are not known here:
/// [`string`] writes no escape above 0x1f.
fn escaped(characters: &mut std::str::Chars) -> Option<char> {
    match characters.next()? {
        c @ ('"' | '\\' | '/') => Some(c),
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'u' => {
            let digits = characters.as_str().get(..4)?;
            *characters = characters.as_str()[4..].chars();
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        }
        _ => None,
    }
}

/// What a text begins with, for an error.
fn start(text: &str) -> String {
    text.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_must_escape_is_escaped() {
        assert_eq!(string("a\"b\\c\nd\u{1}é").to_string(), r#""a\"b\\c\nd\u0001é""#);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = "a\"b\\c\nd\u{1}é/";
        assert_eq!(Value::read(&string(text).to_string()), Ok(Value::Text(text.to_string())));
        assert_eq!(Value::read(r#""\/\t\r\b\f\u00e9""#), Ok(Value::Text("/\t\r\u{8}\u{c}é".to_string())));
        let value = Value::read(r#" {"a": [1, -2, []], "b": {}, "c": "x"} "#).unwrap();
        assert_eq!(value.get("a"), Some(&Value::List(vec![Value::Number(1), Value::Number(-2), Value::List(vec![])])));
        assert_eq!((value.get("b"), value.text("c")), (Some(&Value::Object(vec![])), Some("x")));
        assert_eq!((value.text("a"), value.get("d"), value.get("a").unwrap().get("x")), (None, None, None));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for (text, why) in [
            ("", "it ends too early"),
            ("{", "it ends where `\"` should be"),
            (r#"{"a"}"#, "\"}\" comes where `:` should be"),
            (r#"{"a":1"#, "it ends where `,` should be"),
            ("[1 2]", "\"2]\" comes where `,` should be"),
            ("\"a", "a text does not end"),
            (r#""\x""#, "what follows a backslash is no escape"),
            (r#""\u12"#, "what follows a backslash is no escape"),
            ("nothing", "\"nothing\" is neither a text, a whole number, a list nor an object"),
            ("1.5", "after its end comes \".5\""),
            ("1 1", "after its end comes \"1\""),
        ] {
            assert_eq!(Value::read(text), Err(why.to_string()), "{text}");
        }
    }
}
