//! mdBook's own directives.

use crate::tiny::Tiny;

fn faults(text: &str) -> Vec<String> {
    let tiny = Tiny::saying(text);
    tiny.write("book/src/part.txt", "one\n// ANCHOR: here\ntwo\n// ANCHOR_END: here\nthree\n// ANCHOR: open\n");
    tiny.write("book/src/deep/nested.txt", "{{#include ../part.txt:gone}}\n");
    tiny.write("book/src/ours.txt", "{{#code chapters/01-open.rs}}\n");
    tiny.write("book/src/round.txt", "{{#include round.txt}}\n");
    tiny.faults()
}

#[test]
fn includes_that_are_there() {
    let text = "\
{{#include part.txt}} {{#include part.txt:here}} {{#include part.txt:2}} {{#include part.txt:2:3}}
{{#include part.txt::3}} {{#include part.txt:2:}} {{ #include ../../chapters/01-open.rs }} {{#title A title}}
{{#rustdoc_include part.txt:here}}";
    assert_eq!(faults(text), [""; 0]);
}

#[test]
fn includes_that_are_not() {
    for (directive, what) in [
        ("{{#include none.txt}}", "none.txt: No such file or directory (os error 2)"),
        ("{{#playground none.rs editable}}", "none.rs: No such file or directory (os error 2)"),
        ("{{#include part.txt:gone}}", "part.txt has no `ANCHOR: gone`"),
        ("{{#rustdoc_include part.txt:gone}}", "part.txt has no `ANCHOR: gone`"),
        ("{{#include part.txt:open}}", "part.txt has no `ANCHOR_END: open`"),
        ("{{#include part.txt:7}}", "part.txt has no line 7; it has 6"),
        ("{{#include part.txt:0}}", "part.txt has no line 0; it has 6"),
        ("{{#include part.txt::7}}", "part.txt has no line 7; it has 6"),
        ("{{#include part.txt:2:7}}", "part.txt has no lines 2 to 7; it has 6"),
        ("{{#include part.txt:3:2}}", "part.txt has no lines 3 to 2; it has 6"),
        ("{{#include }}", "it names no file"),
        (
            "{{#include deep/nested.txt}}",
            "in deep/nested.txt, {{#include ../part.txt:gone}}: ../part.txt has no `ANCHOR: gone`",
        ),
        (
            "{{#include ours.txt}}",
            "in ours.txt, {{#code chapters/01-open.rs}}: only mdBook's own directives work in a file that is included",
        ),
    ] {
        assert_eq!(faults(directive), [format!("book/src/02-shut.md:5: {directive}: {what}")]);
    }
}

#[test]
fn an_include_of_itself() {
    let faults = faults("{{#include round.txt}}");
    assert!(faults.len() == 1 && faults[0].ends_with(": it includes itself"), "{faults:?}");
}
