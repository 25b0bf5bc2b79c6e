//! What is promised of the programs: what each prints, what `check` says of servers that are not ours, what the exercises
//! and the README say. One binary of many modules, which is linked once and runs them beside each other.
//!
//! Nothing here opens a socket that another test counts on: a test that starts a program copies all descriptors of this
//! process for a moment, and a connection ends only with the last copy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;

mod architecture;
mod check;
mod check_grades;
mod check_protocols;
mod check_sees;
mod check_servers;
mod ci;
mod command_line;
mod compare;
mod compile_fail;
mod exercises;
mod floors;
mod harmless;
mod io_uring;
mod junit;
mod ladder;
mod left_behind;
mod limits;
mod naive;

mod python;
mod readme;
mod refused;
mod scoreboard;
mod script;
mod start;
mod stories;
mod strace;
