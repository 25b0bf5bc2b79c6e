//! The scoreboard of the wild: fetches servers that people run, has `check` play them, and writes the table that the page
//! shows, and two traces.
//!
//! [`servers`] says which, and what is public of what they do; [`fetch`] has the package clients bring them; [`board`]
//! reads what `check` says of them and writes the table; [`traces`] runs two of them under strace.

mod board;
mod fetch;
pub mod servers;
mod traces;

use crate::source::programs;
use crate::source::project::Project;
use anyhow::{Context, Result, bail, ensure};
use board::Row;
use fetch::Place;
use servers::ENTRIES;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the table, the traces and the servers' own files are, from the project's root.
const WILD: &str = "book/wild";

/// Measures all of it, and writes it. With `install`, Debian's packages may be installed where they are missing.
pub fn measure(project: &Project, install: bool) -> Result<()> {
    let check = build(project)?;
    let places = fetch::Places { wild: project.root.join(WILD), folder: project.target.join("wild"), install };

    let (mut rows, mut missing) = (Vec::new(), Vec::new());
    for server in ENTRIES {
        match places.fetch(server) {
            Ok(place) => {
                eprintln!("{} {}", server.name, place.version);
                rows.push(Row { server, outcomes: play(&check, server, &place)?, version: place.version });
            }
            Err(why) => missing.push(format!("{}: {why}", server.name)),
        }
    }
    let faults: Vec<String> = rows.iter().flat_map(Row::unreferenced).collect();
    if !faults.is_empty() {
        bail!("nothing is written, because no reference is known for {}", faults.join("; "));
    }
    let date = programs::first_line(Command::new("date").args(["-u", "+%F"])).map_err(anyhow::Error::msg)?;
    let wild = project.root.join(WILD);
    write(&wild.join("board.md"), &board::table(&rows, &missing, &date))?;
    for (name, trace) in traces::all(&places)? {
        write(&wild.join(name), &trace)?;
    }
    for what in &missing {
        println!("not on the board: {what}");
    }
    println!("{} servers are on the board, {WILD}/board.md", rows.len());
    Ok(())
}

/// Builds the program that checks.
fn build(project: &Project) -> Result<PathBuf> {
    let mut build = programs::cargo(project, "build");
    ensure!(build.args(["--bin", "close-call"]).status().context("cargo")?.success(), "close-call could not be built");
    Ok(project.target.join("debug/close-call"))
}

/// What `check --json` says of a server, a line for each probe.
fn play(check: &Path, server: &servers::Entry, place: &Place) -> Result<Vec<board::Cell>> {
    let mut command = Command::new(check);
    command.args(["check", "--json"]).args(server.options).arg("--").args(&place.command);
    command.env("PYTHONPATH", &place.python_path).current_dir(&place.folder);
    let output = command.output().context("starting close-call")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code().is_some_and(|code| code < 2), "{}: check says: {}", server.name, said.trim());
    let shown = String::from_utf8(output.stdout).context("what check says")?;
    shown.lines().map(board::Cell::read).collect()
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| file.display().to_string())
}
