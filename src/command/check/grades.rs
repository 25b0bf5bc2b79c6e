//! What a verdict is worth: `ok`, a choice that a server may make, or a fault. All of it is in one table.

use crate::net::columns::wrap;

/// What a verdict is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The server did what a sound server does.
    Ok,
    /// It did not, and it may: a limit, or a way to serve, that was chosen.
    Choice,
    /// It did not, and it should.
    Fault,
    /// The probe could not do its part, and says nothing about the server.
    Unknown,
}

impl Grade {
    /// As it is printed.
    pub fn word(self) -> &'static str {
        match self {
            Grade::Ok => "ok",
            Grade::Choice => "choice",
            Grade::Fault => "fault",
            Grade::Unknown => "unknown",
        }
    }
}

/// A line of the table.
struct Rule {
    /// The probes for which it holds; none: all of them.
    probes: &'static [&'static str],
    /// The verdicts for which it holds.
    verdicts: &'static [&'static str],
    /// The preset with which it holds, if not with all.
    preset: Option<&'static str>,
    /// It holds for a server that serves one client at a time, as two-at-once shows.
    one_at_a_time: bool,
    grade: Grade,
    /// Why, in a line.
    why: &'static str,
}

const WAITS: &[&str] = &["no reply", "no greeting", "refused"];

const fn choice(probes: &'static [&'static str], verdicts: &'static [&'static str], why: &'static str) -> Rule {
    Rule { probes, verdicts, preset: None, one_at_a_time: false, grade: Grade::Choice, why }
}

const fn fault(verdicts: &'static [&'static str], why: &'static str) -> Rule {
    Rule { probes: &[], verdicts, preset: None, one_at_a_time: false, grade: Grade::Fault, why }
}

/// The table. The first line that fits counts, and a choice only for a server that serves again afterwards.
const RULES: &[Rule] = &[
    choice(&["two-at-once"], WAITS, "it serves one client at a time, or a few, and the next one waits"),
    Rule {
        one_at_a_time: true,
        ..choice(
            &["urgent", "stranger", "stampede", "never-reads", "out-of-descriptors", "crowd"],
            WAITS,
            "it serves one client at a time, as two-at-once shows",
        )
    },
    choice(
        &["crowd"],
        &["turned away", "refused", "no reply", "no greeting"],
        "it serves so many clients at a time, and no more",
    ),
    Rule {
        preset: Some("http"),
        ..choice(
            &["half-close"],
            &["reply lost"],
            "many HTTP servers take a client that has ended for one that has gone",
        )
    },
    Rule {
        preset: Some("redis"),
        ..choice(&["never-reads"], &["grows"], "redis documents it: normal clients have no client-output-buffer-limit")
    },
    fault(&["died"], "what a few clients do ends it for all"),
    fault(&["worker died"], "what a few clients do ends it for those whom the worker served"),
    fault(&["goes on"], "it was told to stop, and has not"),
    fault(&["stopped"], "it stopped itself, and serves nobody"),
    fault(&["spins"], "it works without rest, and has nothing to do"),
    fault(&["grows"], "a client can make it hold as much memory as the client likes"),
    fault(&["crossed"], "a client got what was meant for another"),
    fault(&["closed on"], "it closed the connection of a client that had done nothing wrong"),
    fault(&["no reply", "no greeting"], "a client waits for it, and it does nothing"),
    fault(&["reply lost", "cut short", "wrong reply"], "a client did not get the reply that was due to it"),
    fault(&["left unread"], "a client waits until it has received the rest, and it does nothing"),
    fault(&["no end"], "it keeps a connection whose client waits for its end"),
    fault(&["turned away", "refused"], "a client did not get in"),
];

