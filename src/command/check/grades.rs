//! What a verdict is worth: `ok`, a choice that a server may make, or a fault.
//!
//! The probes say what a server may choose under them ([`Choice`]), the kinds of verdicts what they are worth elsewhere.

use crate::net::columns::wrap;
use crate::probe::kind::{Grade, Kind};
use crate::probe::probes::{Choice, HAMMER, PROBES, Probe, When};

/// What a verdict of that kind is worth under a probe, and why, in a line. `served_again` is whether the server did
/// afterwards; without it nothing is a choice. `holds` is asked whether it is a server for which a choice is meant, and
/// only where that matters.
pub fn grade(probe: &Probe, kind: Kind, served_again: bool, holds: &dyn Fn(When) -> bool) -> (Grade, &'static str) {
    let chosen = |choice: &&Choice| served_again && choice.kinds.contains(&kind) && holds(choice.when);
    match probe.may.iter().find(chosen) {
        Some(choice) => (Grade::Choice, choice.why),
        None => (kind.grade(), kind.why()),
    }
}

/// All of it, as it is printed: each choice with its probes, then each fault.
pub fn table() -> String {
    let all = || PROBES.iter().chain([&HAMMER]).flat_map(|probe| probe.may.iter().map(move |choice| (probe, choice)));
    let mut printed: Vec<&str> = Vec::new();
    let mut table = String::new();
    for (_, choice) in all() {
        if !printed.contains(&choice.why) {
            printed.push(choice.why);
            let probes: Vec<&str> =
                all().filter(|(_, other)| other.why == choice.why).map(|(probe, _)| probe.name).collect();
            let with = match choice.when {
                When::Speaking(preset) => format!(" with --preset {}", preset.name()),
                _ => String::new(),
            };
            table += &rule(Grade::Choice, &format!("{}{with}", probes.join(", ")), choice.kinds, choice.why);
        }
    }
    for kind in Kind::ALL.iter().filter(|kind| kind.grade() == Grade::Fault) {
        if !printed.contains(&kind.why()) {
            printed.push(kind.why());
            let kinds: Vec<Kind> = Kind::ALL.iter().filter(|other| other.why() == kind.why()).copied().collect();
            table += &rule(Grade::Fault, "any probe", &kinds, kind.why());
        }
    }
    table
}

fn rule(grade: Grade, probes: &str, kinds: &[Kind], why: &str) -> String {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    let case = format!("  {:<8}{probes}: {}", grade.word(), kinds.join(", "));
    format!("{}\n{}\n", wrap(&case, 12), wrap(&format!("            {why}"), 12))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::presets::Preset;
    use crate::probe::probes::by_name;

    #[test]
    fn what_a_server_does_not_get_over_is_no_choice() {
        for probe in PROBES.iter().chain([&HAMMER]) {
            for kind in Kind::ALL {
                assert_eq!(grade(probe, *kind, false, &|_| true).0, kind.grade(), "{kind:?} under {}", probe.name);
            }
        }
    }

    #[test]
    fn a_choice_depends_on_the_probe_the_server_and_what_came_after() {
        let of =
            |probe, kind, again, holds: &dyn Fn(When) -> bool| grade(by_name(probe).unwrap(), kind, again, holds).0;
        let always = |when| when == When::Always;
        let few = |when| when == When::FewAtATime;
        let limited = |when| when == When::Limited;
        let http = |when| when == When::Speaking(Preset::Http);
        assert_eq!(of("polite", Kind::Ok, false, &always), Grade::Ok);
        assert_eq!(of("polite", Kind::Failed, false, &always), Grade::Unknown);
        assert_eq!(of("two-at-once", Kind::NoReply, true, &always), Grade::Choice);
        assert_eq!(of("two-at-once", Kind::NoReply, false, &always), Grade::Fault, "it does not serve again");
        assert_eq!(of("stranger", Kind::NoReply, true, &few), Grade::Choice);
        assert_eq!(of("stranger", Kind::NoReply, true, &always), Grade::Fault, "it serves many at a time");
        assert_eq!(of("stranger", Kind::Crossed, true, &few), Grade::Fault);
        assert_eq!(of("crowd", Kind::TurnedAway, true, &always), Grade::Choice);
        assert_eq!(of("stampede", Kind::TurnedAway, true, &limited), Grade::Choice);
        assert_eq!(of("stampede", Kind::TurnedAway, true, &always), Grade::Fault, "crowd shows no limit");
        assert_eq!(of("rude", Kind::TurnedAway, true, &limited), Grade::Fault);
        assert_eq!(of("half-close", Kind::ReplyLost, true, &http), Grade::Choice);
        assert_eq!(of("half-close", Kind::ReplyLost, true, &always), Grade::Fault);
        assert_eq!(of("never-reads", Kind::Grows, true, &http), Grade::Fault);
        assert_eq!(of("crowd", Kind::Died, false, &always), Grade::Fault);
    }
}
