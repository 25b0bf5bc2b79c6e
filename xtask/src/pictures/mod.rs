//! Pictures: lanes of a trace, and figures of ideas, as SVG.
//!
//! ```text
//! svg         shapes and text                    hues        each client its colour
//! part        the stretch of a trace that a picture shows
//! columns     what is where, from left to right
//! words       a picture in words
//! lanes       the lanes of a stretch
//! frame       a picture on a page, and one that stands alone
//! show        the lanes of a trace, on a page and in a file
//! ```

pub mod columns;
pub mod frame;
pub mod hues;
pub mod lanes;
pub mod part;
pub mod show;
pub mod svg;
pub mod words;
