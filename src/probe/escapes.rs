//! Bytes as they are written on a command line and shown to a reader: `\r \n \t \\ \0 \xNN`.

/// The bytes that `text` stands for. Fails with the escape that there is not.
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

/// The text that stands for `bytes`: [`bytes`] has them back. ASCII that can be printed stays as it is.
pub fn text(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'\r' => r"\r".into(),
        b'\n' => r"\n".into(),
        b'\t' => r"\t".into(),
        b'\\' => r"\\".into(),
        0 => r"\0".into(),
        b' '..=b'~' => char::from(*byte).to_string(),
        other => format!(r"\x{other:02x}"),
    };
    bytes.iter().map(escape).collect()
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
    fn what_is_shown_can_be_typed() {
        let all: Vec<u8> = (0..=255).collect();
        let shown = text(&all);
        assert!(shown.chars().all(|c| c.is_ascii() && !c.is_ascii_control()), "{shown}");
        assert_eq!(bytes(&shown).unwrap(), all);
        assert_eq!(text(b"-ERR \"x\"\r\n\x1b["), r#"-ERR "x"\r\n\x1b["#);
    }
}
