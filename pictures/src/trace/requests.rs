//! Requests to io_uring: each from the call that handed it in to the call that returned its completion.

use super::run::Request;
use close_call::net::traced::TracedRequest;

/// Takes in what the call with this index has handed in, and what it has returned. An error says what was not handed in,
/// or has no result.
pub fn take(
    requests: &mut Vec<Request>,
    index: usize,
    submitted: Vec<TracedRequest>,
    completed: Vec<TracedRequest>,
) -> Result<(), String> {
    for TracedRequest { call, fd, user_data, .. } in submitted {
        requests.push(Request { user_data, fd, call, submitted: index, completed: None });
    }
    for TracedRequest { call, user_data, result, .. } in completed {
        let request = requests.iter_mut().rfind(|request| request.user_data == user_data);
        let request = request.ok_or_else(|| format!("{call} #{user_data} has completed, and was not handed in"))?;
        let (Ok(result) | Err(result)) = result.ok_or("a completion has neither `ret` nor `err`")?;
        request.completed = Some((index, result));
    }
    Ok(())
}
