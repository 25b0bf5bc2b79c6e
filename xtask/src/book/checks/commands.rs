//! Whether the commands that the pages tell the reader to type name what exists.
//!
//! Looked at: spans of code, and fenced blocks for a shell (`console`, `sh`, `bash`, `shell`) or without a language. A
//! command that is meant to fail goes in a `text` block. A name in capitals, one with `<`, `…` or `...` in it, and one
//! that begins with `NN-` stand for any name.

use crate::book::markdown::{line_of, markdown};
use crate::source::faults::Fault;
use crate::source::project::{PAGES, Project};
use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

/// What may follow `cargo run --`.
const CLOSE_CALL: [&str; 3] = ["list", "start", "check"];

/// What may follow `cargo xtask`.
pub const XTASK: [&str; 7] = ["bench", "book", "browser", "lanes", "picture", "preprocess", "wild"];

/// Checks the commands of every page and of README.md.
pub fn check(project: &Project) -> Vec<Fault> {
    let names = match Names::of(project) {
        Ok(names) => names,
        Err(error) => return vec![Fault::of("Cargo.toml", error)],
    };
    let pages = project.files(PAGES).into_iter().filter(|file| file.ends_with(".md"));
    let mut files: Vec<String> = pages.map(|page| format!("{PAGES}/{page}")).collect();
    files.extend(project.has("README.md").then(|| "README.md".to_string()));

    let mut faults = Vec::new();
    for file in files {
        match project.read(&file) {
            Err(error) => faults.push(Fault::of(file, error)),
            Ok(text) => {
                for (line, command) in commands(&text) {
                    faults.extend(names.unknown(&command).into_iter().map(|what| Fault::at(&file, line, what)));
                }
            }
        }
    }
    faults
}

/// The lines of a page that may be commands, each with its number.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut shell = false;
    for (event, range) in markdown(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let language = info.split([',', ' ']).next().unwrap_or("");
                shell = ["", "console", "sh", "bash", "shell"].contains(&language);
            }
            Event::End(TagEnd::CodeBlock) => shell = false,
            Event::Code(code) => found.push((line_of(text, range.start), code.to_string())),
            Event::Text(code) if shell => {
                let first = line_of(text, range.start);
                // A backslash at the end of a line carries the command on.
                let mut carried: Option<(usize, String)> = None;
                for (index, line) in code.lines().enumerate() {
                    let (number, mut command) = carried.take().unwrap_or((first + index, String::new()));
                    match line.strip_suffix('\\') {
                        Some(part) => carried = Some((number, command + part + " ")),
                        None => {
                            command.push_str(line);
                            found.push((number, command));
                        }
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The names that a command may use.
struct Names<'a> {
    programs: Vec<Program>,
    examples: Vec<Program>,
    probes: Vec<&'a str>,
}

/// A program that cargo runs, and the feature without which it does not.
struct Program {
    name: String,
    feature: Option<String>,
}

impl Names<'_> {
    fn of(project: &Project) -> Result<Names<'_>, String> {
        let manifest: toml::Table = project.read("Cargo.toml")?.parse().map_err(|error| format!("{error}"))?;
        let programs = |kind: &str| {
            let all = manifest.get(kind).and_then(toml::Value::as_array).into_iter().flatten();
            let program = |program: &toml::Value| {
                let feature = program.get("required-features").and_then(|features| features.get(0)?.as_str());
                Some(Program { name: program.get("name")?.as_str()?.to_string(), feature: feature.map(str::to_string) })
            };
            all.filter_map(program).collect()
        };
        Ok(Names { programs: programs("bin"), examples: programs("example"), probes: project.probes().collect() })
    }

    /// What a line names that does not exist.
    fn unknown(&self, line: &str) -> Vec<String> {
        let words: Vec<&str> = line
            .split_whitespace()
            .map(|word| word.trim_matches(['[', ']', '(', ')', '"', '\'', '`', ',']))
            .skip_while(|word| *word == "$")
            .take_while(|word| !word.starts_with('#'))
            .collect();
        let mut faults = Vec::new();
        for command in words.split(|word| ["|", "||", "&", "&&", ";", ">", "<"].contains(word)) {
            self.unknown_of_command(command, &mut faults);
        }
        faults
    }

    fn unknown_of_command(&self, words: &[&str], faults: &mut Vec<String>) {
        let [programs, examples] = [&self.programs, &self.examples]
            .map(|programs| programs.iter().map(|program| &program.name[..]).collect::<Vec<_>>());
        let run = values(words, "--bin").into_iter().chain(values(words, "--example"));
        for program in self.programs.iter().chain(&self.examples).filter(|one| run.clone().any(|name| name == one.name))
        {
            let mut given = values(words, "--features").into_iter().flat_map(|features| features.split(','));
            if let Some(feature) = &program.feature
                && !words.contains(&"--all-features")
                && !given.any(|given| given == feature)
            {
                faults.push(format!("`{}`: {} needs `--features {feature}`", words.join(" "), program.name));
            }
        }
        let mut need = |kind: &str, name: &str, known: &[&str]| {
            let name = name.trim_end_matches(';');
            if !known.contains(&name) && !stands_for_any(name) {
                faults.push(format!("`{}`: there is no {kind} `{name}`", words.join(" ")));
            }
        };
        for name in values(words, "--bin") {
            need("program", name, &programs);
        }
        for name in values(words, "--example") {
            need("example", name, &examples);
        }
        for name in values(words, "--probe") {
            need("probe", name, &self.probes);
        }
        for name in values(words, "--only").into_iter().flat_map(|names| names.split(',')) {
            need("probe", name, &self.probes);
        }
        for word in words {
            for folder in ["target/debug/", "target/release/"] {
                let Some(name) = word.trim_start_matches("./").strip_prefix(folder) else { continue };
                match name.strip_prefix("examples/") {
                    Some(name) => need("example", name, &examples),
                    None => need("program", name, &programs),
                }
            }
        }

        let Some(cargo) = words.iter().position(|word| *word == "cargo") else {
            return;
        };
        let words = &words[cargo + 1..];
        let (options, passed) = match words.iter().position(|word| *word == "--") {
            Some(dashes) => (&words[..dashes], words.get(dashes + 1)),
            None => (words, None),
        };
        let package = values(options, "-p").into_iter().chain(values(options, "--package")).next();
        let program = values(options, "--bin").into_iter().next().unwrap_or("close-call");
        let (kind, known, subcommand): (_, &[&str], _) = match options {
            ["xtask", rest @ ..] => ("subcommand of cargo xtask", &XTASK, rest.first()),
            ["run" | "r", ..] if package == Some("xtask") => ("subcommand of cargo xtask", &XTASK, passed),
            ["run" | "r", ..] if program == "close-call" => ("subcommand of cargo run --", &CLOSE_CALL, passed),
            _ => return,
        };
        if let Some(name) = subcommand.filter(|name| !name.starts_with('-')) {
            need(kind, name, known);
        }
    }
}

/// What follows an option, as a word of its own or after `=`, each time it is given.
fn values<'a>(words: &[&'a str], option: &str) -> Vec<&'a str> {
    let after = words.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1]);
    let joined = words.iter().filter_map(|word| word.strip_prefix(option)?.strip_prefix('='));
    after.chain(joined).collect()
}

/// Whether a name is none, but stands for any.
fn stands_for_any(name: &str) -> bool {
    name.starts_with("NN-")
        || ["<", "…", "..."].iter().any(|mark| name.contains(mark))
        || name.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests;
