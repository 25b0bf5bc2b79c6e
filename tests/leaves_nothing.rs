//! After a probe nothing is left of it: no descriptor, no child. Alone in its program, because it counts them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;

use close_call::command::story;
use close_call::probe::probes::PROBES;
use close_call::probe::server::processes::Processes;
use common::exe;

/// The descriptors of this process, by what they are.
fn descriptors() -> Vec<String> {
    let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let mut open: Vec<String> =
        open.filter_map(|fd| Some(fs::read_link(fd.path()).ok()?.to_string_lossy().into_owned())).collect();
    open.sort();
    open
}

#[test]
fn no_descriptor_and_no_child_is_left_by_any_probe() {
    for chapter in ["05-log-before-close", "07-name-at-accept"] {
        // The first time this opens what keeps the programs as they are for as long as the tests run.
        let program = exe(chapter);
        for probe in PROBES {
            let before = descriptors();
            story::run(&program, probe, None, &mut |_| {});
            assert_eq!(descriptors(), before, "{chapter} under {}", probe.name);
            assert_eq!(Processes::below(std::process::id()).pids, [0; 0], "{chapter} under {}", probe.name);
        }
    }
}
