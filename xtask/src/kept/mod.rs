//! The pictures that are kept drawn: the README's, and the plots of what was measured. `cargo xtask picture` draws them anew.

pub mod plot;
pub mod readme;
