//! Whether the commands that the pages tell the reader to type name what exists.
//!
//! Looked at: spans of code, and fenced blocks for a shell (`console`, `sh`, `bash`, `shell`) or without a language. A
//! command that is meant to fail goes in a `text` block. A name in capitals, one with `<`, `…` or `...` in it, and one
//! that begins with `NN-` stand for any name.

use crate::book::markdown::{line_of, markdown};
use crate::source::faults::Fault;
use crate::source::project::{PAGES, Project};
use close_call::command::args::COMMANDS;
use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

/// Checks the commands of every page and of README.md. `xtask` has what may follow `cargo xtask`.
pub fn check(project: &Project, xtask: &[String]) -> Vec<Fault> {
    let names = match Known::of(project, xtask) {
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
struct Known<'a> {
    programs: Vec<Program>,
    examples: Vec<Program>,
    probes: Vec<&'a str>,
    /// The subcommands of `cargo xtask`.
    xtask: &'a [String],
}

/// A program that cargo runs, and the feature without which it does not.
struct Program {
    name: String,
    feature: Option<String>,
}

impl<'a> Known<'a> {
    fn of(project: &'a Project, xtask: &'a [String]) -> Result<Known<'a>, String> {
        let manifest: toml::Table = project.read("Cargo.toml")?.parse().map_err(|error| format!("{error}"))?;
        let programs = |kind: &str| {
            let all = manifest.get(kind).and_then(toml::Value::as_array).into_iter().flatten();
            let program = |program: &toml::Value| {
                let feature = program.get("required-features").and_then(|features| features.get(0)?.as_str());
                Some(Program { name: program.get("name")?.as_str()?.to_string(), feature: feature.map(str::to_string) })
            };
            all.filter_map(program).collect()
        };
        Ok(Known {
            programs: programs("bin"),
            examples: programs("example"),
            probes: project.probes().collect(),
            xtask,
        })
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
        let command = words.join(" ");
        faults.extend(self.without_feature(words).map(|program| {
            let feature = program.feature.as_deref().unwrap_or_default();
            format!("`{command}`: {} needs `--features {feature}`", program.name)
        }));
        for (kind, name, known) in self.named(words) {
            let name = name.trim_end_matches(';');
            if !known.contains(&name) && !stands_for_any(name) {
                faults.push(format!("`{command}`: there is no {kind} `{name}`"));
            }
        }
    }

    /// The programs that a command runs without the feature that they need.
    fn without_feature<'s>(&'s self, words: &'s [&str]) -> impl Iterator<Item = &'s Program> {
        let run = values(words, "--bin").into_iter().chain(values(words, "--example"));
        let given = values(words, "--features").into_iter().flat_map(|features| features.split(','));
        let (run, given): (Vec<&str>, Vec<&str>) = (run.collect(), given.collect());
        self.programs.iter().chain(&self.examples).filter(move |program| {
            let given = |feature: &String| words.contains(&"--all-features") || given.contains(&feature.as_str());
            run.contains(&program.name.as_str()) && program.feature.as_ref().is_some_and(|feature| !given(feature))
        })
    }

    /// What a command names: of which kind it is, the name, and the names of that kind that there are.
    fn named<'s>(&'s self, words: &[&'s str]) -> Vec<(&'static str, &'s str, Vec<&'s str>)> {
        let names = |programs: &'s [Program]| programs.iter().map(|program| program.name.as_str()).collect::<Vec<_>>();
        let (programs, examples) = (names(&self.programs), names(&self.examples));
        let mut named = Vec::new();
        for (option, kind, known) in
            [("--bin", "program", &programs), ("--example", "example", &examples), ("--probe", "probe", &self.probes)]
        {
            named.extend(values(words, option).into_iter().map(|name| (kind, name, known.clone())));
        }
        let only = values(words, "--only").into_iter().flat_map(|names| names.split(','));
        named.extend(only.map(|name| ("probe", name, self.probes.clone())));
        for word in words {
            let built = ["target/debug/", "target/release/"];
            let file = built.iter().find_map(|folder| word.trim_start_matches("./").strip_prefix(folder));
            named.extend(file.map(|file| match file.strip_prefix("examples/") {
                Some(name) => ("example", name, examples.clone()),
                None => ("program", file, programs.clone()),
            }));
        }
        named.extend(self.subcommand(words));
        named
    }

    /// The subcommand of what cargo runs, where that has some.
    fn subcommand<'s>(&'s self, words: &[&'s str]) -> Option<(&'static str, &'s str, Vec<&'s str>)> {
        let cargo = words.iter().position(|word| *word == "cargo")?;
        let words = &words[cargo + 1..];
        let (options, passed) = match words.iter().position(|word| *word == "--") {
            Some(dashes) => (&words[..dashes], words.get(dashes + 1)),
            None => (words, None),
        };
        let package = values(options, "-p").into_iter().chain(values(options, "--package")).next();
        let program = values(options, "--bin").into_iter().next().unwrap_or("close-call");
        let xtask: Vec<&str> = self.xtask.iter().map(String::as_str).collect();
        let (kind, known, name) = match options {
            ["xtask", rest @ ..] => ("subcommand of cargo xtask", xtask.as_slice(), rest.first()),
            ["run" | "r", ..] if package == Some("xtask") => ("subcommand of cargo xtask", xtask.as_slice(), passed),
            ["run" | "r", ..] if package.is_none() && program == "close-call" => {
                ("subcommand of cargo run --", &COMMANDS[..], passed)
            }
            _ => return None,
        };
        name.filter(|name| !name.starts_with('-')).map(|name| (kind, *name, known.to_vec()))
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
