//! An outcome as a line of JSON.

use super::causes;
use super::outcome::Outcome;
use crate::net::json::string;
use crate::probe::clients::Trouble;
use crate::probe::target::Afterwards;

/// One object. Its keys stay; new ones come at the end.
pub fn line(outcome: &Outcome) -> String {
    let served_again = match outcome.report.afterwards {
        Afterwards::NotAsked => "null",
        Afterwards::Serves => "true",
        Afterwards::ServesNobody | Afterwards::Dead(_) => "false",
    };
    let known = outcome.known.as_ref().map_or("null".into(), |known| string(known).to_string());
    let troubles = &outcome.report.troubles;
    let printed = troubles.iter().find_map(|trouble| match trouble {
        Trouble::Printed { line, times, .. } => Some((&line[..], *times)),
        Trouble::ThreadEnded(_) => None,
    });
    let ended = troubles.iter().find_map(|trouble| match trouble {
        Trouble::ThreadEnded(name) => Some(&name[..]),
        Trouble::Printed { .. } => None,
    });
    let (printed, times) = printed.unwrap_or(("", 0));
    let cause = causes::cause_of(outcome).map_or("", |cause| cause.why);
    format!(
        r#"{{"probe":{},"sound":{},"verdict":{},"why":{},"said":{},"page":{},"grade":{},"reason":{},"served_again":{served_again},"known":{known},"duration":{:.3},"printed":{},"printed_times":{times},"thread_ended":{},"cause":{},"script":{}}}"#,
        string(outcome.probe.name),
        outcome.cell() == "ok",
        string(&outcome.cell()),
        string(&outcome.why()),
        string(&outcome.said()),
        string(outcome.page()),
        string(outcome.grade.word()),
        string(outcome.reason),
        outcome.report.took.as_secs_f64(),
        string(printed),
        string(ended.unwrap_or("")),
        string(cause),
        string(outcome.script()),
    )
}
