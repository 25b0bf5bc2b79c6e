//! A call as a trace has it, written as text and as JSON, and read back.
//!
//! As text, in strace's manner, with the chapter's line first and the table last:
//!
//! ```text
//! :39 getpeername(4) = -1 EBADF (Bad file descriptor)        {3 listening}
//! ```
//!
//! As JSON, one object per line, with the keys `at` (the line), `call`, `args`, then `ret` or `err` (the error's name),
//! and `fds` (the table):
//!
//! ```text
//! {"at":39,"call":"getpeername","args":"4","err":"EBADF","fds":{"3":"listening"}}
//! ```
//!
//! A call that waits has two more keys before `fds`: `asked` and, unless it failed, `said`. Each is an object with the
//! lists `r`, `w` and `x`: the descriptors that it was asked about, or called, readable, writable and exceptional. For
//! poll and epoll_wait these are IN, OUT and PRI, and `said` has the lists `e`, `h` and `n` as well, for ERR, HUP and
//! NVAL. What epoll_wait returns are tokens, which its `args` and `ret` have. `asked` and `said` have the numbers under
//! which the kernel has them registered, and a third key, `stale`, lists those of these numbers that were closed since,
//! or given out again, and whose registration is still there.
//!
//! An io_uring_enter has the lists `submitted` and, unless it failed, `completed` in their place. A request in them is an
//! object with its `call`, the descriptor `fd` that it is about and its `user_data`; in `completed` it has `ret` or `err`
//! as well. As text it is `recv 4 #7`, and `recv 4 #7 = 14`.

use std::fmt::{self, Display};
use std::os::fd::RawFd;

use super::events::Events;
use super::json::{self, Value};

/// A call that has returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedCall {
    /// The line of the program; 0 where it is not known.
    pub line: u32,
    /// Its POSIX name.
    pub name: String,
    /// Its arguments, as strace shows them.
    pub args: String,
    /// What it returned.
    pub result: Result<String, Failure>,
    /// What a call that waits was asked about.
    pub asked: Option<Lists>,
    /// What it said of that, unless it failed.
    pub said: Option<Lists>,
    /// The numbers that an epoll has registered and that do not mean any more what they meant. `None` of any call but
    /// epoll_wait.
    pub stale: Option<Vec<RawFd>>,
    /// The requests that an io_uring_enter handed in.
    pub submitted: Option<Vec<TracedRequest>>,
    /// Those that had completed by then, with their results, unless it failed.
    pub completed: Option<Vec<TracedRequest>>,
    /// The descriptor table after the call: each open number, and what it is.
    pub fds: Vec<(RawFd, String)>,
}

/// A request to io_uring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedRequest {
    /// The call that it stands for, by its POSIX name.
    pub call: String,
    /// The descriptor that it is about.
    pub fd: RawFd,
    /// What it was handed in as.
    pub user_data: u64,
    /// What it returned, or errno's name, once it has completed.
    pub result: Option<Result<String, String>>,
}

impl Display for TracedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} #{}", self.call, self.fd, self.user_data)?;
        match &self.result {
            Some(Ok(result) | Err(result)) => write!(f, " = {result}"),
            None => Ok(()),
        }
    }
}

