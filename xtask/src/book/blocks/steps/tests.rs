//! A recorded run to go through, call by call.

use crate::book::expand::expand;
use crate::source::project::Project;
use crate::tiny::Tiny;
use std::collections::BTreeSet;
use std::fs;

/// alice connects and leaves, and bob gets her number: in lines 5, 7 and 8 of a tiny program.
const TRACE: [&str; 9] = [
    "$ cargo run --bin 02-shut -- --trace=json",
    r#"{"at":5,"call":"socket","args":"","ret":"3","fds":{"3":"listening"}}"#,
    r#"{"who":"alice","call":"connect","args":"127.0.0.1:<alice>"}"#,
    r#"{"at":7,"call":"select","args":"[3], [], [3]","ret":"1","asked":{"r":[3],"w":[],"x":[3]},"said":{"r":[3],"w":[],"x":[]},"fds":{"3":"listening"}}"#,
    r#"{"at":8,"call":"accept","args":"3","ret":"4, 127.0.0.1:<alice>","fds":{"3":"listening","4":"127.0.0.1:<alice>"}}"#,
    r#"{"who":"server","says":"<hello> & welcome"}"#,
    r#"{"at":8,"call":"close","args":"4","ret":"0","fds":{"3":"listening"}}"#,
    r#"{"at":8,"call":"send","args":"4","err":"EBADF","fds":{"3":"listening"}}"#,
    r#"{"who":"server","ended":"exit status 1","verdict":"EBADF"}"#,
];

fn tiny(lines: &[&str]) -> Tiny {
    let tiny = Tiny::new();
    tiny.write("tests/snapshots/run.snap", &format!("---\nsource: x\n---\n{}\n", lines.join("\n")));
    tiny
}

fn expanded(tiny: &Tiny, directive: &str) -> Result<String, String> {
    let mut faults = Vec::new();
    let html = expand(&tiny.project(), "02-shut.md", directive, &mut faults);
    match faults.as_slice() {
        [] => Ok(html.trim().to_string()),
        [fault] => {
            let fault = fault.to_string();
            Err(fault.strip_prefix(&format!("book/src/02-shut.md:1: {directive}: ")).unwrap_or(&fault).to_string())
        }
        faults => panic!("{faults:?}"),
    }
}

fn figure(directive: &str) -> String {
    expanded(&tiny(&TRACE), directive).unwrap()
}

fn fault(lines: &[&str], directive: &str) -> String {
    expanded(&tiny(lines), directive).unwrap_err()
}

/// The row with this `id`.
fn row<'a>(html: &'a str, id: &str) -> &'a str {
    let start = html.find(&format!("<tr id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {html}"));
    &html[start..start + html[start..].find("</tr>").unwrap()]
}

#[test]
fn each_call_is_a_row_with_all_that_is_known_after_it() {
    let html = figure("{{#steps run}}");
    assert!(html.starts_with("<figure class=\"steps\" role=\"group\" aria-label=\"02-shut, call by call\">"));
    assert!(html.contains(
        "<p class=\"listing\"><a href=\"listings/02-shut.html#L4\">chapters/02-shut.rs</a>, lines 4 to 9</p>"
    ));
    assert!(
        html.contains(
            "<span data-line=\"4\" class=\"more\">fn main() {\n</span><span data-line=\"5\" class=\"called\">    let fd = open();\n\
             </span><span data-line=\"6\" class=\"more\">\n</span><span data-line=\"7\" class=\"called gap\">"
        )
    );
    let ids: Vec<&str> = html.split("<tr id=\"").skip(1).map(|row| row.split_once('"').unwrap().0).collect();
    assert_eq!(ids, ["step-02-socket", "step-02-select", "step-02-accept", "step-02-close", "step-02-send"]);
    let accept = row(&html, "step-02-accept");
    assert!(accept.contains("data-line=\"8\""), "{accept}");
    assert!(accept.contains(
        "scope=\"row\">3 of 5</th><td role=\"cell\"><code>:8 accept(3) = 4, alice</code></td>\
         <td role=\"cell\">open: <b class=\"other\">3 listener</b> <b class=\"who0\">4 alice</b></td>\
         <td role=\"cell\">select was asked: inputs <b>3</b>, outputs none<br>and said: readable <b class=\"other acts\">3 listener</b></td>"
    ));
    let send = row(&html, "step-02-send");
    assert!(
        send.contains(
            "<code class=\"bad\">:8 send(4) = -1 EBADF</code> <em class=\"bad\">4 was alice's, and is not open</em>"
        ),
        "{send}"
    );
    assert!(html.contains("<td role=\"cell\" colspan=\"4\">server: &lt;hello&gt; &amp; welcome</td>"));
    // The lanes are the same as on any page, with their words, and a cover beside them.
    assert!(
        html.contains("<figure class=\"lanes\">") && html.contains("<title id=\"in-02-steps-title\">Lanes of 02-shut<")
    );
    assert!(html.contains("class=\"rest\" x=\"") && html.contains("stroke=\"none\"/>\n</svg>"));
    // Markdown ends a block of HTML at a blank line.
    assert!(!html.lines().any(|line| line.trim().is_empty()));
}

