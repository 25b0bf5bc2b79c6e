//! Pictures, as SVG: the lanes of a trace, the figures of ideas, the plots of what was measured.
//!
//! ```text
//! svg         shapes and text                    hues        each client its colour
//! shapes      what several pictures have         part        the stretch of a trace that a picture shows
//! frame       a picture on a page, and one that stands alone
//! lanes       the lanes of a trace               ideas       figures of ideas, each drawn from traces
//! plot        what a message costs               readme      the README's picture
//! ```

pub mod frame;
pub mod hues;
pub mod ideas;
pub mod lanes;
pub mod part;
pub mod plot;
pub mod readme;
pub mod shapes;
pub mod svg;
#[cfg(test)]
mod tests;
