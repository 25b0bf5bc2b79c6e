//! What is kept of a measurement: two files of comma-separated values, with the machine in comments at their beginning.

use super::servers::{Contender, by_name};
use std::fmt::Write;

/// The folder, from the project's root.
pub const FOLDER: &str = "book/bench";
/// What a message costs; a line for each run of each point of the grid.
pub const COSTS: &str = "costs.csv";
/// What a message cost in the measurement before.
pub const BEFORE: &str = "costs-before.csv";
/// The system calls that a message costs.
pub const CALLS: &str = "calls.csv";

const COSTS_HEADER: &str = "server,idle,active,run,messages,cpu_ns_per_message,rss_kib";
const CALLS_HEADER: &str = "server,active,calls_per_message,calls";

/// One run of one point of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    pub server: &'static Contender,
    pub idle: usize,
    pub active: usize,
    /// From 1.
    pub run: usize,
    /// How many messages were sent and answered.
    pub messages: u64,
    /// The server's processor time, in the kernel and outside, in nanoseconds for each of them.
    pub cpu: u64,
    /// The memory that the server had afterwards, in KiB (VmRSS).
    pub memory: u64,
}

/// The system calls that a message costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Calls {
    pub server: &'static Contender,
    pub active: usize,
    pub per_message: f64,
    /// Their names, in their order from the wait on; empty where it is not the same for every message.
    pub names: Vec<String>,
}

/// What is in a file of either kind: the machine's description, and the records.
pub struct Kept<T> {
    pub machine: Vec<(String, String)>,
    pub records: Vec<T>,
}

/// The text of a file with what messages cost.
pub fn costs_text(measured: &Kept<Cost>) -> String {
    let line = |c: &Cost| {
        let Cost { server, idle, active, run, messages, cpu, memory } = c;
        format!("{},{idle},{active},{run},{messages},{cpu},{memory}", server.name)
    };
    text(&measured.machine, COSTS_HEADER, measured.records.iter().map(line))
}

/// The text of a file with the calls.
pub fn calls_text(measured: &Kept<Calls>) -> String {
    let line = |c: &Calls| format!("{},{},{:.2},{}", c.server.name, c.active, c.per_message, c.names.join(" "));
    text(&measured.machine, CALLS_HEADER, measured.records.iter().map(line))
}

fn text(machine: &[(String, String)], header: &str, lines: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for (key, value) in machine {
        // Writing to a String does not fail.
        let _ = writeln!(text, "# {key}: {value}");
    }
    let _ = writeln!(text, "{header}");
    lines.for_each(|line| text += &(line + "\n"));
    text
}

/// Reads the text of a file with what messages cost. An error names the line.
pub fn costs(text: &str) -> Result<Kept<Cost>, String> {
    read(text, COSTS_HEADER, |fields| {
        let [name, idle, active, run, messages, cpu, memory] = fields else { return None };
        Some(Cost {
            server: by_name(name)?,
            idle: idle.parse().ok()?,
            active: active.parse().ok()?,
            run: run.parse().ok()?,
            messages: messages.parse().ok()?,
            cpu: cpu.parse().ok()?,
            memory: memory.parse().ok()?,
        })
    })
}

/// Reads the text of a file with the calls. An error names the line.
pub fn calls(text: &str) -> Result<Kept<Calls>, String> {
    read(text, CALLS_HEADER, |fields| {
        let [name, active, per_message, names] = fields else { return None };
        Some(Calls {
            server: by_name(name)?,
            active: active.parse().ok()?,
            per_message: per_message.parse().ok()?,
            names: names.split_whitespace().map(str::to_string).collect(),
        })
    })
}

/// No value has a comma in it, so a line is split at each. A library for such files was tried: a server, the calls and the
/// comments are none of its kinds, and what converts them is longer than this.
fn read<T>(text: &str, header: &str, record: impl Fn(&[&str]) -> Option<T>) -> Result<Kept<T>, String> {
    let mut measured = Kept { machine: Vec::new(), records: Vec::new() };
    let mut headed = false;
    for (at, line) in text.lines().enumerate() {
        if let Some((key, value)) = line.strip_prefix("# ").and_then(|comment| comment.split_once(": ")) {
            measured.machine.push((key.to_string(), value.to_string()));
        } else if !headed && line == header {
            headed = true;
        } else {
            let fields: Vec<&str> = line.split(',').collect();
            let record = headed.then(|| record(&fields)).flatten();
            measured.records.push(record.ok_or_else(|| format!("line {}: it should be `{header}`", at + 1))?);
        }
    }
    Ok(measured)
}

/// What the runs of a point of the grid have in the middle, and from where to where they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    pub least: u64,
    pub median: u64,
    pub most: u64,
}

/// The spread of something over the runs of a point; `None` where it was not measured.
pub fn spread(
    records: &[Cost],
    server: &Contender,
    idle: usize,
    active: usize,
    what: impl Fn(&Cost) -> u64,
) -> Option<Spread> {
    let here = |cost: &&Cost| cost.server == server && (cost.idle, cost.active) == (idle, active);
    let mut values: Vec<u64> = records.iter().filter(here).map(what).collect();
    values.sort_unstable();
    Some(Spread { least: *values.first()?, median: values[values.len() / 2], most: *values.last()? })
}

#[cfg(test)]
mod tests;