/// What a verdict of that kind is worth, and why, in a line. `served_again` is whether the server did afterwards, and
/// `one_at_a_time` is asked only where it matters.
pub fn grade(
    probe: &str,
    kind: &str,
    preset: Option<&str>,
    served_again: bool,
    one_at_a_time: &dyn Fn() -> bool,
) -> (Grade, &'static str) {
    match kind {
        "ok" => return (Grade::Ok, ""),
        "failed" | "no server" | "not spoken" => return (Grade::Unknown, "it says nothing about the server"),
        _ => {}
    }
    let fits = |rule: &&Rule| {
        (rule.probes.is_empty() || rule.probes.contains(&probe))
            && rule.verdicts.contains(&kind)
            && (rule.preset.is_none() || rule.preset == preset)
            && (rule.grade != Grade::Choice || served_again)
            && (!rule.one_at_a_time || one_at_a_time())
    };
    RULES.iter().find(fits).map_or((Grade::Fault, "it fell short"), |rule| (rule.grade, rule.why))
}

/// The table, as it is printed.
pub fn table() -> String {
    let lines = RULES.iter().map(|rule| {
        let probes = if rule.probes.is_empty() { "any probe".into() } else { rule.probes.join(", ") };
        let preset = rule.preset.map_or(String::new(), |preset| format!(" with --preset {preset}"));
        let case = format!("  {:<8}{probes}{preset}: {}", rule.grade.word(), rule.verdicts.join(", "));
        format!("{}\n{}\n", wrap(&case, 12), wrap(&format!("            {}", rule.why), 12))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::super::protocols::PRESETS;
    use super::*;
    use crate::probe::probes::{HAMMER, PROBES};
    use crate::probe::verdict::KINDS;

    #[test]
    fn every_verdict_has_a_grade_from_the_table() {
        for kind in KINDS.iter().filter(|kind| !["ok", "failed", "no server", "not spoken"].contains(kind)) {
            for probe in PROBES.iter().chain([&HAMMER]) {
                let (grade, why) = grade(probe.name, kind, None, false, &|| true);
                assert_eq!(grade, Grade::Fault, "{kind} under {}", probe.name);
                assert_ne!(why, "it fell short", "{kind}");
            }
        }
    }

    #[test]
    fn every_name_in_the_table_is_one() {
        for rule in RULES {
            assert!(rule.probes.iter().all(|name| PROBES.iter().any(|probe| probe.name == *name)), "{:?}", rule.probes);
            assert!(rule.verdicts.iter().all(|kind| KINDS.contains(kind)), "{:?}", rule.verdicts);
            assert!(rule.preset.is_none_or(|name| PRESETS.iter().any(|preset| preset.name == name)));
            assert!(rule.grade == Grade::Choice || rule.grade == Grade::Fault);
        }
    }

    #[test]
    fn a_choice_depends_on_the_probe_the_preset_and_what_came_after() {
        let of = |probe, kind, preset, again, one: bool| grade(probe, kind, preset, again, &|| one).0;
        assert_eq!(of("polite", "ok", None, false, false), Grade::Ok);
        assert_eq!(of("polite", "failed", None, false, false), Grade::Unknown);
        assert_eq!(of("two-at-once", "no reply", None, true, false), Grade::Choice);
        assert_eq!(of("two-at-once", "no reply", None, false, false), Grade::Fault, "it does not serve again");
        assert_eq!(of("stranger", "no reply", None, true, true), Grade::Choice);
        assert_eq!(of("stranger", "no reply", None, true, false), Grade::Fault, "it serves many at a time");
        assert_eq!(of("stranger", "crossed", None, true, true), Grade::Fault);
        assert_eq!(of("crowd", "turned away", None, true, false), Grade::Choice);
        assert_eq!(of("rude", "turned away", None, true, false), Grade::Fault);
        assert_eq!(of("half-close", "reply lost", Some("http"), true, false), Grade::Choice);
        assert_eq!(of("half-close", "reply lost", Some("redis"), true, false), Grade::Fault);
        assert_eq!(of("half-close", "reply lost", None, true, false), Grade::Fault);
        assert_eq!(of("never-reads", "grows", Some("redis"), true, false), Grade::Choice);
        assert_eq!(of("crowd", "died", Some("http"), false, true), Grade::Fault);
    }
}
