//! What does not compile, and the compiler's own words for it, which the book shows.
//!
//! The words are those of one version of the compiler, which `tests/compile_fail/rustc` names. With another one the
//! test says that it was left out: the words may differ, and a book must not fail for that.
//! `TRYBUILD=overwrite cargo test --test programs compile_fail` writes them anew.

use std::process::Command;

use crate::common::left_out;

#[test]
fn the_mistakes_of_the_book_do_not_compile_against_owned_sockets() {
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let version = String::from_utf8(Command::new(rustc).arg("--version").output().unwrap().stdout).unwrap();
    let version = version.split(' ').nth(1).unwrap();
    let known = include_str!("../compile_fail/rustc").trim();
    if version != known {
        left_out(&format!("the compiler is {version}, and its words are known for {known} only"));
        return;
    }
    crate::common::say("compiling what does not compile");
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
