//! What was measured of the servers, as the book shows it.
//!
//! Lowest first: `servers` their names, `records` what is kept in files, `tables` and `plot` what is shown.

pub mod plot;
pub mod records;
pub mod servers;
pub mod tables;
