//! The commands that pages and README.md tell the reader to type.

use crate::tiny::Tiny;

fn faults(text: &str) -> Vec<String> {
    Tiny::saying(text).faults()
}

#[test]
fn commands_that_exist() {
    let text = "\
`cargo run -- list`, `cargo run --bin 01-open -- --probe leaves`, `cargo run --bin=02-shut`, `cargo xtask book --open`,
`cargo run --bin NAME [--probe NAME]`, `cargo run --bin NN-name`, `--probe=<probe>`, `--only leaves,leaves`,
`cargo run --release -- --help`, `cargo run -q --bin close-call -- list`, `cargo run -p xtask -- preprocess`.

```console
$ cargo run --bin 01-open -- arguments of its own | grep x   # --probe in a comment
$ ./target/debug/01-open; cargo xtask book
```

```text
cargo run --bin 03-lost: meant to fail
```
";
    assert_eq!(faults(text), [""; 0]);
}

#[test]
fn an_unknown_program() {
    assert_eq!(
        faults("```console\n$ echo\n$ cargo run --bin 03-lost -- --probe leaves\n```"),
        ["book/src/02-shut.md:7: `cargo run --bin 03-lost -- --probe leaves`: there is no program `03-lost`"]
    );
    assert_eq!(
        faults("Type `cargo run --bin=03-lost`."),
        ["book/src/02-shut.md:5: `cargo run --bin=03-lost`: there is no program `03-lost`"]
    );
    assert_eq!(
        faults("```sh\n./target/release/03-lost &\n```"),
        ["book/src/02-shut.md:6: `./target/release/03-lost`: there is no program `03-lost`"]
    );
}

#[test]
fn a_program_without_its_feature() {
    let sound = "`cargo run --features lib --bin big`, `cargo run --all-features --bin big`, `cargo run --example small`,\n\
                 `cargo run --features=x,lib --bin big`, `target/debug/big`, `target/debug/examples/small`";
    assert_eq!(faults(sound), [""; 0]);
    assert_eq!(
        faults("Type `cargo run --features x --bin big`."),
        ["book/src/02-shut.md:5: `cargo run --features x --bin big`: big needs `--features lib`"]
    );
    assert_eq!(
        faults("Type `cargo run --example large`."),
        ["book/src/02-shut.md:5: `cargo run --example large`: there is no example `large`"]
    );
}

#[test]
fn a_name_between_dollars_is_no_formula() {
    assert_eq!(
        faults("It costs $5, `--bin 03-lost`, or 6$."),
        ["book/src/02-shut.md:5: `--bin 03-lost`: there is no program `03-lost`"]
    );
}

#[test]
fn a_command_over_two_lines() {
    assert_eq!(
        faults("```\ncargo run \\\n  --bin 03-lost\n```"),
        ["book/src/02-shut.md:6: `cargo run --bin 03-lost`: there is no program `03-lost`"]
    );
}

#[test]
fn an_unknown_probe() {
    assert_eq!(faults("Try `--probe stays`."), ["book/src/02-shut.md:5: `--probe stays`: there is no probe `stays`"]);
    assert_eq!(
        faults("Try `--only leaves,stays`."),
        ["book/src/02-shut.md:5: `--only leaves,stays`: there is no probe `stays`"]
    );
}

#[test]
fn an_unknown_subcommand() {
    assert_eq!(
        faults("Type `cargo run -- lst`."),
        ["book/src/02-shut.md:5: `cargo run -- lst`: there is no subcommand of cargo run -- `lst`"]
    );
    assert_eq!(
        faults("Type `cargo xtask bok`."),
        ["book/src/02-shut.md:5: `cargo xtask bok`: there is no subcommand of cargo xtask `bok`"]
    );
    assert_eq!(
        faults("Type `cargo run --package xtask -- bok`."),
        ["book/src/02-shut.md:5: `cargo run --package xtask -- bok`: there is no subcommand of cargo xtask `bok`"]
    );
}

#[test]
fn the_second_command_of_a_line() {
    assert_eq!(
        faults("```sh\ncargo xtask book && cargo xtask bok\n```"),
        ["book/src/02-shut.md:6: `cargo xtask bok`: there is no subcommand of cargo xtask `bok`"]
    );
}

#[test]
fn the_readme_too() {
    let tiny = Tiny::new();
    tiny.append("README.md", "\n    not looked at: --bin 03-lost\n\n`cargo run --bin 04-lost`\n");
    assert_eq!(tiny.faults(), ["README.md:7: `cargo run --bin 04-lost`: there is no program `04-lost`"]);
}

#[test]
fn no_manifest() {
    let tiny = Tiny::new();
    tiny.remove("Cargo.toml");
    assert_eq!(tiny.faults(), ["Cargo.toml: No such file or directory (os error 2)"]);
}
