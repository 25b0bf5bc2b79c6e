//! Our own directives.

use crate::book::expand::expand;
use crate::book::preprocessor;
use crate::tiny::Tiny;
use mdbook_preprocessor::PreprocessorContext;
use mdbook_preprocessor::book::{Book, Chapter};
use mdbook_preprocessor::config::Config;

/// What a text becomes in a page of a tiny project.
fn expanded_in(tiny: &Tiny, page: &str, text: &str) -> String {
    let mut faults = Vec::new();
    let expanded = expand(&tiny.project(), page, text, &mut faults);
    assert_eq!(faults, []);
    expanded
}

fn expanded(text: &str) -> String {
    expanded_in(&Tiny::new(), "02-shut.md", text)
}

/// The lines of a transcript as they are written in HTML.
fn text_of(transcript: &str) -> String {
    let (_, code) = transcript.split_once("<code class=\"nohighlight\">").unwrap();
    code.split_once("</code>").unwrap().0.replace("<span>", "").replace("</span>", "")
}

/// What is wrong with a directive in line 2 of a page.
fn fault_in(tiny: &Tiny, directive: &str) -> String {
    let mut faults = Vec::new();
    let text = format!("first\n{directive}\nlast\n");
    let expanded = expand(&tiny.project(), "02-shut.md", &text, &mut faults);
    assert!(!expanded.contains(directive), "a directive at fault is left out: {expanded}");
    let [fault] = faults.as_slice() else { panic!("one fault, not {faults:?}") };
    let fault = fault.to_string();
    fault.strip_prefix(&format!("book/src/02-shut.md:2: {directive}: ")).unwrap_or(&fault).to_string()
}

pub fn fault(directive: &str) -> String {
    fault_in(&Tiny::new(), directive)
}

#[test]
fn a_snapshot() {
    assert_eq!(
        expanded("before\n{{#snapshot 02-shut}}\nafter\n"),
        "before\n\n<pre class=\"transcript\" id=\"under-leaves\"><code class=\"nohighlight\"><span>listening</span>\n\
         <span style=\"--indent:2ch\">  alice: hello</span>\n<span>closed</span>\n</code></pre>\n\n\nafter\n"
    );
}

#[test]
fn a_part_of_a_snapshot() {
    let tiny = Tiny::new();
    tiny.write("tests/snapshots/x.snap", "---\nsource: y\n---\na 1\nb 1\na 2\nb 2\n");
    for (texts, shown) in
        [("from=\"a\" to=\"b\"", "a 1\nb 1\n"), ("from=\"b\" to=\"b\"", "b 1\n"), ("from=\"b\" to=\"a\"", "b 1\na 2\n")]
    {
        let expanded = expanded_in(&tiny, "x.md", &format!("{{{{#snapshot x {texts}}}}}"));
        assert_eq!(text_of(&expanded), shown);
    }
}

#[test]
fn a_snapshot_as_it_is_stored() {
    let tiny = Tiny::new();
    tiny.write("tests/snapshots/a b@c.snap", "---\nsource: y\n---\n\n---\n````\n<b>  \n# x\n\n");
    assert_eq!(text_of(&expanded_in(&tiny, "x.md", "{{#snapshot \"a b@c\"}}")), "\n---\n````\n&lt;b&gt;  \n# x\n\n");
}

#[test]
fn snapshots_that_are_not_there() {
    assert_eq!(fault("{{#snapshot x}}"), "tests/snapshots/x.snap: No such file or directory (os error 2)");
    assert_eq!(
        fault("{{#snapshot 02-shut from=\"lost\" to=\"closed\"}}"),
        "no line of tests/snapshots/02-shut.snap contains `lost`"
    );
    assert_eq!(
        fault("{{#snapshot 02-shut from=\"alice\" to=\"listening\"}}"),
        "no line of tests/snapshots/02-shut.snap from line 5 on contains `listening`"
    );
    let tiny = Tiny::new();
    tiny.write("tests/snapshots/bare.snap", "listening\n");
    assert_eq!(
        fault_in(&tiny, "{{#snapshot bare}}"),
        "tests/snapshots/bare.snap does not begin with insta's front matter, a part between two lines of `---`"
    );
    tiny.write("tests/snapshots/empty.snap", "---\nsource: y\n---\n\n");
    assert_eq!(fault_in(&tiny, "{{#snapshot empty}}"), "tests/snapshots/empty.snap has nothing to show");
}

#[test]
fn a_whole_file() {
    assert_eq!(
        expanded("{{#code chapters/01-open.rs}}"),
        "\n<p class=\"listing\"><a href=\"listings/01-open.html\">chapters/01-open.rs</a></p>\n\n```rust,ignore\n\
         //! Opens.\n\nfn main() {\n    let fd = open();\n\n    look(fd);\n}\n```\n\n"
    );
    assert!(
        expanded("{{#code Cargo.toml}}").starts_with("\n<p class=\"listing\">Cargo.toml</p>\n\n```toml\n[[bin]]\n")
    );
}

