//! Draws traces, as SVG: the lanes of a run, and figures of ideas. Nothing here needs the book.
//!
//! ```text
//! excerpt     lines of a text, and parts of them    trace       a recorded run, and what can be told from it
//! svg         shapes and text                       hues        each client its colour
//! shapes      what several pictures have            part        the stretch of a trace that a picture shows
//! frame       a picture on a page, and one that stands alone
//! lanes       the lanes of a trace                  flights     io_uring's requests in flight
//! ideas       figures of ideas
//! ```

pub mod excerpt;
mod flights;
pub mod frame;
pub mod hues;
pub mod ideas;
pub mod lanes;
pub mod part;
mod shapes;
pub mod svg;
#[cfg(test)]
mod tests;
pub mod trace;
