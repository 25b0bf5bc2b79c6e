//! Directives in a page: where they may be, what is not understood, what stays.

use super::*;
use crate::tiny::{Tiny, expanded, fault};

#[test]
fn a_directive_inside_html_a_list_and_a_quotation() {
    let tiny = Tiny::new();
    tiny.write("tests/snapshots/x.snap", "---\nsource: y\n---\n  one\n\n    two\n");
    let saying = |text: &str| {
        tiny.write("book/src/02-shut.md", &format!("# 2. Shut\n\nThe page.\n\n{text}\n"));
        tiny.shown()
    };
    let block = "<pre class=\"transcript\"><code class=\"nohighlight\"><span style=\"--indent:2ch\">  one</span>\n<span></span>\n\
                 <span style=\"--indent:4ch\">    two</span>\n</code></pre>\n";
    let directive = "{{#snapshot x}}";
    assert_eq!(saying(&format!("<details>\n{directive}\n</details>")), format!("<details>\n{block}\n</details>"));
    assert_eq!(
        saying(&format!("- one\n\n  {directive}\n- two")),
        format!("<ul>\n<li>\n<p>one</p>\n{block}\n</li>\n<li>\n<p>two</p>\n</li>\n</ul>")
    );
    assert_eq!(saying(&format!("> one\n> {directive}")), format!("<blockquote>\n<p>one</p>\n{block}\n</blockquote>"));
}

#[test]
fn a_backslash_leaves_a_directive_as_it_is() {
    let text = "`\\{{#code x}}` and \\{{#include y}} {{#z}}, and `\\{{#include y}}`";
    assert_eq!(expanded(text), text);
    assert_eq!(
        Tiny::saying("Write `\\{{#code x}}`.\n\n    \\{{#include y}}").shown(),
        "<p>Write <code>{{#code x}}</code>.</p>\n<pre><code>{{#include y}}\n</code></pre>"
    );
}

#[test]
fn directives_that_are_not_understood() {
    let no_such = "there is no such directive; ours are snapshot, lanes, figure, steps, code, diff, listing, probe, \
                   scoreboard, progress, costs, mdBook's include, rustdoc_include, \
                   playground, playpen, title";
    let figures = "write {{#figure KIND NAME}}, for queue with several names; KIND is one of sequence, tables, select, \
                   lists, ids, queue";
    let together = "from and to go together, once each, and neither is empty";
    for (directive, what) in [
        ("{{#snapshoot x}}", no_such),
        ("{{#}}", no_such),
        ("{{ #code }}", "write {{#code PATH}} or {{#code PATH from=\"TEXT\" to=\"TEXT\"}}"),
        ("{{#snapshot a b}}", "write {{#snapshot NAME}} or {{#snapshot NAME from=\"TEXT\" to=\"TEXT\"}}"),
        ("{{#lanes a b}}", "write {{#lanes NAME}} or {{#lanes NAME from=\"TEXT\" to=\"TEXT\"}}"),
        ("{{#figure tables}}", figures),
        ("{{#figure graph a}}", figures),
        ("{{#diff a}}", "write {{#diff A B}}"),
        ("{{#diff a b from=\"c\" to=\"d\"}}", "from=\"c\" is not known here; write {{#diff A B}}"),
        ("{{#listing}}", "write {{#listing NAME}}"),
        ("{{#scoreboard x}}", "write {{#scoreboard}}"),
        ("{{#code a from=\"b\"}}", together),
        ("{{#code a from=\"b\" to=\"\"}}", together),
        (
            "{{#code a form=\"b\"}}",
            "form=\"b\" is not known here; write {{#code PATH}} or {{#code PATH from=\"TEXT\" to=\"TEXT\"}}",
        ),
        ("{{#code a from=\"b\" to=\"b\" to=\"b\"}}", together),
        ("{{#code a from=\"b\"to=\"c\"}}", together),
        ("{{#code it's}}", "a quote is not closed"),
        ("{{#code a from=\"b}}", "its braces do not close on the same line"),
        ("{{#code a", "its braces do not close on the same line"),
        ("{{#include a", "its braces do not close on the same line"),
    ] {
        assert_eq!(fault(directive), what);
    }
}

#[test]
fn directives_in_the_wrong_place() {
    let mut faults = Vec::new();
    let text = "see {{#snapshot 02-shut}}\n{{#diff 01-open 02-shut}} see\n\n`{{#listing 01-open}}`\n\n```\n{{#include x}}\n```\n";
    expand(&Tiny::new().project(), "x.md", text, &mut faults);
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "book/src/x.md:1: {{#snapshot 02-shut}}: it must be alone on its line",
            "book/src/x.md:2: {{#diff 01-open 02-shut}}: it must be alone on its line",
            "book/src/x.md:4: {{#listing 01-open}}: it is inside code; {{#code PATH}} shows a file, a backslash before it leaves it as it is",
            "book/src/x.md:7: {{#include x}}: it is inside code; {{#code PATH}} shows a file, a backslash before it leaves it as it is",
        ]
    );
}