#[test]
fn a_part_of_a_file() {
    let caption = "<p class=\"listing\"><a href=\"../listings/01-open.html#L4\">chapters/01-open.rs</a>";
    assert_eq!(
        expanded_in(&Tiny::new(), "deep/x.md", "{{#code chapters/01-open.rs from=\"let fd\" to=\"look\"}}"),
        format!("\n{caption}, lines 4 to 6</p>\n\n```rust,ignore\nlet fd = open();\n\nlook(fd);\n```\n\n")
    );
    assert_eq!(
        expanded_in(&Tiny::new(), "deep/x.md", "{{#code chapters/01-open.rs from=\"let fd\" to=\"let\"}}"),
        format!("\n{caption}, line 4</p>\n\n```rust,ignore\nlet fd = open();\n```\n\n")
    );
}

#[test]
fn quotes_and_braces_in_texts() {
    let tiny = Tiny::new();
    tiny.write("a.py", "if x:\n\tprint(\"{}\\n\")\n\n\t}}\n");
    assert_eq!(
        expanded_in(&tiny, "x.md", "{{#code a.py from=\"\\\"{}\\\\n\" to=\"}}\"}}"),
        "\n<p class=\"listing\">a.py, lines 2 to 4</p>\n\n```python\nprint(\"{}\\n\")\n\n}}\n```\n\n"
    );
}

#[test]
fn code_that_is_not_there() {
    assert_eq!(fault("{{#code lost.rs}}"), "lost.rs: No such file or directory (os error 2)");
    assert_eq!(
        fault("{{#code chapters/01-open.rs from=\"lost\" to=\"}\"}}"),
        "no line of chapters/01-open.rs contains `lost`"
    );
    assert_eq!(
        fault("{{#code chapters/01-open.rs from=\"look\" to=\"open\"}}"),
        "no line of chapters/01-open.rs from line 6 on contains `open`"
    );
    assert_eq!(
        fault("{{#code chapters/01-open.rs from=\"fd\" to=\"}\"}}"),
        "2 lines of chapters/01-open.rs contain `fd`; only one may"
    );
}

#[test]
fn rust_is_shown_as_it_is() {
    let tiny = Tiny::saying("{{#code x.rs}}");
    tiny.write("x.rs", "#![allow(x)]\n# one\n## two\n  #\nlast\n");
    // No line is hidden, none is added, and there is nothing to play with.
    assert_eq!(
        tiny.shown(),
        "<p class=\"listing\">x.rs</p>\n\n<pre><code class=\"language-rust ignore\">\
         #![allow(x)]\n# one\n## two\n  #\nlast</code></pre>"
    );
}

#[test]
fn a_difference() {
    let caption = "<p class=\"listing\">from <a href=\"listings/01-open.html\">chapters/01-open.rs</a> \
                   to <a href=\"listings/02-shut.html\">chapters/02-shut.rs</a></p>";
    let lines = "@@ line 6 @@\n \n     look(fd);\n+    shut(fd);\n }\n";
    let lines = lines.replacen("line 6 @@\n", "line 5 @@\n     let fd = open();\n", 1);
    let shown = format!("\n{caption}\n\n```diff\n{lines}```\n\n");
    assert_eq!(expanded("{{#diff 01-open 02-shut}}"), shown);
    assert_eq!(expanded("{{#diff chapters/01-open.rs 02-shut}}"), shown);
}

