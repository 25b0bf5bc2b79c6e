//! What was measured, as it is shown.

use super::*;
use crate::bench::records::costs;
use crate::tiny::fault;

fn kept(file: &str) -> String {
    Project::here().read(&format!("{FOLDER}/{file}")).unwrap()
}

#[test]
fn a_cell_has_the_middle_of_the_runs_and_how_far_they_go() {
    let header = "server,idle,active,run,messages,cpu_ns_per_message,rss_kib\n";
    let lines = [9_000, 7_000, 30_000].map(|cpu| format!("12-poll,0,1,1,100,{cpu},2000\n")).concat();
    let table = messages(&costs(&format!("{header}{lines}")).unwrap().records, 1);
    assert!(table.contains("<td>9.0 <small>7.0–30.0</small></td><td>–</td>"), "{table}");
}

/// What the page says of chapter 14 is so in both measurements.
#[test]
fn chapter_14_costs_what_tokio_costs_and_is_flat() {
    let [epoll, tokio] = ["14-epoll", "16-tokio"].map(|name| by_name(name).unwrap());
    for file in [COSTS, BEFORE] {
        let records: Vec<Cost> = costs(&kept(file)).unwrap().records;
        for active in ACTIVE {
            let median = |idle| spread(&records, epoll, idle, active, |cost| cost.cpu).unwrap().median;
            for idle in IDLE {
                let ratio = ratio(&records, epoll, tokio, idle, active).unwrap();
                assert!(ratio <= 1.25, "{file}: {ratio:.2} at {idle} idle, {active} active");
            }
            let (least, most) = (IDLE.map(median).into_iter().min(), IDLE.map(median).into_iter().max());
            assert!(
                most.unwrap() as f64 <= 1.25 * least.unwrap() as f64,
                "{file}, {active} active: {least:?} {most:?}"
            );
        }
    }
}

#[test]
fn what_was_not_measured_is_refused() {
    for (directive, why) in [
        ("{{#costs messages 2}}", "so many clients were not measured; 1 and 16 were"),
        ("{{#costs memory 16}}", "but {{#costs KIND}} for the others"),
        ("{{#costs plot}}", "write {{#costs messages ACTIVE}} or {{#costs plot ACTIVE}}"),
        ("{{#costs time}}", "KIND is one of calls, messages, memory"),
    ] {
        let said = fault(directive);
        assert!(said.contains(why), "{directive}: {said}");
    }
}
