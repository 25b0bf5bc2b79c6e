//! The plots that are kept.

use super::*;
use crate::bench::records::{COSTS, FOLDER, costs};
use crate::source::project::Project;

fn kept(file: &str) -> String {
    Project::here().read(&format!("{FOLDER}/{file}")).unwrap()
}

#[test]
fn the_plots_are_what_is_drawn_today() {
    let records = costs(&kept(COSTS)).unwrap().records;
    for active in ACTIVE {
        let plot = drawn(&records, active).unwrap().file();
        assert!(plot == drawn(&records, active).unwrap().file(), "drawn twice, it has the same bytes");
        let name = file(active);
        assert!(plot == kept(&name), "{name} is old: cargo xtask picture draws it anew");
        // Every colour has become a class, and so the theme's.
        assert!(!plot.contains("stroke=\"#0"), "{name}");
    }
    let mut other = records.clone();
    other[0].cpu *= 2;
    other.iter_mut().filter(|cost| cost.server.name == "12-poll").for_each(|cost| cost.cpu *= 2);
    assert!(drawn(&other, 1).unwrap().file() != kept(&file(1)), "another measurement, another plot");
}