#[test]
fn a_difference_in_two_places() {
    let tiny = Tiny::new();
    tiny.write("x/a.rs", "//! a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    tiny.write("x/b.rs", "//! b\n//! b\none\n2\n3\n4\n5\n6\n7\n8\n");
    let shown = expanded_in(&tiny, "x.md", "{{#diff x/a.rs x/b.rs}}");
    let (_, lines) = shown.split_once("```diff\n").unwrap();
    assert_eq!(lines, "@@ line 3 @@\n-1\n+one\n 2\n 3\n 4\n@@ line 8 @@\n 6\n 7\n 8\n-9\n```\n\n");
}

#[test]
fn no_difference() {
    let tiny = Tiny::new();
    tiny.write("chapters/03-same.rs", &tiny.read("chapters/02-shut.rs").replace("//! ", "//! Again: "));
    assert_eq!(
        fault_in(&tiny, "{{#diff 02-shut 03-same}}"),
        "chapters/02-shut.rs and chapters/03-same.rs differ in nothing, except perhaps in their first comment"
    );
    assert_eq!(fault("{{#diff 01-open lost}}"), "chapters/lost.rs: No such file or directory (os error 2)");
}

#[test]
fn a_listing() {
    let tiny = Tiny::saying("{{#listing 03-x}}");
    tiny.write("chapters/03-x.rs", "# a\n\nb < c\n");
    tiny.write("book/src/03-x.md", "# 3. X\n");
    tiny.write("book/src/listings/03-x.md", "{{#listing 03-x}}\n");
    tiny.append("book/src/SUMMARY.md", "- [3. X](03-x.md)\n- [X](listings/03-x.md)\n");
    let tiny = Tiny { chapters: vec![("01-open", None), ("02-shut", None), ("03-x", None)], ..tiny };
    assert_eq!(
        tiny.shown(),
        "<p class=\"listing\">chapters/03-x.rs, 3 lines</p>\n\n\
         <pre class=\"numbered\"><code class=\"language-rust ignore\">\
         <span id=\"L1\" data-line=\"1\"># a\n</span><span id=\"L2\" data-line=\"2\">\n</span>\
         <span id=\"L3\" data-line=\"3\">b &lt; c\n</span></code></pre>"
    );
    assert_eq!(fault("{{#listing lost}}"), "chapters/lost.rs: No such file or directory (os error 2)");
}

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
    let no_such = "there is no such directive; ours are snapshot, lanes, figure, steps, code, diff, listing, scoreboard and costs, mdBook's include, rustdoc_include, \
         playground, playpen, title";
    for (directive, what) in [
        ("{{#snapshoot x}}", no_such),
        ("{{#}}", no_such),
        ("{{ #code }}", "write {{#code PATH}} or {{#code PATH from=\"TEXT\" to=\"TEXT\"}}"),
        ("{{#snapshot a b}}", "write {{#snapshot NAME}} or {{#snapshot NAME from=\"TEXT\" to=\"TEXT\"}}"),
        ("{{#lanes a b}}", "write {{#lanes NAME}} or {{#lanes NAME from=\"TEXT\" to=\"TEXT\"}}"),
        ("{{#figure tables}}", "write {{#figure KIND NAME}}, for queue with several names"),
        (
            "{{#figure graph a}}",
            "write {{#figure KIND NAME}}; KIND is one of sequence, tables, select, lists, ids, queue",
        ),
        ("{{#diff a}}", "write {{#diff A B}}"),
        ("{{#diff a b from=\"c\" to=\"d\"}}", "write {{#diff A B}}"),
        ("{{#listing}}", "write {{#listing NAME}}"),
        ("{{#scoreboard x}}", "write {{#scoreboard}}"),
        ("{{#code a from=\"b\"}}", "from and to go together, and neither is empty"),
        ("{{#code a from=\"b\" to=\"\"}}", "from and to go together, and neither is empty"),
        ("{{#code a form=\"b\"}}", "form=\"b\" is not known here; once each, from=\"…\" and to=\"…\" are"),
        ("{{#code a to=\"b\" to=\"b\"}}", "to=\"b\" is not known here; once each, from=\"…\" and to=\"…\" are"),
        ("{{#code a from=\"b\"to=\"c\"}}", "a space is missing after \"b\""),
        ("{{#code a from=\"\\b\" to=\"c\"}}", "after a backslash in quotes only \" or \\ may follow"),
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

#[test]
fn text_that_mdbook_would_take_for_a_directive() {
    let tiny = Tiny::new();
    tiny.write("x.txt", "a\nb {{ #include y}}\n");
    for directive in ["{{#code x.txt}}", "{{#code x.txt from=\"b\" to=\"b\"}}"] {
        assert_eq!(fault_in(&tiny, directive), "x.txt, line 2: mdBook would take the `{{#` in it for a directive");
    }
}

/// Runs the preprocessor as stock mdbook does, over one page.
fn stock(text: &str) -> (String, Vec<String>) {
    let book = Book::new_with_items(vec![Chapter::new("Shut", text.to_string(), "02-shut.md", Vec::new()).into()]);
    let context = PreprocessorContext::new("book".into(), Config::default(), "html".to_string());
    let input = serde_json::to_vec(&(context, book)).unwrap();
    let mut output = Vec::new();
    let faults = preprocessor::filter(&Tiny::new().project(), input.as_slice(), &mut output).unwrap();
    (String::from_utf8(output).unwrap(), faults.iter().map(ToString::to_string).collect())
}

#[test]
fn the_preprocessor_under_stock_mdbook() {
    let (output, faults) = stock("{{#snapshot 02-shut}}\n");
    assert_eq!(faults, [""; 0]);
    let book: Book = serde_json::from_str(&output).unwrap();
    let contents: Vec<&str> = book.chapters().map(|chapter| chapter.content.as_str()).collect();
    assert_eq!(contents, [expanded("{{#snapshot 02-shut}}\n")]);

    let (output, faults) = stock("{{#include lost.txt}}\n");
    assert_eq!(output, "");
    assert_eq!(
        faults,
        ["book/src/02-shut.md:1: {{#include lost.txt}}: lost.txt: No such file or directory (os error 2)"]
    );
}
