//! `cargo xtask bench`: measures what a message costs each server, and writes what the page "What each costs" shows.
//!
//! ```text
//! servers     what is measured, and its names      records     what is kept of it, in files
//! pinned      the one processor                    programs    the servers, built and started
//! clients     what they are asked                  machine     what they were measured on
//! calls       their system calls, by strace
//! ```

mod calls;
mod clients;
mod machine;
mod pinned;
mod programs;
pub mod records;
pub mod servers;

use crate::source::project::Project;
use anyhow::Context;
use clients::Load;
use close_call::probe::server::raise_our_limit;
use programs::Programs;
use records::{BEFORE, CALLS, COSTS, Calls, Cost, FOLDER, Kept, calls_text, costs_text};
use servers::{ACTIVE, CONTENDERS, Contender, IDLE, MOST_FOR_SELECT};
use std::fs;
use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;

/// What is to be measured.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// How often each point is; 5 unless told.
    pub runs: Option<usize>,
    /// Where the files go.
    pub into: Option<String>,
    /// Only these servers.
    pub servers: Vec<&'static Contender>,
}

/// Measures, and writes the files. Returns their folder and what messages cost. Each run measures all servers, one after
/// the other, so that what the machine does meanwhile is not added to one of them.
pub fn bench(project: &Project, wish: &Wish) -> anyhow::Result<(PathBuf, Vec<Cost>)> {
    let runs = wish.runs.unwrap_or(5);
    // What the book shows is all of it.
    let whole = wish.servers.is_empty() && runs >= 5;
    let folder = match (&wish.into, whole) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, true) => project.root.join(FOLDER),
        (None, false) => project.target.join("bench"),
    };
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;

    let mut bench = Bench::of(project, wish)?;
    pinned::to_one_processor()?;
    let calls = bench.calls()?;
    let costs = bench.costs(runs)?;
    let machine = machine::description(&bench.programs);
    if whole && folder.join(COSTS).is_file() {
        fs::rename(folder.join(COSTS), folder.join(BEFORE)).context(COSTS)?;
    }
    let write = |name: &str, text: String| fs::write(folder.join(name), text).with_context(|| name.to_string());
    let costs = Kept { machine: machine.clone(), records: costs };
    write(CALLS, calls_text(&Kept { machine, records: calls }))?;
    write(COSTS, costs_text(&costs))?;
    Ok((folder, costs.records))
}

/// The servers that are measured, and what they are measured with.
struct Bench {
    programs: Programs,
    servers: Vec<&'static Contender>,
    /// How many descriptors a process may have.
    descriptors: u64,
    progress: Progress,
}

impl Bench {
    /// Builds the servers. Those that cannot be started here are named and left out.
    fn of(project: &Project, wish: &Wish) -> anyhow::Result<Bench> {
        let all = CONTENDERS.iter().collect();
        let wanted = if wish.servers.is_empty() { all } else { wish.servers.clone() };
        let mut progress = Progress::default();
        progress.say("building the servers");
        let programs = Programs::build(project)?;
        let (servers, missing): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|server| programs.has(server));
        for server in &missing {
            progress.note(&format!("left out: {} (its language is not installed)", server.name));
        }
        Ok(Bench { programs, servers, descriptors: raise_our_limit(), progress })
    }

    /// The system calls that a message costs each server.
    fn calls(&mut self) -> anyhow::Result<Vec<Calls>> {
        let mut counted = Vec::new();
        for &server in &self.servers {
            for active in ACTIVE {
                self.progress.say(&format!("system calls: {}, {active} active", server.name));
                match calls::count(&self.programs, server, active)? {
                    Some((per_message, names)) => counted.push(Calls { server, active, per_message, names }),
                    None => {
                        let what = format!("left out: the system calls of {} (there is no strace)", server.name);
                        self.progress.note(&what);
                    }
                }
            }
        }
        Ok(counted)
    }

    /// What a message costs each server, in each of so many runs.
    fn costs(&mut self, runs: usize) -> anyhow::Result<Vec<Cost>> {
        let mut costs = Vec::new();
        for run in 1..=runs {
            for server in self.servers.clone() {
                self.measure(server, (run, runs), &mut costs)?;
            }
        }
        self.progress.say("");
        Ok(costs)
    }

    fn measure(
        &mut self,
        server: &'static Contender,
        (run, runs): (usize, usize),
        costs: &mut Vec<Cost>,
    ) -> anyhow::Result<()> {
        let Bench { programs, descriptors, progress, .. } = self;
        let mut clients = Load::connect(programs.start(server, *descriptors)?)?;
        for idle in IDLE.into_iter().filter(|idle| !server.selects || *idle <= MOST_FOR_SELECT) {
            if idle as u64 + 100 > *descriptors {
                progress.note(&format!("left out: {idle} idle connections ({descriptors} descriptors are allowed)"));
                continue;
            }
            progress.say(&format!("run {run} of {runs}: {}, {idle} idle", server.name));
            clients.idle(idle).with_context(|| format!("{}, {idle} idle", server.name))?;
            for active in ACTIVE {
                let (messages, cpu) = clients.measure(active).with_context(|| server.name.to_string())?;
                costs.push(Cost { server, idle, active, run, messages, cpu, memory: clients.memory()? });
            }
        }
        Ok(())
    }
}

/// What is being done: on a terminal a line that changes, in a file one for each server and run.
#[derive(Default)]
struct Progress {
    said: String,
    noted: Vec<String>,
}

impl Progress {
    fn say(&mut self, what: &str) {
        if stderr().is_terminal() {
            eprint!("\r\x1b[K{what}");
            let _ = stderr().flush();
        } else if let Some((what, _)) = what.rsplit_once(", ").or((!what.is_empty()).then_some((what, "")))
            && what != self.said
        {
            eprintln!("{what}");
            self.said = what.to_string();
        }
    }

    /// Says something that stays, once.
    fn note(&mut self, what: &str) {
        if !self.noted.iter().any(|noted| noted == what) {
            let begin = if stderr().is_terminal() { "\r\x1b[K" } else { "" };
            eprintln!("{begin}{what}");
            self.noted.push(what.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::servers::by_name;

    /// What needs nothing built: the story's server.
    #[test]
    fn a_server_is_measured_and_its_calls_are_counted() {
        let programs = Programs::unbuilt(&Project::here());
        let server = by_name("python-select").unwrap();
        if !programs.has(server) {
            eprintln!("left out: there is no python3 on this machine");
            return;
        }
        let mut clients = Load::connect(programs.start(server, 1_024).unwrap()).unwrap();
        clients.idle(10).unwrap();
        for active in ACTIVE {
            let (messages, cpu) = clients.measure(active).unwrap();
            assert!(messages >= active as u64 && cpu > 0, "{messages} {cpu}");
        }
        assert!(clients.memory().unwrap() > 1_024, "an interpreter is larger than that");
        clients.end();
        match calls::count(&programs, server, 1).unwrap() {
            None => eprintln!("left out: there is no strace on this machine"),
            Some((count, names)) => {
                let select = names.first().is_some_and(|name| name.contains("select"));
                assert!(count == 4.0 && names.len() == 4 && select, "{count} {names:?}");
            }
        }
    }
}
