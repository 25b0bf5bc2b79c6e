//! The outcomes as JUnit's XML, which CI systems show: jenkinsci/xunit-plugin, junit-10.xsd.

use std::fs::File;
use std::io::{self, Seek, Write};

use super::grades::Grade;
use super::outcome::Outcome;
use crate::command::pages;

/// Writes the suite into `file`, in place of what is in it. `command` is what was checked.
pub fn write(mut file: &File, command: &str, outcomes: &[Outcome]) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(suite(command, outcomes).as_bytes())
}

/// A test suite, a case for each probe. What makes the exit status 1 is a failure, and what could not be played an error.
fn suite(command: &str, outcomes: &[Outcome]) -> String {
    let number = |is_it: &dyn Fn(&&Outcome) -> bool| outcomes.iter().filter(is_it).count();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.report.took.as_secs_f64()).sum();
    let cases: String = outcomes.iter().map(case).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"close-call\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" time=\"{seconds:.3}\">\n\
         \x20 <properties>\n\
         \x20   <property name=\"command\" value=\"{}\"/>\n\
         \x20   <property name=\"close-call\" value=\"{}\"/>\n\
         \x20 </properties>\n{cases}</testsuite>\n",
        outcomes.len(),
        number(&|outcome| outcome.counts && !outcome.is_unplayed()),
        number(&|outcome| outcome.is_unplayed()),
        escaped(command),
        env!("CARGO_PKG_VERSION"),
    )
}

fn case(outcome: &Outcome) -> String {
    let details = escaped(&details(outcome));
    let kind = if outcome.is_unplayed() { "error" } else { "failure" };
    let message = outcome.difference().unwrap_or_else(|| outcome.why());
    let result = if outcome.is_unplayed() || outcome.counts {
        let (verdict, message) = (escaped(&outcome.cell()), escaped(&message));
        format!("    <{kind} type=\"{verdict}\" message=\"{message}\">{details}</{kind}>\n")
    } else {
        format!("    <system-out>{details}</system-out>\n")
    };
    let said = match outcome.said() {
        said if said.is_empty() => String::new(),
        said => format!("    <system-err>{}</system-err>\n", escaped(&said)),
    };
    format!(
        "  <testcase classname=\"close-call\" name=\"{}\" time=\"{:.3}\">\n{result}{said}  </testcase>\n",
        escaped(outcome.probe.name),
        outcome.report.took.as_secs_f64(),
    )
}

/// All that is known of an outcome, a line each.
fn details(outcome: &Outcome) -> String {
    let mut lines = vec![format!("verdict: {}", outcome.cell()), format!("why: {}", outcome.why())];
    if outcome.grade != Grade::Ok {
        lines.push(outcome.graded());
        lines.push(format!("page: {}", pages::in_words(outcome.page())));
    }
    lines.extend(outcome.known.as_ref().map(|known| format!("known: {known}")));
    lines.join("\n")
}

/// As XML 1.0 takes it, in text and in attributes. Characters that it does not allow at all are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' | '\t' => escaped.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_has_for_itself_is_escaped() {
        assert_eq!(escaped("a<b> & \"c\"\u{1b}[1m\u{0}é\n"), "a&lt;b&gt; &amp; &quot;c&quot;[1mé\n");
    }
}
