//! The links of what was built, and what it would fetch.

use crate::tiny::Tiny;

fn faults(text: &str) -> Vec<String> {
    Tiny::saying(text).faults()
}

#[test]
fn links_that_lead_somewhere() {
    let tiny = Tiny::saying(
        "[a](01-open.md) [b](01-open.md#1-open) [c](#2-shut) [d](listings/01-open.md#L3) [e](picture%20one.svg) \
         [f](./index.md) [g](mailto:a@b) [h](print.html) <a id=\"mark\"></a> [i](#mark) [j](https://example.org/#x)\n\n\
         ![k](picture%20one.svg) <img src=\"data:image/svg+xml,http://x\"> [l](listings/../02-shut.html?q#2-shut) \
         <a name=\"old\"></a> [m](#old)\n\n<script>'<a href=\"lost\">'</script>\n<style>/* <a href=\"lost\"> */</style>",
    );
    tiny.write("book/src/picture one.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>");
    assert_eq!(tiny.faults(), [""; 0]);
}

#[test]
fn links_that_lead_nowhere() {
    for (link, what) in [
        ("[x](03-lost.md)", "link to 03-lost.html: there is no such file in what was built"),
        ("[x](listings/)", "link to listings/: there is no such file in what was built"),
        ("[x](#lost)", "link to #lost: there is no #lost in 02-shut.html"),
        ("[x](01-open.md#lost)", "link to 01-open.html#lost: there is no #lost in 01-open.html"),
        ("[x](../../chapters/01-open.rs)", "link to ../../chapters/01-open.rs: it leads out of the book"),
        ("[x](/01-open.md)", "link to /01-open.html: it starts at the server's root; write it from the page's folder"),
        ("![x](lost.png)", "link to lost.png: there is no such file in what was built"),
    ] {
        assert_eq!(faults(link), [format!("book/src/02-shut.md: {what}")]);
    }
}

#[test]
fn a_link_to_a_page_that_is_not_built() {
    let tiny = Tiny::saying("[x](extra.md)");
    tiny.write("book/src/extra.md", "# Extra\n");
    assert_eq!(
        tiny.faults(),
        [
            "book/src/extra.md: SUMMARY.md does not list it",
            "book/src/02-shut.md: link to extra.html: there is no such file in what was built",
        ]
    );
}

#[test]
fn a_fault_of_the_first_page_is_told_once() {
    let tiny = Tiny::new();
    tiny.remove("book/src/README.md");
    let summary = tiny.read("book/src/SUMMARY.md");
    tiny.write("book/src/SUMMARY.md", &summary.replace("[Welcome](README.md)", ""));
    tiny.append("book/src/01-open.md", "\n[x](lost.md)\n");
    assert_eq!(tiny.faults(), ["book/src/01-open.md: link to lost.html: there is no such file in what was built"]);
}

#[test]
fn links_from_a_deeper_page() {
    let tiny = Tiny::new();
    tiny.append("book/src/listings/01-open.md", "\n[x](../01-open.md#1-open) [y](01-open.md)\n");
    tiny.append("book/src/README.md", "\n[x](listings/01-open.md#lost)\n");
    assert_eq!(
        tiny.faults(),
        ["book/src/README.md: link to listings/01-open.html#lost: there is no #lost in listings/01-open.html"]
    );
}

#[test]
fn a_link_into_a_block_that_was_left_out() {
    let tiny = Tiny::saying("[x](listings/01-open.md#L30)");
    tiny.write("book/src/listings/01-open.md", "# 01-open\n\n{{#listing 01-open}}\n{{#listing lost}}\n");
    assert_eq!(
        tiny.faults(),
        ["book/src/listings/01-open.md:4: {{#listing lost}}: chapters/lost.rs: No such file or directory (os error 2)"]
    );
}

#[test]
fn a_broken_link_of_404() {
    let tiny = Tiny::new();
    tiny.write("book/src/404.md", "# Not here\n\nGo [home](/index.html), or [away](lost.html).\n");
    assert_eq!(tiny.faults(), ["book/book/404.html: link to lost.html: there is no such file in what was built"]);
}

#[test]
fn what_a_page_would_fetch() {
    for (html, what) in [
        ("<script src=\"https://x/y.js\"></script>", "<script> would fetch https://x/y.js"),
        ("<link rel=\"stylesheet\" href=\"//x/y.css\">", "<link> would fetch //x/y.css"),
        ("<img src=\"HTTP://x/y.png\">", "<img> would fetch HTTP://x/y.png"),
        ("![y](https://x/y.png)", "<img> would fetch https://x/y.png"),
        ("<img srcset=\"https://x/y.png 2x\">", "<img> would fetch https://x/y.png"),
        ("<iframe src=\"http://x/\"></iframe>", "<iframe> would fetch http://x/"),
        ("<object data=\"http://x/\"></object>", "<object> would fetch http://x/"),
        ("<video poster=\"http://x/\"></video>", "<video> would fetch http://x/"),
        ("<meta http-equiv=\"refresh\" content=\"0; url=http://x/\">", "<meta> would fetch http://x/"),
        ("<p style=\"background: url( 'http://x/' )\">a</p>", "the style would fetch http://x/"),
        ("<style>@import \"//x/\";</style>", "the style would fetch //x/"),
    ] {
        assert_eq!(faults(html), [format!("book/src/02-shut.md: {what} when the page is opened")]);
    }
}

#[test]
fn what_a_style_sheet_would_fetch() {
    let tiny = Tiny::new();
    tiny.append("book/book.toml", "[output.html]\nadditional-css = [\"theme/tiny.css\"]\nhash-files = false\n");
    tiny.write("book/theme/tiny.css", "/* url(https://x/1) */ a { b: url(data:x); c: url(https://x/2); }\n");
    assert_eq!(tiny.faults(), ["book/book/theme/tiny.css: the style would fetch https://x/2 when the page is opened"]);
}
