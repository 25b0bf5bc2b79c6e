//! What io_uring has in flight: a bar of its own for each request, from its submission to its completion.

use crate::part::Part;
use crate::trace::{Number, Request};

/// The calls that are in flight on a number at some time in a stretch, each a row, in the order of their first request.
pub fn rows(part: &Part, fd: Number) -> Vec<&str> {
    let mut rows = Vec::new();
    for request in shown(part).filter(|request| request.fd == fd) {
        if !rows.contains(&request.call.as_str()) {
            rows.push(&request.call);
        }
    }
    rows
}

/// The requests that are in flight at some time in a stretch.
pub fn shown(part: &Part) -> impl Iterator<Item = &Request> {
    let ends = part.calls().next().zip(part.calls().last());
    let within = move |request: &&Request| {
        ends.is_some_and(|((first, _), (last, _))| {
            request.submitted <= last && request.completed.as_ref().is_none_or(|(completed, _)| *completed >= first)
        })
    };
    part.trace.requests.iter().filter(within)
}