impl TracedRequest {
    fn json(&self) -> String {
        let result = match &self.result {
            Some(Ok(value)) => format!(r#","ret":{}"#, json::string(value)),
            Some(Err(name)) => format!(r#","err":{}"#, json::string(name)),
            None => String::new(),
        };
        format!(r#"{{"call":{},"fd":{},"user_data":{}{result}}}"#, json::string(&self.call), self.fd, self.user_data)
    }

    fn read(object: &Value) -> Option<TracedRequest> {
        let number = |key: &str| match object.get(key) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        };
        let failed = || object.text("err").map(|name| Err(name.to_string()));
        Some(TracedRequest {
            call: object.text("call")?.to_string(),
            fd: RawFd::try_from(number("fd")?).ok()?,
            user_data: u64::try_from(number("user_data")?).ok()?,
            result: object.text("ret").map(|value| Ok(value.to_string())).or_else(failed),
        })
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// errno's name.
    pub name: String,
    /// The system's words for it. JSON does not have them.
    pub words: String,
}

/// Descriptors by what was asked or said of them: select's three lists, or the six of poll and epoll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lists(Vec<Vec<RawFd>>);

/// One of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// Readable: IN.
    R,
    /// Writable: OUT.
    W,
    /// Exceptional: PRI.
    X,
    /// In error: ERR.
    E,
    /// Hung up: HUP.
    H,
    /// Not open: NVAL.
    N,
}

impl List {
    /// All of them; select's three come first, in the order of its arguments.
    pub const ALL: [List; 6] = [List::R, List::W, List::X, List::E, List::H, List::N];

    /// Its key in JSON: `r`, `w`, `x`.
    pub fn letter(self) -> &'static str {
        self.parts().0
    }

    /// Its name: `readable`, `writable`, `exceptional`.
    pub fn word(self) -> &'static str {
        self.parts().1
    }

    fn event(self) -> Events {
        self.parts().2
    }

    fn parts(self) -> (&'static str, &'static str, Events) {
        match self {
            List::R => ("r", "readable", Events::IN),
            List::W => ("w", "writable", Events::OUT),
            List::X => ("x", "exceptional", Events::PRI),
            List::E => ("e", "in error", Events::ERR),
            List::H => ("h", "hung up", Events::HUP),
            List::N => ("n", "not open", Events::NVAL),
        }
    }
}

impl Lists {
    /// Select's: readable, writable, exceptional.
    pub fn of_select(lists: [Vec<RawFd>; 3]) -> Lists {
        Lists(lists.into())
    }

    /// The first three of descriptors with their events: what can be asked.
    pub fn asked(all: &[(RawFd, Events)]) -> Lists {
        Lists::having(all, 3)
    }

    /// All six of descriptors with their events: what can be said.
    pub fn said(all: &[(RawFd, Events)]) -> Lists {
        Lists::having(all, List::ALL.len())
    }

    fn having(all: &[(RawFd, Events)], count: usize) -> Lists {
        let list = |list: &List| {
            let having = all.iter().filter(|(_, events)| events.intersects(list.event()));
            having.map(|(fd, _)| *fd).collect()
        };
        Lists(List::ALL[..count].iter().map(list).collect())
    }

    /// One of them.
    pub fn get(&self, list: List) -> &[RawFd] {
        self.0.get(list as usize).map_or(&[], Vec::as_slice)
    }

    /// The lists that name a number.
    pub fn of(&self, fd: RawFd) -> impl Iterator<Item = List> + '_ {
        List::ALL.into_iter().filter(move |list| self.get(*list).contains(&fd))
    }

    /// How many numbers are in all of them.
    pub fn count(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    fn read(key: &str, value: &Value) -> Result<Lists, String> {
        // select has three, and no call is asked about the others.
        let more = List::ALL[3..].iter().any(|list| value.get(list.letter()).is_some());
        let wanted = if more { &List::ALL[..] } else { &List::ALL[..3] };
        let list = |list: &List| {
            let numbers = value.get(list.letter()).and_then(numbers);
            numbers.ok_or_else(|| format!("`{}` of `{key}` is not a list of numbers", list.letter()))
        };
        Ok(Lists(wanted.iter().map(list).collect::<Result<_, _>>()?))
    }
}

