//! The outcomes as JUnit's XML, which CI systems show: jenkinsci/xunit-plugin, junit-10.xsd.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::outcome::Outcome;
use crate::command::pages;
use crate::probe::kind::Grade;

/// A file for the outcomes. Its errors name it.
pub struct JUnit {
    path: PathBuf,
    file: File,
}

impl JUnit {
    /// Opens it and leaves what is in it: a check takes too long to find out at its end that it cannot be written. Fails
    /// where it is something else than a file: a pipe would be waited for, and a device has no contents to replace.
    pub fn open(path: &Path) -> io::Result<JUnit> {
        let named = named(path);
        if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Err(named(io::Error::other("it is no regular file, and a report replaces what is in one")));
        }
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(named)?;
        Ok(JUnit { path: path.into(), file })
    }

    /// Empties it, as a check begins: if that is interrupted, the last one's report must not be taken for its own.
    pub fn empty(&self) -> io::Result<()> {
        self.file.set_len(0).map_err(named(&self.path))
    }

    /// Writes the suite into the file, which is empty. `command` is what was checked.
    pub fn write(&self, command: &str, outcomes: &[Outcome]) -> io::Result<()> {
        (&self.file).write_all(suite(command, outcomes).as_bytes()).map_err(named(&self.path))
    }
}

fn named(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
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
    lines.extend(outcome.troubles());
    lines.extend(outcome.known.as_ref().map(|known| format!("known: {known}")));
    lines.extend(outcome.script().lines().map(String::from));
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
