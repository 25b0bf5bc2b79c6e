//! What was measured, as it is kept and as it is shown.

use super::Tiny;
use crate::costs::records::{BEFORE, COSTS, Cost, FOLDER, calls_text, costs, costs_text, spread};
use crate::costs::servers::{ACTIVE, IDLE, MOST_FOR_SELECT, SERVERS, by_name};
use crate::costs::{plot, records, tables};
use crate::project::Project;

fn kept(file: &str) -> String {
    Project::here().read(&format!("{FOLDER}/{file}")).unwrap()
}

#[test]
fn what_is_kept_is_read_as_it_was_written() {
    for file in [COSTS, BEFORE] {
        let text = kept(file);
        assert!(costs_text(&costs(&text).unwrap()) == text, "{file}");
    }
    let text = kept(records::CALLS);
    assert!(calls_text(&records::calls(&text).unwrap()) == text);
}

/// The page says so of all that it shows.
#[test]
fn everything_was_measured_twice_in_five_runs() {
    let [now, before] = [COSTS, BEFORE].map(|file| costs(&kept(file)).unwrap().records);
    assert!(now != before, "{BEFORE} is another measurement");
    for records in [now, before] {
        for server in SERVERS.iter().filter(|server| records.iter().any(|cost| cost.server == *server)) {
            for idle in IDLE.into_iter().filter(|idle| !server.selects || *idle <= MOST_FOR_SELECT) {
                for active in ACTIVE {
                    let here = |cost: &&Cost| cost.server == server && (cost.idle, cost.active) == (idle, active);
                    let runs: Vec<usize> = records.iter().filter(here).map(|cost| cost.run).collect();
                    assert_eq!(runs, [1, 2, 3, 4, 5], "{}, {idle} idle, {active} active", server.name);
                }
            }
        }
    }
}

#[test]
fn a_faulty_line_is_named() {
    let header = "server,idle,active,run,messages,cpu_ns_per_message,rss_kib";
    for (lines, number) in [
        ("nginx,0,1,1,100,8000,2000", 2),
        ("12-poll,0,1,1,100,8000,2000\n12-poll,0,1,1,100,8000", 3),
        ("12-poll,0,1,1,100,-8000,2000", 2),
    ] {
        let fault = costs(&format!("{header}\n{lines}\n")).err();
        assert_eq!(fault, Some(format!("line {number}: it should be `{header}`")), "{lines}");
    }
    assert!(costs("12-poll,0,1,1,100,8000,2000\n").is_err(), "a file without its first line");
}

#[test]
fn the_middle_of_the_runs_is_shown_and_how_far_they_go() {
    let header = "server,idle,active,run,messages,cpu_ns_per_message,rss_kib\n";
    let lines = [9_000, 7_000, 30_000].map(|cpu| format!("12-poll,0,1,1,100,{cpu},2000\n")).concat();
    let records = costs(&format!("{header}{lines}")).unwrap().records;
    let poll = by_name("12-poll").unwrap();
    let all = spread(&records, poll, 0, 1, |cost| cost.cpu).unwrap();
    assert_eq!((all.least, all.median, all.most), (7_000, 9_000, 30_000));
    assert_eq!(spread(&records, poll, 100, 1, |cost| cost.cpu), None);

    let tiny = Tiny::new();
    tiny.write(&format!("{FOLDER}/{COSTS}"), &format!("{header}{lines}"));
    let table = tables::on_page(&tiny.project(), "messages", Some("1")).unwrap();
    assert!(table.contains("<td>9.0 <small>7.0–30.0</small></td><td>–</td>"), "{table}");
}

#[test]
fn the_plots_are_what_is_drawn_today() {
    let records = costs(&kept(COSTS)).unwrap().records;
    for active in ACTIVE {
        let drawn = plot::drawn(&records, active).unwrap().file();
        assert!(drawn == plot::drawn(&records, active).unwrap().file(), "drawn twice, it has the same bytes");
        let name = plot::file(active);
        assert!(drawn == kept(&name), "{name} is old: cargo xtask picture draws it anew");
        // Every colour has become a class, and so the theme's.
        assert!(!drawn.contains("stroke=\"#0"), "{name}");
    }
    let mut other = records.clone();
    other[0].cpu *= 2;
    other.iter_mut().filter(|cost| cost.server.name == "12-poll").for_each(|cost| cost.cpu *= 2);
    assert!(plot::drawn(&other, 1).unwrap().file() != kept(&plot::file(1)), "another measurement, another plot");
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
                let ratio = tables::ratio(&records, epoll, tokio, idle, active).unwrap();
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
    let project = Project::here();
    for (kind, active, why) in [
        ("messages", Some("2"), "so many clients were not measured; 1 and 16 were"),
        ("memory", Some("16"), "but {{#costs KIND}} for the others"),
        ("plot", None, "write {{#costs messages ACTIVE}} or {{#costs plot ACTIVE}}"),
    ] {
        let said = tables::on_page(&project, kind, active).unwrap_err();
        assert!(said.contains(why), "{kind}: {said}");
    }
}

/// The server that is measured beside chapter 16 is chapter 16.
#[test]
fn tokio_with_several_threads_differs_from_chapter_16_in_one_word() {
    let project = Project::here();
    let code = |file: &str| {
        let text = project.read(file).unwrap();
        text.lines().filter(|line| !line.starts_with("//!")).map(String::from).collect::<Vec<_>>().join("\n")
    };
    let one = code("chapters/16-tokio.rs");
    assert_eq!(one.matches("\"current_thread\"").count(), 1);
    assert!(code("book/bench/servers/tokio-multi-thread.rs") == one.replace("\"current_thread\"", "\"multi_thread\""));
}
