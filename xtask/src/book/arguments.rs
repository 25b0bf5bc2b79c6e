//! What stands between a directive's name and its closing braces: a command line, whose words a shell would split in the
//! same way. Options are written `NAME="VALUE"`.

/// What a directive is given.
pub struct Arguments {
    words: Vec<String>,
    options: Vec<(String, String)>,
    /// How the directive is written.
    usage: &'static str,
}

impl Arguments {
    /// Reads them, for a directive that is written as `usage` says.
    pub fn read(text: &str, usage: &'static str) -> Result<Arguments, String> {
        let split = shlex::split(text).ok_or("a quote is not closed")?;
        let (mut words, mut options) = (Vec::new(), Vec::new());
        for word in split {
            let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase());
            match word.split_once('=').filter(|(name, _)| is_name(name)) {
                Some((name, value)) => options.push((name.to_string(), value.to_string())),
                None => words.push(word),
            }
        }
        Ok(Arguments { words, options, usage })
    }

    /// Exactly so many words, and nothing that was not asked for before.
    pub fn words<const N: usize>(self) -> Result<[String; N], String> {
        let usage = self.usage;
        <[String; N]>::try_from(self.all_words()?).map_err(|_| format!("write {usage}"))
    }

    /// All words, and nothing that was not asked for before.
    pub fn all_words(self) -> Result<Vec<String>, String> {
        match self.options.first() {
            Some((name, value)) => Err(format!("{name}=\"{value}\" is not known here; write {}", self.usage)),
            None => Ok(self.words),
        }
    }

    /// Each value of an option.
    pub fn values(&mut self, name: &str) -> Vec<String> {
        self.options.extract_if(.., |(option, _)| option == name).map(|(_, value)| value).collect()
    }

    /// Options of several names, with their values, in the order in which they are written.
    pub fn sequence(&mut self, names: &[&str]) -> Vec<(String, String)> {
        self.options.extract_if(.., |(option, _)| names.contains(&option.as_str())).collect()
    }

    /// `from` and `to`, both or neither, each once.
    pub fn texts(&mut self) -> Result<Option<(String, String)>, String> {
        match (self.values("from").as_slice(), self.values("to").as_slice()) {
            ([from], [to]) if !from.is_empty() && !to.is_empty() => Ok(Some((from.clone(), to.clone()))),
            ([], []) => Ok(None),
            _ => Err("from and to go together, once each, and neither is empty".to_string()),
        }
    }
}
