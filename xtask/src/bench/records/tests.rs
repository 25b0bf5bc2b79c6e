//! What was measured, as it is kept.

use super::*;
use crate::bench::servers::{ACTIVE, CONTENDERS, IDLE, MOST_FOR_SELECT};
use crate::source::project::Project;

fn kept(file: &str) -> String {
    Project::here().read(&format!("{FOLDER}/{file}")).unwrap()
}

#[test]
fn what_is_kept_is_read_as_it_was_written() {
    for file in [COSTS, BEFORE] {
        let text = kept(file);
        assert!(costs_text(&costs(&text).unwrap()) == text, "{file}");
    }
    let text = kept(CALLS);
    assert!(calls_text(&calls(&text).unwrap()) == text);
}

/// The page says so of all that it shows.
#[test]
fn everything_was_measured_twice_in_five_runs() {
    let [now, before] = [COSTS, BEFORE].map(|file| costs(&kept(file)).unwrap().records);
    assert!(now != before, "{BEFORE} is another measurement");
    for records in [now, before] {
        for server in CONTENDERS.iter().filter(|server| records.iter().any(|cost| cost.server == *server)) {
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
