//! What was measured, as tables.

use crate::bench::records::{BEFORE, CALLS, COSTS, Cost, FOLDER, Kept, Spread, calls, costs, spread};
use crate::bench::servers::{ACTIVE, CONTENDERS, Contender, IDLE, by_name};
use crate::pictures::plot;
use crate::source::html::escape;
use crate::source::project::Project;
use close_call::net::columns::thousands;

/// What `{{#costs KIND}}` can show.
pub const KINDS: [&str; 6] = ["calls", "messages", "memory", "ratios", "plot", "machine"];

/// What a page shows of it: KIND, and for messages and the plot how many clients are active.
pub fn on_page(project: &Project, kind: &str, active: Option<&str>) -> Result<String, String> {
    let active = match active.map(|active| active.parse().ok().filter(|active| ACTIVE.contains(active))) {
        Some(None) => {
            return Err(format!(
                "so many clients were not measured; {} were",
                ACTIVE.map(|n| n.to_string()).join(" and ")
            ));
        }
        Some(active) => active,
        None => None,
    };
    let read = |file: &str| {
        let path = format!("{FOLDER}/{file}");
        let text = project.read(&path).map_err(|error| format!("{path}: {error}"))?;
        costs(&text).map_err(|error| format!("{path}, {error}"))
    };
    match (kind, active) {
        ("calls", None) => calls_table(project),
        ("messages", Some(active)) => Ok(messages(&read(COSTS)?.records, active)),
        ("memory", None) => Ok(memory(&read(COSTS)?.records)),
        ("ratios", None) => Ok(ratios(&read(COSTS)?, &read(BEFORE)?)),
        ("plot", Some(active)) => Ok(plot::drawn(&read(COSTS)?.records, active)?.html()),
        ("machine", None) => Ok(machine(&read(COSTS)?.machine)),
        _ => Err("write {{#costs messages ACTIVE}} or {{#costs plot ACTIVE}}, but {{#costs KIND}} for the others"
            .to_string()),
    }
}

/// A table that scrolls in its own frame where it does not fit, as the scoreboard does.
fn table(caption: &str, heads: &[String], rows: &[Vec<String>]) -> String {
    let head = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect::<String>();
    let mut html = format!(
        "<div class=\"costs\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">\n<table><caption>{caption}</caption>\n\
         <thead><tr>{head}</tr></thead>\n<tbody>\n",
        escape(caption)
    );
    for row in rows {
        let cells = row[1..].iter().map(|cell| format!("<td>{cell}</td>")).collect::<String>();
        html += &format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", row[0]);
    }
    html + "</tbody></table>\n</div>"
}

/// A server's title, its code set as code.
fn title(server: &Contender) -> String {
    let mut code = false;
    let parts = server.title.split('`').map(|part| {
        let shown = if code { format!("<code>{}</code>", escape(part)) } else { escape(part) };
        code = !code;
        shown
    });
    parts.collect()
}

fn calls_table(project: &Project) -> Result<String, String> {
    let path = format!("{FOLDER}/{CALLS}");
    let text = project.read(&path).map_err(|error| format!("{path}: {error}"))?;
    let records = calls(&text).map_err(|error| format!("{path}, {error}"))?.records;
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
        let names =
            if names.is_empty() { "not the same each time".to_string() } else { format!("<code>{names}</code>") };
        vec![title(server), one, names, number(server, ACTIVE[1]).0]
    });
    let heads = ["server", "calls per message", "which", "with sixteen clients at once"].map(str::to_string);
    Ok(table("System calls that a message costs", &heads, &rows.collect::<Vec<_>>()))
}

/// As many digits as mean something.
fn microseconds(nanoseconds: u64) -> String {
    match nanoseconds as f64 / 1_000.0 {
        value if value < 100.0 => format!("{value:.1}"),
        value if value < 1_000.0 => format!("{value:.0}"),
        value => thousands(value as usize),
    }
}

fn messages(records: &[Cost], active: usize) -> String {
    let cell = |server: &Contender, idle: usize| match spread(records, server, idle, active, |cost| cost.cpu) {
        None => "–".to_string(),
        Some(Spread { least, median, most }) => {
            let [least, median, most] = [least, median, most].map(microseconds);
            format!("{median} <small>{least}–{most}</small>")
        }
    };
    let rows = measured(records).map(|server| {
        let cells = IDLE.iter().map(|&idle| cell(server, idle));
        [title(server)].into_iter().chain(cells).collect()
    });
    let clients = if active == 1 { "one client".to_string() } else { format!("{active} clients at once") };
    let caption = format!("Microseconds of processor time per message of {clients}, over idle connections");
    table(&caption, &heads("server"), &rows.collect::<Vec<_>>())
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
            None => "–".to_string(),
            Some(Spread { median, .. }) => format!("{:.1}", median as f64 / 1_024.0),
        };
        [title(server)].into_iter().chain(IDLE.map(cell)).collect()
    });
    table("Memory in MiB (VmRSS), over idle connections", &heads("server"), &rows.collect::<Vec<_>>())
}

/// Two servers at a point of the grid, whose ratio says something.
const RATIOS: [(&str, &str, usize, usize); 11] = [
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
        let of = |measured: &Kept<Cost>| {
            ratio(&measured.records, above, below, *idle, *active).map_or("–".to_string(), |ratio| match ratio {
                10.0.. => format!("{ratio:.0}"),
                _ => format!("{ratio:.2}"),
            })
        };
        let names = format!("{} / {}", above.short, below.short);
        Some(vec![names, idle.to_string(), active.to_string(), of(before), of(now)])
    });
    let heads = ["ratio", "idle", "active", "first measurement", "second"].map(str::to_string);
    table("Ratios of what a message costs, measured twice", &heads, &rows.collect::<Vec<_>>())
}

fn machine(lines: &[(String, String)]) -> String {
    let items = lines.iter().map(|(key, value)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(key), escape(value)));
    format!("<dl class=\"machine\">\n{}</dl>", items.collect::<String>())
}

#[cfg(test)]
mod tests;
