//! `cargo xtask`: builds close-call's book, and fails if anything in it is not true.
//!
//! The rooms, the lowest floor first. Each uses only rooms of lines above its own; a test of the library holds them to it.
//!
//! ```text
//! source      what the project has, as files     trace       a recorded run, and what can be told from it
//! bench       measures the servers               wild        measures servers that people run
//! browser     tests what was built in a real browser
//! pictures    lanes, figures and plots, as SVG
//! book        builds the book, and checks it
//! main        the command line
//! ```

mod bench;
mod book;
mod browser;
mod kept;
mod source;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tiny;
mod wild;

use anyhow::Context;
use browser::Outcome;
use source::project::Project;
use std::process::ExitCode;
use std::{fs, io};

const HELP: &str = "\
Usage: cargo xtask SUBCOMMAND

  book [--open]                   build the book into book/book, and check it; --open shows it in the browser
  browser [TEXT]                  build the book and test it in a real browser, where there is one; with TEXT, only the
                                  tests whose name has it in it
  lanes [TRACE.json]              draw a trace that --trace=json has printed, or the one on standard input, as an SVG
    [--from TEXT --to TEXT]       ... from its first line with the one text to the next with the other
  wild [--install]                have `check` play servers that people run, and write the table of the page about them;
                                  with --install, install those that Debian has and that are missing
  bench [SERVER ...]              measure what a message costs each server, and write what the book shows, into book/bench
    [--runs N] [--into FOLDER]    ... N times and not five; with fewer or a SERVER named, into target/bench
  picture                         draw anew what is kept drawn: the README's picture, book/lanes.svg, and the plots
  preprocess                      expand the directives in the book that stock mdbook gives on standard input
  preprocess supports RENDERER    tell stock mdbook that every renderer is supported

The directives that a page may use are described at the top of xtask/src/directives.rs.
Exit status: 0 all is well, 1 the book has faults (one line each on standard error), 2 the call is wrong.
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Job {
    Help,
    Bench(bench::Wish),
    Book { open: bool },
    Browser { filter: String },
    Lanes { file: Option<String>, texts: Option<(String, String)> },
    Picture,
    Wild { install: bool },
    Preprocess,
    Supports,
}

