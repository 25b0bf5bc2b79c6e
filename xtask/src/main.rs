//! `cargo xtask`: builds close-call's book, and fails if anything in it is not true.
//!
//! The rooms, the lowest floor first. Each uses only rooms of lines above its own; a test of the library holds them to it.
//!
//! ```text
//! source      what the project has, as files     bench       measures the servers
//! wild        measures servers that people run   browser     tests what was built in a real browser
//! kept        the pictures that are kept drawn   book        builds the book, and checks it
//! main        the command line
//! ```
//!
//! The pictures of traces are a crate of their own, `pictures`.

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

use anyhow::{Context, anyhow, bail};
use asked::{Bench, Book, Browser, Lanes, Picture, Preprocess, Wild, Xtask, XtaskCmd};
use browser::Tested;
use pictures::lanes::show;
use source::faults::Fault;
use source::project::Project;
use std::process::ExitCode;
use std::{fs, io};

/// The command line: what may be asked, and the help that says it.
#[allow(missing_docs, reason = "what the macro makes has none")]
mod asked {
    use std::num::NonZeroUsize;

    xflags::xflags! {
        /// Builds close-call's book, and checks that it is true.
        ///
        /// Exit status: 0 all is well, 1 the book has faults (one line each on standard error), 2 the call is wrong.
        /// The directives that a page may use are in xtask/src/book/blocks, a file each.
        cmd xtask {
            /// Builds the book into book/book, and checks it.
            cmd book {
                /// Shows it in the browser.
                optional --open
            }
            /// Builds the book and tests it in a real browser, where there is one.
            cmd browser {
                /// Only the tests whose name has this text in it.
                optional filter: String
            }
            /// Draws a trace that --trace=json has printed as an SVG. `cargo lanes` does so without compiling mdBook.
            cmd lanes {
                /// The trace; without it, the one on standard input.
                optional file: String
                /// From the first line with this text ...
                optional --from text: String
                /// ... to the next with this one.
                optional --to text: String
            }
            /// Has `check` play servers that people run, and writes the table of the page about them.
            cmd wild {
                /// Installs those that Debian has and that are missing.
                optional --install
            }
            /// Measures what a message costs each server, and writes what the book shows, into book/bench.
            cmd bench {
                /// Only these servers; then the figures go into target/bench.
                repeated server: String
                /// How often each is measured, instead of five times; with fewer, into target/bench.
                optional --runs number: NonZeroUsize
                /// Into this folder.
                optional --into folder: String
            }
            /// Draws anew what is kept drawn: the README's picture, book/lanes.svg, and the plots.
            cmd picture {}
            /// Expands the directives in the book that stock mdbook gives on standard input.
            cmd preprocess {
                /// `supports RENDERER`: tells stock mdbook that every renderer is supported.
                repeated supports: String
            }
        }
    }
}

