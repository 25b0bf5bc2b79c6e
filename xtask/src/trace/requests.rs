//! Requests to io_uring: each from the call that handed it in to the call that returned its completion.

use super::run::{Number, Request};
use serde_json::{Map, Value};

/// Takes in what the call with this index has handed in, and what it has returned.
pub fn take(requests: &mut Vec<Request>, index: usize, call: &Map<String, Value>) -> Result<(), String> {
    for (user_data, fd, name, _) in list(call, "submitted")? {
        requests.push(Request { user_data, fd, call: name, submitted: index, completed: None });
    }
    for (user_data, _, name, result) in list(call, "completed")? {
        let request = requests.iter_mut().rfind(|request| request.user_data == user_data);
        let request = request.ok_or_else(|| format!("{name} #{user_data} has completed, and was not handed in"))?;
        request.completed = Some((index, result.ok_or("a completion has neither `ret` nor `err`")?));
    }
    Ok(())
}

/// A request as a list has it: its `user_data`, its number, its call, and its result where it has completed.
type Read = (u64, Number, String, Option<String>);

/// What a call's list of requests has in it, if it has one.
fn list(call: &Map<String, Value>, key: &str) -> Result<Vec<Read>, String> {
    let requests = match call.get(key).map(Value::as_array) {
        None => Some(Vec::new()),
        Some(requests) => requests.and_then(|all| all.iter().map(read).collect()),
    };
    requests.ok_or_else(|| format!("`{key}` is not a list of requests"))
}

fn read(request: &Value) -> Option<Read> {
    let text = |key: &str| request.get(key).and_then(Value::as_str).map(String::from);
    let fd = Number::try_from(request.get("fd")?.as_i64()?).ok()?;
    Some((request.get("user_data")?.as_u64()?, fd, text("call")?, text("ret").or_else(|| text("err"))))
}
