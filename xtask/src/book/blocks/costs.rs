//! `{{#costs KIND}}`: what was measured of the servers (book/bench), as a table; `messages` and `plot` are followed by how
//! many clients are active.

use super::block::{Block, Kind, Page, scrolling};
use crate::bench::records::{BEFORE, CALLS, COSTS, Cost, FOLDER, Kept, Spread, calls, costs, spread};
use crate::bench::servers::{ACTIVE, CONTENDERS, Contender, IDLE, by_name};
use crate::kept::plot;
use crate::source::project::Project;
use close_call::net::columns::thousands;
use maud::{Markup, html};

/// What it can show.
const KINDS: [&str; 6] = ["calls", "messages", "memory", "ratios", "plot", "machine"];

pub const KIND: Kind = Kind {
    name: "costs",
    usage: "{{#costs messages ACTIVE}} or {{#costs plot ACTIVE}}, but {{#costs KIND}} for the others",
    read: |given| {
        let words = given.all_words()?;
        let known = |kind: &String| KINDS.contains(&kind.as_str());
        let (kind, active) = match words.as_slice() {
            [kind] if known(kind) => (kind, None),
            [kind, active] if known(kind) => (kind, Some(active_clients(active)?)),
            _ => return Err(format!("write {{{{#costs KIND}}}}; KIND is one of {}", KINDS.join(", "))),
        };
        Ok(Box::new(Costs { kind: kind.clone(), active }))
    },
};

struct Costs {
    kind: String,
    active: Option<usize>,
}

fn active_clients(text: &str) -> Result<usize, String> {
    let measured = || ACTIVE.map(|active| active.to_string()).join(" and ");
    let active = text.parse().ok().filter(|active| ACTIVE.contains(active));
    active.ok_or_else(|| format!("so many clients were not measured; {} were", measured()))
}

impl Block for Costs {
    fn draw(&self, page: &Page) -> Result<String, String> {
        let read = |file: &str| {
            let path = format!("{FOLDER}/{file}");
            costs(&page.project.text(&path)?).map_err(|error| format!("{path}, {error}"))
        };
        match (self.kind.as_str(), self.active) {
            ("calls", None) => calls_table(page.project),
            ("messages", Some(active)) => Ok(messages(&read(COSTS)?.records, active)),
            ("memory", None) => Ok(memory(&read(COSTS)?.records)),
            ("ratios", None) => Ok(ratios(&read(COSTS)?, &read(BEFORE)?)),
            ("plot", Some(active)) => Ok(plot::drawn(&read(COSTS)?.records, active)?.html()),
            ("machine", None) => Ok(machine(&read(COSTS)?.machine)),
            _ => Err(format!("write {}", KIND.usage)),
        }
    }
}

/// A table of rows whose first cell is their head.
fn table(caption: &str, heads: &[String], rows: impl Iterator<Item = Vec<Markup>>) -> String {
    let table = html! {
        table {
            caption { (caption) }
            "\n"
            thead { tr { @for head in heads { th scope="col" { (head) } } } }
            "\n"
            tbody {
                "\n"
                @for row in rows {
                    tr {
                        @for (index, cell) in row.into_iter().enumerate() {
                            @if index == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                        }
                    }
                    "\n"
                }
            }
        }
    };
    scrolling("costs", caption, &table)
}

