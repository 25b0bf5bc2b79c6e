//! The arguments of a directive.

/// What stands between a directive's name and its closing braces.
pub struct Arguments {
    /// The names and paths.
    pub words: Vec<String>,
    /// `from` and `to`.
    pub texts: Option<(String, String)>,
    /// The directive's own options, in their order.
    pub options: Vec<(String, String)>,
}

impl Arguments {
    /// Reads them; `own` has the names of the directive's own options.
    pub fn parse(text: &str, own: &[&str]) -> Result<Arguments, String> {
        let (mut words, mut from, mut to, mut options) = (Vec::new(), None, None, Vec::new());
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let length = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
            let (word, after) = rest.split_at(length);
            let Some(after) = after.strip_prefix('"') else {
                words.push(word.to_string());
                rest = after.trim_start();
                continue;
            };
            let (value, after) = quoted(after)?;
            if !after.is_empty() && !after.starts_with(char::is_whitespace) {
                return Err(format!("a space is missing after \"{value}\""));
            }
            match word {
                "" => words.push(value),
                "from=" if from.is_none() => from = Some(value),
                "to=" if to.is_none() => to = Some(value),
                _ if own.iter().any(|name| word.strip_suffix('=') == Some(name)) => {
                    options.push((word.trim_end_matches('=').to_string(), value));
                }
                _ => {
                    return Err(format!("{word}\"{value}\" is not known here; once each, from=\"…\" and to=\"…\" are"));
                }
            }
            rest = after.trim_start();
        }
        let texts = match (from, to) {
            (Some(from), Some(to)) if !from.is_empty() && !to.is_empty() => Some((from, to)),
            (None, None) => None,
            _ => return Err("from and to go together, and neither is empty".to_string()),
        };
        Ok(Arguments { words, texts, options })
    }
}

/// A text in quotes, its opening quote already taken: what it says, and what follows it.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Ok((value, characters.as_str())),
            '\\' => match characters.next() {
                Some(next @ ('"' | '\\')) => value.push(next),
                _ => return Err("after a backslash in quotes only \" or \\ may follow".to_string()),
            },
            _ => value.push(character),
        }
    }
    Err("a quote is not closed".to_string())
}
