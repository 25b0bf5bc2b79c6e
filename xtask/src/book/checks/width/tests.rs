//! The width of blocks of code.

use crate::tiny::Tiny;

/// A line of so many characters, some of more than one byte.
fn line(width: usize) -> String {
    "é".repeat(width - 3) + "= 1"
}

/// What is wrong with a tiny book of which line 5 of the page 02-shut is this.
fn faults(tiny: &Tiny, text: &str) -> Vec<String> {
    tiny.write("book/src/02-shut.md", &format!("# 2. Shut\n\nThe page.\n\n{text}\n"));
    tiny.faults().iter().map(|fault| fault.replace("book/src/02-shut.md:5: ", "")).collect()
}

#[test]
fn eighty_eight_columns_fit() {
    let tiny = Tiny::new();
    tiny.write("x.rs", &line(88));
    tiny.write("y.rs", &line(87));
    tiny.write("tests/snapshots/x.snap", &format!("---\nsource: y\n---\n{}\n", line(88)));
    let fences = format!("```\n{}\n```\n\n    {}\n\n> - ```sh\n>   {}\n>   ```", line(88), line(88), line(88));
    for text in ["{{#code x.rs}}", "{{#snapshot x}}", "{{#diff x.rs y.rs}}", &fences, &line(300)] {
        let faults = faults(&tiny, text);
        // With its sign a line of 88 is too wide.
        assert_eq!(faults.len(), usize::from(text.contains("diff")), "{text}: {faults:?}");
    }
}

#[test]
fn a_wide_file() {
    let tiny = Tiny::new();
    tiny.write("x.rs", &format!("//! x\nfn\n    {}\n    {}\n    {}\n", line(89), line(84), line(90)));
    assert_eq!(
        faults(&tiny, "{{#code x.rs}}"),
        ["{{#code x.rs}}: x.rs, line 3: 93 columns wide, where 88 fit; the first of 2 such lines"]
    );
    assert_eq!(
        faults(&tiny, "{{#code x.rs from=\"é\" to=\"é\"}}"),
        ["{{#code x.rs from=\"é\" to=\"é\"}}: 3 lines of x.rs contain `é`; only one may"]
    );
    // A part is shown without the indentation that its lines share.
    tiny.write("x.rs", &format!("fn\n    {}\n", line(88)));
    assert_eq!(faults(&tiny, "{{#code x.rs from=\"é\" to=\"é\"}}"), [""; 0]);
}

#[test]
fn a_wide_snapshot() {
    let tiny = Tiny::new();
    tiny.write("tests/snapshots/x.snap", &format!("---\nsource: y\n---\nx\n{}\n{}\n", line(200), line(89)));
    assert_eq!(
        faults(&tiny, "{{#snapshot x from=\"x\" to=\"x\"}}\n{{#snapshot x}}"),
        ["book/src/02-shut.md:6: {{#snapshot x}}: tests/snapshots/x.snap, line 5: 200 columns wide, where 88 fit; \
          the first of 2 such lines"]
    );
}

#[test]
fn a_wide_difference() {
    let tiny = Tiny::new();
    tiny.write("x/a.rs", &format!("//! a\none\n{}\nthree\n", line(88)));
    tiny.write("x/b.rs", "//! b\n//! b\none\ntwo\nthree\n");
    assert_eq!(
        faults(&tiny, "{{#diff x/a.rs x/b.rs}}"),
        ["{{#diff x/a.rs x/b.rs}}: x/a.rs, line 3: 89 columns wide, where 88 fit"]
    );
    assert_eq!(
        faults(&tiny, "{{#diff x/b.rs x/a.rs}}"),
        ["{{#diff x/b.rs x/a.rs}}: x/a.rs, line 3: 89 columns wide, where 88 fit"]
    );
    // Nor may a line that both have.
    tiny.write("x/b.rs", &format!("//! b\n//! b\ntwo\n{}\nthree\n", line(88)));
    assert_eq!(
        faults(&tiny, "{{#diff x/a.rs x/b.rs}}"),
        ["{{#diff x/a.rs x/b.rs}}: x/b.rs, line 4: 89 columns wide, where 88 fit"]
    );
}

#[test]
fn a_wide_listing() {
    let tiny = Tiny::new();
    tiny.append("chapters/01-open.rs", &line(89));
    assert_eq!(
        tiny.faults(),
        ["book/src/listings/01-open.md:3: {{#listing 01-open}}: chapters/01-open.rs, line 8: 89 columns wide, \
          where 88 fit"]
    );
}

#[test]
fn a_wide_block_typed_in_a_page() {
    let wide = line(89);
    for text in [
        format!("```sh\n{wide}\n```"),
        format!("\n    {wide}"),
        format!("> ```\n> {wide}\n> ```"),
        format!("<details>\n\n```rust\n{wide}\n```\n\n</details>"),
        format!("- a\n  ```text\n  {wide}\n  ```"),
    ] {
        let line = 5 + text.lines().position(|line| line.contains(&wide)).unwrap();
        assert_eq!(
            faults(&Tiny::new(), &text),
            [format!("book/src/02-shut.md:{line}: 89 columns wide, where 88 fit")],
            "{text}"
        );
    }
}

#[test]
fn other_programs_may_print_wide_lines() {
    let tiny = Tiny::new();
    tiny.write("tests/compile_fail/x.stderr", &line(200));
    tiny.write("tests/snapshots/story-python.snap", &format!("---\nsource: y\n---\n{}\n", line(200)));
    tiny.write("tests/x.stderr", &line(200));
    assert_eq!(faults(&tiny, "{{#code tests/compile_fail/x.stderr}}\n{{#snapshot story-python}}"), [""; 0]);
    assert_eq!(
        faults(&tiny, "{{#code tests/x.stderr}}"),
        ["{{#code tests/x.stderr}}: tests/x.stderr, line 1: 200 columns wide, where 88 fit"]
    );
}