/// A server's title, its code set as code.
fn title(server: &Contender) -> Markup {
    html! {
        @for (index, part) in server.title.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn calls_table(project: &Project) -> Result<String, String> {
    let path = format!("{FOLDER}/{CALLS}");
    let records = calls(&project.text(&path)?).map_err(|error| format!("{path}, {error}"))?.records;
    let number = |server: &Contender, active: usize| {
        let record = records.iter().find(|calls| calls.server == server && calls.active == active);
        let count = record.map_or("–".to_string(), |calls| match calls.per_message.fract() {
            0.0 => format!("{:.0}", calls.per_message),
            _ => format!("{:.1}", calls.per_message),
        });
        (count, record.map(|calls| calls.names.join(", ")).unwrap_or_default())
    };
    let rows = CONTENDERS.iter().filter(|server| records.iter().any(|calls| calls.server == *server)).map(|server| {
        let (one, names) = number(server, ACTIVE[0]);
        let names = html! { @if names.is_empty() { "not the same each time" } @else { code { (names) } } };
        vec![title(server), html! { (one) }, names, html! { (number(server, ACTIVE[1]).0) }]
    });
    let heads = ["server", "calls per message", "which", "with sixteen clients at once"].map(str::to_string);
    Ok(table("System calls that a message costs", &heads, rows))
}

/// Nanoseconds as microseconds, with as many digits as mean something.
fn microseconds(nanoseconds: u64) -> String {
    match nanoseconds as f64 / 1_000.0 {
        value if value < 100.0 => format!("{value:.1}"),
        value if value < 1_000.0 => format!("{value:.0}"),
        value => thousands(value as usize),
    }
}

fn messages(records: &[Cost], active: usize) -> String {
    let cell = |server: &Contender, idle: usize| match spread(records, server, idle, active, |cost| cost.cpu) {
        None => html! { "–" },
        Some(Spread { least, median, most }) => {
            let [least, median, most] = [least, median, most].map(microseconds);
            html! { (median) " " small { (least) "–" (most) } }
        }
    };
    let rows = measured(records)
        .map(|server| [title(server)].into_iter().chain(IDLE.iter().map(|&idle| cell(server, idle))).collect());
    let clients = if active == 1 { "one client".to_string() } else { format!("{active} clients at once") };
    let caption = format!("Microseconds of processor time per message of {clients}, over idle connections");
    table(&caption, &heads("server"), rows)
}

fn heads(first: &str) -> Vec<String> {
    [first.to_string()].into_iter().chain(IDLE.map(|idle| format!("{} idle", thousands(idle)))).collect()
}

fn measured(records: &[Cost]) -> impl Iterator<Item = &'static Contender> {
    CONTENDERS.iter().filter(|server| records.iter().any(|cost| cost.server == *server))
}

fn memory(records: &[Cost]) -> String {
    let last = ACTIVE[ACTIVE.len() - 1];
    let rows = measured(records).map(|server| {
        let cell = |idle| match spread(records, server, idle, last, |cost| cost.memory) {
            None => html! { "–" },
            Some(Spread { median, .. }) => html! { (format!("{:.1}", median as f64 / 1_024.0)) },
        };
        [title(server)].into_iter().chain(IDLE.map(cell)).collect()
    });
    table("Memory in MiB (VmRSS), over idle connections", &heads("server"), rows)
}

/// Two servers at a point of the grid, whose ratio says something.
const RATIOS: [(&str, &str, usize, usize); 15] = [
    ("11-limits", "14-epoll", 0, 1),
    ("11-limits", "14-epoll", 100, 1),
    ("11-limits", "14-epoll", 500, 1),
    ("11-limits", "14-epoll", 900, 1),
    ("12-poll", "14-epoll", 900, 1),
    ("12-poll", "14-epoll", 5_000, 1),
    ("11-limits", "14-epoll", 900, 16),
    ("14-epoll", "16-tokio", 0, 1),
    ("14-epoll", "16-tokio", 5_000, 1),
    ("14-epoll", "16-tokio", 5_000, 16),
    ("18-completions", "14-epoll", 0, 1),
    ("18-completions", "14-epoll", 5_000, 1),
    ("18-completions", "14-epoll", 0, 16),
    ("18-completions", "14-epoll", 5_000, 16),
    ("asyncio", "14-epoll", 900, 1),
];

/// The ratio of two medians.
pub fn ratio(records: &[Cost], above: &Contender, below: &Contender, idle: usize, active: usize) -> Option<f64> {
    let median = |server| Some(spread(records, server, idle, active, |cost| cost.cpu)?.median as f64);
    Some(median(above)? / median(below)?)
}

fn ratios(now: &Kept<Cost>, before: &Kept<Cost>) -> String {
    let rows = RATIOS.iter().filter_map(|(above, below, idle, active)| {
        let (above, below) = (by_name(above)?, by_name(below)?);
        let of = |kept: &Kept<Cost>| match ratio(&kept.records, above, below, *idle, *active) {
            None => "–".to_string(),
            Some(ratio @ 10.0..) => format!("{ratio:.0}"),
            Some(ratio) => format!("{ratio:.2}"),
        };
        let names = format!("{} / {}", above.short, below.short);
        let cells = [names, idle.to_string(), active.to_string(), of(before), of(now)];
        Some(cells.map(|cell| html! { (cell) }).to_vec())
    });
    let heads = ["ratio", "idle", "active", "first measurement", "second"].map(str::to_string);
    table("Ratios of what a message costs, measured twice", &heads, rows)
}

fn machine(lines: &[(String, String)]) -> String {
    html! { dl class="machine" { "\n" @for (key, value) in lines { dt { (key) } dd { (value) } "\n" } } }.into_string()
}

#[cfg(test)]
mod tests;
