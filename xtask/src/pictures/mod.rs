//! Pictures: lanes of a trace, and figures of ideas, as SVG.
//!
//! ```text
//! svg         shapes and text                 hues        each client its colour
//! shapes      what several pictures have      part        the stretch of a trace that a picture shows
//! columns     what is where, from left to right
//! lanes       the lanes of a stretch          words       a picture in words
//! flights     io_uring's requests in flight
//! frame       a picture on a page, and one that stands alone
//! show        the lanes of a trace, on a page and in a file
//! sequence tables select lists ids queue      the figures of ideas, each drawn from traces
//! figures     one of them, on a page          readme      the README's picture
//! ```

pub mod columns;
pub mod figures;
pub mod flights;
pub mod frame;
pub mod hues;
pub mod ids;
pub mod lanes;
pub mod lists;
pub mod part;
pub mod queue;
pub mod readme;
pub mod select;
pub mod sequence;
pub mod shapes;
pub mod show;
pub mod svg;
pub mod tables;
pub mod words;