#[test]
fn a_number_that_select_named_and_that_is_another_s_now() {
    let select = r#"{"at":7,"call":"select","args":"","ret":"1","asked":{"r":[4],"w":[4],"x":[4]},"said":{"r":[4],"w":[4],"x":[]},"fds":{"4":"127.0.0.1:<alice>"}}"#;
    let close = r#"{"at":8,"call":"close","args":"4","ret":"0","fds":{}}"#;
    let accept = r#"{"at":8,"call":"accept","args":"3","ret":"4","fds":{"4":"127.0.0.1:<bob>"}}"#;
    let html = expanded(&tiny(&[TRACE[0], select, close, accept]), "{{#steps run}}").unwrap();
    let alice = |class: &str, now: &str| format!("<b class=\"who0{class}\">4 alice</b> <em class=\"bad\">{now}</em>");
    let close = row(&html, "step-02-close");
    assert!(close.contains(&format!("writable {}", alice(" old", "closed"))), "{close}");
    assert!(close.contains(">open: none</td>"), "{close}");
    assert!(row(&html, "step-02-accept").contains(&format!("writable {}", alice(" old", "now bob"))));
}

#[test]
fn a_part_and_its_names() {
    let html = figure("{{#steps run from=\"\\\"accept\" to=\"\\\"close\"}}");
    assert_eq!(html.matches("<tr id=").count(), 2);
    assert!(row(&html, "step-02-accept").contains(">1 of 2<"));
    let again = [TRACE[0], TRACE[1], TRACE[3], TRACE[4], TRACE[4], TRACE[4]];
    let html = expanded(&tiny(&again), "{{#steps run}}").unwrap();
    row(&html, "step-02-accept");
    row(&html, "step-02-accept-2");
    row(&html, "step-02-accept-3");
}

const USAGE: &str = "{{#steps NAME}} or {{#steps NAME from=\"TEXT\" to=\"TEXT\"}}, and for each question at=\"CALL\" \
                     ask=\"TEXT\" or=\"ANSWER\" or=\"ANSWER\" why=\"TEXT\"";

const ASK: &str = "ask=\"What?\" or=\"= 0: sent\" or=\"= -1 EBADF: not open\" why=\"4 <is> closed.\"";

#[test]
fn the_right_answer_is_what_happened() {
    let html = figure(&format!("{{{{#steps run at=\"send\" {ASK}}}}}"));
    let at = html.find("<tr class=\"ask\"").unwrap();
    let ask = &html[at..at + html[at..].find("</tr>").unwrap()];
    assert!(
        ask.contains(
            "<p>What?</p><ul><li><code>= 0</code>: sent</li><li data-right><code>= -1 EBADF</code>: not open</li></ul>"
        ),
        "{ask}"
    );
    assert!(ask.contains("<p><code>send(4) = -1 EBADF</code></p><p>4 &lt;is&gt; closed.</p></details>"), "{ask}");
    assert!(at < html.find("<tr id=\"step-02-send\"").unwrap() && at > html.find("<tr id=\"step-02-close\"").unwrap());
    assert!(ask.contains("data-line=\"8\""));
}

#[test]
fn asked_for_the_call_its_line_is_not_told() {
    let html = figure("{{#steps run at=\"select\" ask=\"What?\" or=\"select\" or=\"poll\" why=\"So.\"}}");
    // That of the call before.
    assert!(html.contains("<tr class=\"ask\" data-line=\"5\""), "{html}");
}