impl Display for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = List::ALL.iter().zip(&self.0).map(|(list, fds)| format!(r#""{}":{}"#, list.letter(), array(fds)));
        write!(f, "{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

impl TracedCall {
    /// The call in strace's manner: `:39 getpeername(4) = -1 EBADF (Bad file descriptor)`.
    pub fn text(&self) -> String {
        let TracedCall { line, name, args, .. } = self;
        match &self.result {
            Ok(value) => format!(":{line} {name}({args}) = {value}"),
            Err(Failure { name: error, words }) => format!(":{line} {name}({args}) = -1 {error} ({words})"),
        }
    }

    /// The object of a line of JSON.
    pub fn json(&self) -> String {
        let (key, value) = match &self.result {
            Ok(value) => ("ret", value),
            Err(failure) => ("err", &failure.name),
        };
        let mut json = format!(
            r#"{{"at":{},"call":{},"args":{},"{key}":{}"#,
            self.line,
            json::string(&self.name),
            json::string(&self.args),
            json::string(value)
        );
        for (key, lists) in [("asked", &self.asked), ("said", &self.said)] {
            json += &lists.as_ref().map_or(String::new(), |lists| format!(r#","{key}":{lists}"#));
        }
        json += &self.stale.as_ref().map_or(String::new(), |stale| format!(r#","stale":{}"#, array(stale)));
        for (key, requests) in [("submitted", &self.submitted), ("completed", &self.completed)] {
            let objects = |requests: &Vec<TracedRequest>| requests.iter().map(TracedRequest::json).collect::<Vec<_>>();
            json += &requests.as_ref().map_or(String::new(), |all| format!(r#","{key}":[{}]"#, objects(all).join(",")));
        }
        let fds: Vec<String> = self.fds.iter().map(|(fd, what)| format!(r#""{fd}":{}"#, json::string(what))).collect();
        format!(r#"{json},"fds":{{{}}}}}"#, fds.join(","))
    }

    /// Reads such an object. An error says what is wrong with it.
    pub fn read(object: &Value) -> Result<TracedCall, String> {
        let line = match object.get("at") {
            Some(Value::Number(line)) => u32::try_from(*line).map_err(|_| "`at` is not the number of a line")?,
            _ => return Err("`at` is not the number of a line".to_string()),
        };
        let text = |key: &str| object.text(key).map(String::from).ok_or_else(|| format!("`{key}` is missing"));
        let result = match (object.text("ret"), object.text("err")) {
            (Some(value), None) => Ok(value.to_string()),
            (None, Some(name)) => Err(Failure { name: name.to_string(), words: String::new() }),
            _ => return Err("either `ret` or `err` must be there".to_string()),
        };
        let lists = |key: &str| object.get(key).map(|value| Lists::read(key, value)).transpose();
        let stale = object.get("stale").map(|value| numbers(value).ok_or("`stale` is not a list of numbers"));
        let requests = |key: &str| match object.get(key) {
            None => Ok(None),
            Some(Value::List(all)) if all.iter().all(|one| TracedRequest::read(one).is_some()) => {
                Ok(Some(all.iter().filter_map(TracedRequest::read).collect()))
            }
            Some(_) => Err(format!("`{key}` is not a list of requests")),
        };
        let Some(Value::Object(fds)) = object.get("fds") else {
            return Err("`fds`, the table after it, is missing".to_string());
        };
        let open = |(fd, what): &(String, Value)| {
            let number: RawFd = fd.parse().map_err(|_| format!("`{fd}` in `fds` is not a number"))?;
            match what {
                Value::Text(what) => Ok((number, what.clone())),
                _ => Err("`fds` holds something other than text".to_string()),
            }
        };
        Ok(TracedCall {
            line,
            name: text("call")?,
            args: text("args")?,
            result,
            asked: lists("asked")?,
            said: lists("said")?,
            stale: stale.transpose()?,
            submitted: requests("submitted")?,
            completed: requests("completed")?,
            fds: fds.iter().map(open).collect::<Result<_, _>>()?,
        })
    }
}

fn array(fds: &[RawFd]) -> String {
    format!("{fds:?}").replace(' ', "")
}

fn numbers(value: &Value) -> Option<Vec<RawFd>> {
    let Value::List(values) = value else { return None };
    let number = |value: &Value| match value {
        Value::Number(number) => RawFd::try_from(*number).ok(),
        _ => None,
    };
    values.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_it_was_written() {
        let call = TracedCall {
            line: 39,
            name: "getpeername".into(),
            args: "4".into(),
            result: Err(Failure { name: "EBADF".into(), words: String::new() }),
            asked: None,
            said: None,
            stale: None,
            submitted: None,
            completed: None,
            fds: vec![(3, "listening".into())],
        };
        assert_eq!(call.json(), r#"{"at":39,"call":"getpeername","args":"4","err":"EBADF","fds":{"3":"listening"}}"#);
        let asked = Lists::of_select([vec![3, 4], vec![], vec![3]]);
        let said = Lists::said(&[(3, Events::IN), (4, Events::HUP.or(Events::ERR))]);
        let wait = TracedCall {
            name: "epoll_wait".into(),
            result: Ok("2 ({IN, 0}, {ERR|HUP, 1})".into()),
            asked: Some(asked),
            said: Some(said),
            stale: Some(vec![4]),
            ..call.clone()
        };
        assert!(wait.json().contains(
            r#","asked":{"r":[3,4],"w":[],"x":[3]},"said":{"r":[3],"w":[],"x":[],"e":[4],"h":[4],"n":[]},"stale":[4],"fds""#
        ));
        let recv = TracedRequest { call: "recv".into(), fd: 4, user_data: 7, result: None };
        let received = TracedRequest { result: Some(Ok("14".into())), ..recv.clone() };
        let failed = TracedRequest { result: Some(Err("ECONNRESET".into())), user_data: 8, ..recv.clone() };
        assert_eq!(format!("{recv}, {received}"), "recv 4 #7, recv 4 #7 = 14");
        let enter = TracedCall { submitted: Some(vec![recv]), completed: Some(vec![received, failed]), ..call.clone() };
        assert!(enter.json().contains(
            r#","submitted":[{"call":"recv","fd":4,"user_data":7}],"completed":[{"call":"recv","fd":4,"user_data":7,"ret":"14"},{"call"#
        ));
        for call in [call, wait, enter] {
            assert_eq!(TracedCall::read(&Value::read(&call.json()).unwrap()), Ok(call));
        }
    }

    #[test]
    fn the_text_has_the_system_s_words() {
        let read = |json: &str| TracedCall::read(&Value::read(json).unwrap()).unwrap();
        let sent = read(r#"{"at":7,"call":"send","args":"4, \"x\"","ret":"1","fds":{}}"#);
        assert_eq!(sent.text(), ":7 send(4, \"x\") = 1");
        let failed = Failure { name: "EBADF".into(), words: "Bad file descriptor".into() };
        assert_eq!(
            TracedCall { result: Err(failed), ..sent }.text(),
            ":7 send(4, \"x\") = -1 EBADF (Bad file descriptor)"
        );
    }

    #[test]
    fn what_is_no_call_is_refused() {
        for (json, why) in [
            (r#"{"call":"x"}"#, "`at` is not the number of a line"),
            (r#"{"at":-1}"#, "`at` is not the number of a line"),
            (r#"{"at":1,"call":"x","args":""}"#, "either `ret` or `err` must be there"),
            (r#"{"at":1,"call":"x","args":"","ret":"","err":""}"#, "either `ret` or `err` must be there"),
            (r#"{"at":1,"call":"x","args":"","ret":"0"}"#, "`fds`, the table after it, is missing"),
            (r#"{"at":1,"args":"","ret":"0","fds":{}}"#, "`call` is missing"),
            (r#"{"at":1,"call":"x","args":"","ret":"0","fds":{"a":""}}"#, "`a` in `fds` is not a number"),
            (r#"{"at":1,"call":"x","args":"","ret":"0","fds":{"1":2}}"#, "`fds` holds something other than text"),
            (
                r#"{"at":1,"call":"x","args":"","ret":"0","asked":{"r":[]},"fds":{}}"#,
                "`w` of `asked` is not a list of numbers",
            ),
            (r#"{"at":1,"call":"x","args":"","ret":"0","stale":7,"fds":{}}"#, "`stale` is not a list of numbers"),
            (
                r#"{"at":1,"call":"x","args":"","ret":"0","submitted":[{"fd":4}],"fds":{}}"#,
                "`submitted` is not a list of requests",
            ),
        ] {
            assert_eq!(TracedCall::read(&Value::read(json).unwrap()), Err(why.to_string()), "{json}");
        }
    }
}