fn main() -> ExitCode {
    let job = match job(lexopt::Parser::from_env()) {
        Ok(job) => job,
        Err(message) => {
            eprintln!("xtask: {message}");
            return ExitCode::from(2);
        }
    };
    match run(&job) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(job: &Job) -> anyhow::Result<ExitCode> {
    let faults = match job {
        Job::Help => {
            print!("{HELP}");
            Vec::new()
        }
        Job::Supports => Vec::new(),
        Job::Bench(wish) => {
            let (folder, costs) = bench::bench(&Project::here(), wish)?;
            for why in kept::plot::draw(&costs, &folder)? {
                eprintln!("{why}");
            }
            println!("the figures and plots are in {}", folder.display());
            Vec::new()
        }
        Job::Lanes { file, texts } => {
            let read = file.as_ref().map_or_else(|| io::read_to_string(io::stdin()), fs::read_to_string);
            let file = file.as_deref().unwrap_or("standard input");
            let text = read.with_context(|| file.to_string())?;
            let texts = texts.as_ref().map(|(from, to)| (from.as_str(), to.as_str()));
            print!("{}", pictures::lanes::show::in_file(file, &text, texts).map_err(anyhow::Error::msg)?);
            Vec::new()
        }
        Job::Picture => {
            let project = Project::here();
            let drawn = kept::readme::picture(&project).map_err(anyhow::Error::msg)?;
            fs::write(project.root.join(kept::readme::FILE), drawn).context(kept::readme::FILE)?;
            let path = format!("{}/{}", bench::records::FOLDER, bench::records::COSTS);
            let kept = bench::records::costs(&project.text(&path).map_err(anyhow::Error::msg)?);
            let costs = kept.map_err(|what| anyhow::anyhow!("{path}, {what}"))?.records;
            if let Some(why) = kept::plot::draw(&costs, &project.root.join(bench::records::FOLDER))?.first() {
                anyhow::bail!("{why}");
            }
            Vec::new()
        }
        Job::Wild { install } => {
            wild::measure(&Project::here(), *install)?;
            Vec::new()
        }
        Job::Preprocess => book::preprocessor::filter(&Project::here(), io::stdin(), io::stdout())?,
        Job::Book { open } => match book::build(Project::here()) {
            Ok(folder) => {
                let index = folder.join("index.html");
                println!("the book is at {}", index.display());
                if *open {
                    opener::open_browser(&index).with_context(|| format!("opening {}", index.display()))?;
                }
                Vec::new()
            }
            Err(faults) => faults,
        },
        Job::Browser { filter } => {
            let project = Project::here();
            match book::build(Project::here()) {
                Ok(folder) => match browser::test(&project, &folder, filter)? {
                    Outcome::Passed => Vec::new(),
                    Outcome::Failed => return Ok(ExitCode::FAILURE),
                    Outcome::LeftOut(why) => {
                        println!("the tests in a browser were left out: {why}");
                        Vec::new()
                    }
                },
                Err(faults) => faults,
            }
        }
    };
    for fault in &faults {
        eprintln!("{fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the command line. An error is the one line to print.
fn job(mut arguments: lexopt::Parser) -> Result<Job, String> {
    use lexopt::prelude::*;

    let mut words = Vec::new();
    let (mut open, mut install) = (false, false);
    let (mut from, mut to) = (None, None);
    let (mut runs, mut into) = (None, None);
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            Short('h') | Long("help") => return Ok(Job::Help),
            Long("open") => open = true,
            Long("install") => install = true,
            Long(option @ ("from" | "to")) => {
                let kept = if option == "from" { &mut from } else { &mut to };
                let value = arguments.value().map_err(|error| error.to_string())?;
                *kept = Some(value.to_string_lossy().into_owned());
            }
            Long("runs") => {
                let value = arguments.value().map_err(|error| error.to_string())?;
                let number = value.to_str().and_then(|value| value.parse().ok()).filter(|number| *number > 0);
                runs = Some(number.ok_or("--runs takes a number from 1 on")?);
            }
            Long("into") => {
                let value = arguments.value().map_err(|error| error.to_string())?;
                into = Some(value.to_string_lossy().into_owned());
            }
            Value(word) => words.push(word.to_string_lossy().into_owned()),
            other => {
                return Err(format!(
                    "{}; the only options are --open, --install, --from, --to, --runs, --into and --help",
                    other.unexpected()
                ));
            }
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let texts = match (from, to) {
        (Some(from), Some(to)) => Some((from, to)),
        (None, None) => None,
        _ => return Err("--from and --to go together".to_string()),
    };
    if install && words != ["wild"] {
        return Err("--install goes with `wild`: cargo xtask wild --install".to_string());
    }
    match words.as_slice() {
        ["lanes"] if !open => Ok(Job::Lanes { file: None, texts }),
        ["lanes", file] if !open => Ok(Job::Lanes { file: Some(file.to_string()), texts }),
        ["bench", servers @ ..] if !open && texts.is_none() => {
            let names = bench::servers::CONTENDERS.map(|server| server.name);
            let server = |name: &&str| match bench::servers::by_name(name) {
                Some(server) => Ok(server),
                None => Err(format!("there is no server `{name}`; it is one of {}", names.join(", "))),
            };
            Ok(Job::Bench(bench::Wish { runs, into, servers: servers.iter().map(server).collect::<Result<_, _>>()? }))
        }
        _ if runs.is_some() || into.is_some() => {
            Err("--runs and --into go with `bench`; see cargo xtask --help".to_string())
        }
        _ if texts.is_some() => Err("--from and --to go with `lanes`; see cargo xtask --help".to_string()),
        ["book"] => Ok(Job::Book { open }),
        _ if open => Err("--open goes with `book`: cargo xtask book --open".to_string()),
        ["browser"] => Ok(Job::Browser { filter: String::new() }),
        ["browser", filter] => Ok(Job::Browser { filter: filter.to_string() }),
        ["picture"] => Ok(Job::Picture),
        ["wild"] => Ok(Job::Wild { install }),
        ["preprocess"] => Ok(Job::Preprocess),
        ["preprocess", "supports", _] => Ok(Job::Supports),
        [] => Err(format!("a subcommand is missing; it is one of {}", book::XTASK.join(", "))),
        [word, ..] if !book::XTASK.contains(word) => {
            Err(format!("there is no subcommand `{word}`; it is one of {}", book::XTASK.join(", ")))
        }
        ["lanes", ..] => Err("`lanes` takes one file; see cargo xtask --help".to_string()),
        ["wild", ..] => Err("`wild` takes no arguments but --install; see cargo xtask --help".to_string()),
        ["picture", ..] => Err("`picture` takes nothing; see cargo xtask --help".to_string()),
        ["preprocess", ..] => {
            Err("`preprocess` takes nothing, or `supports RENDERER`; see cargo xtask --help".to_string())
        }
        ["browser", ..] => Err("`browser` takes one text, or nothing; see cargo xtask --help".to_string()),
        _ => Err("`book` takes no arguments but --open; see cargo xtask --help".to_string()),
    }
}