#[test]
fn two_questions_are_asked_where_they_belong() {
    let first = "at=\"accept\" ask=\"Who?\" or=\"alice\" or=\"bob\" why=\"She has.\"";
    let html = figure(&format!("{{{{#steps run {first} at=\"send\" {ASK}}}}}"));
    let places = ["<p>Who?</p>", "<tr id=\"step-02-accept\"", "<p>What?</p>", "<tr id=\"step-02-send\""];
    let places = places.map(|text| html.find(text).unwrap());
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_lines_that_open_the_blocks_around_a_call_are_not_folded() {
    let tiny = tiny(&TRACE[..4]);
    let program = "//! Opens.\n\nfn main() {\n    prepare();\n    open();\n    loop {\n        select();\n        rest();\n    }\n}\n";
    tiny.write("chapters/02-shut.rs", program);
    let html = expanded(&tiny, "{{#steps run}}").unwrap();
    let class = |line: usize| {
        let (_, rest) = html.split_once(&format!("data-line=\"{line}\"")).unwrap();
        rest.split_once('>').unwrap().0.trim().to_string()
    };
    let classes = [3, 4, 5, 6, 7, 8].map(class);
    let [more, called] = ["class=\"more\"", "class=\"called\""];
    assert_eq!(classes, [more, more, called, "", called, more]);
}

#[test]
fn questions_that_are_not() {
    let all = "a question has one at=\"…\", one ask=\"…\", two to four or=\"…\" and one why=\"…\"";
    let run = "tests/snapshots/run.snap: ";
    for (options, expected) in [
        (format!("at=\"lost\" {ASK}"), format!("{run}there is no step `lost` in this stretch")),
        (
            format!("at=\"close\" {}", ASK.replace("= 0", "= 1")),
            format!("{run}no answer is right: the call is close(4) = 0"),
        ),
        (
            format!("at=\"send\" {}", ASK.replace("= 0", "send")),
            format!("{run}2 answers are right: the call is send(4) = -1 EBADF"),
        ),
        (ASK.to_string(), all.to_string()),
        (format!("at=\"send\" at=\"send\" {ASK}"), all.to_string()),
        (format!("at=\"send\" {}", ASK.replace("What?", "")), all.to_string()),
        (
            "at=\"send\" ask=\"What?\" or=\"= 0\" why=\"So.\"".to_string(),
            "1 answers to choose from, not two to four".to_string(),
        ),
        ("hint=\"x\"".to_string(), format!("hint=\"x\" is not known here; write {USAGE}")),
    ] {
        assert_eq!(fault(&TRACE, &format!("{{{{#steps run {options}}}}}")), expected);
    }
}

#[test]
fn what_cannot_be_gone_through() {
    let run = "tests/snapshots/run.snap";
    assert_eq!(fault(&TRACE, "{{#steps lost}}"), "tests/snapshots/lost.snap: No such file or directory (os error 2)");
    assert_eq!(fault(&TRACE, "{{#steps}}"), format!("write {USAGE}"));
    assert_eq!(fault(&TRACE, "{{#steps run from=\"lost\" to=\"ended\"}}"), format!("no line of {run} contains `lost`"));
    assert_eq!(
        fault(&TRACE, "{{#steps run from=\"ended\" to=\"ended\"}}"),
        format!("{run}: no call is in this stretch")
    );
    let no_command = format!("{run}: it does not begin with the command that runs a chapter");
    assert_eq!(fault(&TRACE[1..], "{{#steps run}}"), no_command);
    assert_eq!(fault(&["$ cargo run --bin lost", TRACE[1]], "{{#steps run}}"), no_command);
    let beyond = TRACE[1].replace("\"at\":5", "\"at\":50");
    assert_eq!(
        fault(&[TRACE[0], &beyond], "{{#steps run}}"),
        format!("{run}: a call is made in line 50, and the program has 9 lines")
    );
    let many: Vec<&str> = [TRACE[0]].into_iter().chain([TRACE[1]; 61]).collect();
    assert_eq!(
        fault(&many, "{{#steps run}}"),
        format!("{run}: 61 calls in this stretch, where 60 fit; from and to shorten it")
    );
}

#[test]
fn a_link_to_a_step_that_is_not_there() {
    let tiny = tiny(&TRACE);
    tiny.append("book/src/02-shut.md", "\n{{#steps run}}\n\n[here](#step-02-send) [nowhere](#step-02-send-2)\n");
    assert_eq!(
        tiny.faults(),
        ["book/src/02-shut.md: link to #step-02-send-2: there is no #step-02-send-2 in 02-shut.html"]
    );
}

#[test]
fn the_same_trace_gives_the_same_bytes_and_another_gives_others() {
    let directive = format!("{{{{#steps run at=\"send\" {ASK}}}}}");
    assert_eq!(figure(&directive), figure(&directive));
    let mut lines = TRACE;
    lines[7] = r#"{"at":8,"call":"send","args":"4","ret":"0","fds":{"3":"listening"}}"#;
    assert_ne!(expanded(&tiny(&lines), &directive).unwrap(), figure(&directive));
}

/// What was promised of the pages of this book.
#[test]
fn the_pages_that_step_are_small() {
    let project = Project::here();
    let mut stepping = 0;
    for chapter in &project.chapters {
        let page = format!("{}.md", chapter.name);
        let text = project.read(&format!("book/src/{page}")).unwrap();
        for line in text.lines().filter(|line| line.starts_with("{{#steps ")) {
            let mut faults = Vec::new();
            let figure = expand(&project, &page, line, &mut faults);
            assert_eq!(faults, []);
            assert!(figure.len() <= 60 * 1024, "{page}: {} bytes", figure.len());
            let ids: Vec<&str> = figure.split(" id=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
            assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{page}: {ids:?}");
            assert!(figure.contains("class=\"ask\""), "{page} asks before the call that matters");
            stepping += 1;
        }
    }
    assert!(stepping >= 4, "{stepping} pages step");
}

/// The limits that lanes and steps were given, together.
#[test]
fn their_script_and_their_style_are_small() {
    let project = Project::here();
    for (files, most) in [(&["steps.js"][..], 8 * 1024), (&["lanes.css", "steps.css"], 4 * 1024)] {
        let sizes = files.iter().map(|file| fs::metadata(project.root.join("book/theme").join(file)).unwrap().len());
        let size: u64 = sizes.sum();
        assert!(size <= most, "{files:?} have {size} bytes, where {most} are allowed");
    }
}
