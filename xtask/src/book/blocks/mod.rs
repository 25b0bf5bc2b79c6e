//! What our directives put in their place: a file for each, which says how it is written, reads it and draws it.
//!
//! A directive is alone on its line, which may be indented (in a list) or begin with `>` (in a quotation), and not in
//! a code block: it makes its own. A part of a file or of a snapshot includes both lines, and may be one line that holds
//! both texts. Words are those of a shell: a name or path with spaces goes in quotes; inside quotes `\"` is a quote and
//! `\\` a backslash. A backslash before the braces leaves a directive as it is, as in mdBook.
//!
//! A new directive is a file here, named in this one. `block` has what they share, `evidence` says which of them the
//! scoreboard leads to.

pub mod block;
mod code;
mod costs;
mod diff;
pub mod evidence;
mod figure;
mod lanes;
mod listing;
mod probe;
mod progress;
mod scoreboard;
mod snapshot;
mod steps;

use crate::book::arguments::Arguments;
use crate::book::directive::{Directive, MDBOOKS};
use block::{Block, Kind};

/// Our directives.
pub const KINDS: [&Kind; 11] = [
    &snapshot::KIND,
    &lanes::KIND,
    &figure::KIND,
    &steps::KIND,
    &code::KIND,
    &diff::KIND,
    &listing::KIND,
    &probe::KIND,
    &scoreboard::KIND,
    &progress::KIND,
    &costs::KIND,
];

/// Reads a directive.
pub fn read(directive: &Directive) -> Result<Box<dyn Block>, String> {
    match KINDS.into_iter().find(|kind| kind.name == directive.name) {
        Some(kind) => (kind.read)(Arguments::read(directive.rest, kind.usage)?),
        None => {
            let ours = KINDS.map(|kind| kind.name).join(", ");
            Err(format!("there is no such directive; ours are {ours}, mdBook's {}", MDBOOKS.join(", ")))
        }
    }
}