fn main() -> ExitCode {
    close_call::command::style::end_with_the_output();
    let asked = match asked(std::env::args_os().skip(1).collect()) {
        Ok(asked) => asked,
        Err(error) if error.is_help() => {
            print!("{error}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("xtask: {error}; see cargo xtask --help");
            return ExitCode::from(2);
        }
    };
    match run(asked) {
        Ok(faults) => {
            faults.iter().for_each(|fault| eprintln!("{fault}"));
            if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the words ask for. An error is the one line to print.
fn asked(words: Vec<std::ffi::OsString>) -> xflags::Result<XtaskCmd> {
    let asked = Xtask::from_vec(words)?.subcommand;
    let wrong = |what: String| Err(xflags::Error::new(what));
    match &asked {
        XtaskCmd::Lanes(Lanes { from, to, .. }) if from.is_some() != to.is_some() => {
            wrong("--from and --to go together".to_string())
        }
        XtaskCmd::Bench(Bench { server, .. }) => {
            match server.iter().find(|name| bench::servers::by_name(name).is_none()) {
                Some(unknown) => {
                    let names = bench::servers::CONTENDERS.map(|server| server.name).join(", ");
                    wrong(format!("there is no server `{unknown}`; it is one of {names}"))
                }
                None => Ok(asked),
            }
        }
        XtaskCmd::Preprocess(Preprocess { supports }) if !is_supports(supports) => {
            wrong("`preprocess` takes nothing, or `supports RENDERER`".to_string())
        }
        _ => Ok(asked),
    }
}

fn is_supports(words: &[String]) -> bool {
    words.is_empty() || words.len() == 2 && words[0] == "supports"
}

/// The names of the subcommands, as the help has them: those that a page may tell the reader to type.
fn subcommands() -> Vec<String> {
    let help = Xtask::from_vec(vec!["--help".into()]).err().map(|help| help.to_string()).unwrap_or_default();
    help.lines().filter_map(|line| line.strip_prefix("xtask ")).map(String::from).collect()
}

/// Does it. The faults are those of the book.
fn run(asked: XtaskCmd) -> anyhow::Result<Vec<Fault>> {
    let project = Project::here();
    match asked {
        XtaskCmd::Book(Book { open }) => match book::build(project, &subcommands()) {
            Ok(folder) => {
                let index = folder.join("index.html");
                println!("the book is at {}", index.display());
                if open {
                    opener::open_browser(&index).with_context(|| format!("opening {}", index.display()))?;
                }
            }
            Err(faults) => return Ok(faults),
        },
        XtaskCmd::Browser(Browser { filter }) => {
            let folder = match book::build(Project::here(), &subcommands()) {
                Ok(folder) => folder,
                Err(faults) => return Ok(faults),
            };
            match browser::test(&project, &folder, &filter.unwrap_or_default())? {
                Tested::Passed => {}
                Tested::Failed => bail!("the book fails in the browser"),
                Tested::LeftOut(why) => println!("the tests in a browser were left out: {why}"),
            }
        }
        XtaskCmd::Lanes(Lanes { file, from, to }) => {
            let text = file.as_ref().map_or_else(|| io::read_to_string(io::stdin()), fs::read_to_string);
            let file = file.as_deref().unwrap_or("standard input");
            let text = text.with_context(|| file.to_string())?;
            let texts = from.as_deref().zip(to.as_deref());
            print!("{}", show::in_file(file, &text, texts).map_err(anyhow::Error::msg)?);
        }
        XtaskCmd::Wild(Wild { install }) => wild::measure(&project, install)?,
        XtaskCmd::Bench(Bench { server, runs, into }) => {
            let servers = server.iter().filter_map(|name| bench::servers::by_name(name)).collect();
            let wish = bench::Wish { runs: runs.map(usize::from), into, servers };
            let (folder, costs) = bench::bench(&project, &wish)?;
            kept::plot::draw(&costs, &folder)?.iter().for_each(|why| eprintln!("{why}"));
            println!("the figures and plots are in {}", folder.display());
        }
        XtaskCmd::Picture(Picture {}) => draw_what_is_kept(&project)?,
        XtaskCmd::Preprocess(Preprocess { supports }) if supports.is_empty() => {
            return book::preprocessor::filter(&project, io::stdin(), io::stdout());
        }
        XtaskCmd::Preprocess(_) => {}
    }
    Ok(Vec::new())
}

/// Draws the README's picture, and the plots of the measurement that is kept.
fn draw_what_is_kept(project: &Project) -> anyhow::Result<()> {
    let drawn = kept::readme::picture(project).map_err(anyhow::Error::msg)?;
    fs::write(project.root.join(kept::readme::FILE), drawn).context(kept::readme::FILE)?;
    let path = format!("{}/{}", bench::records::FOLDER, bench::records::COSTS);
    let costs = bench::records::costs(&project.text(&path).map_err(anyhow::Error::msg)?);
    let costs = costs.map_err(|what| anyhow!("{path}, {what}"))?.records;
    match kept::plot::draw(&costs, &project.root.join(bench::records::FOLDER))?.first() {
        Some(why) => bail!("{why}"),
        None => Ok(()),
    }
}
