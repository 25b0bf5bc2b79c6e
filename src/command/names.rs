//! Names in place of addresses, whose ports differ from run to run.

use std::net::SocketAddr;

/// What may come before an address or after it.
const AROUND: [char; 7] = [' ', '\t', ',', '{', '}', '(', ')'];

/// The names that a story has given to its clients' addresses so far: the addresses, each with its client's name.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<(String, String)>);

impl Names {
    /// From here on `address` is `who`'s.
    pub fn insert(&mut self, who: &str, address: impl ToString) {
        self.0.push((address.to_string(), who.to_string()));
    }

    /// `text` with each address that has a name replaced by it, be it one that was given or one that is stored.
    pub fn put_into(&self, text: &str) -> String {
        let mut named = String::new();
        for word in text.split_inclusive(AROUND) {
            let (address, rest) = word.split_at(word.trim_end_matches(AROUND).len());
            named.push_str(self.given(address).or_else(|| in_the_port(address)).unwrap_or(address));
            named.push_str(rest);
        }
        named
    }

    /// The name for an address: the one that was given or is stored, or its port. `None` for what is no address.
    pub fn of(&self, address: &str) -> Option<String> {
        let name = self.given(address).or_else(|| in_the_port(address)).map(String::from);
        name.or_else(|| match address.rsplit_once(':')? {
            (_, "<port>") => Some("client".to_string()),
            (_, port) => address.parse::<SocketAddr>().ok().map(|_| format!(":{port}")),
        })
    }

    fn given(&self, address: &str) -> Option<&str> {
        // The last: an address may have been another client's before.
        self.0.iter().rfind(|(known, _)| known == address).map(|(_, name)| &name[..])
    }
}

/// The name that a stored address has in the place of its port: `127.0.0.1:<alice>`.
fn in_the_port(address: &str) -> Option<&str> {
    let name = address.rsplit_once(":<")?.1.strip_suffix('>')?;
    (name != "port").then_some(name)
}

/// A story as it is stored: `127.0.0.1:40001` becomes `127.0.0.1:<alice>` where alice has connected from there, else
/// `127.0.0.1:<port>`. What was in columns stays in columns.
pub fn stored(text: &str) -> String {
    let mut names: Vec<(String, String)> = Vec::new();
    for mark in [" connects from 127.0.0.1:", r#","call":"connect","args":"127.0.0.1:"#] {
        names.extend(text.lines().filter_map(|line| {
            let (before, after) = line.split_once(mark)?;
            let who = before.rsplit(['-', ' ', '"']).find(|word| !word.is_empty())?;
            Some((port_at_the_start(after).to_string(), format!("<{who}>")))
        }));
    }
    let name_of = |port: &str| names.iter().find(|(known, _)| known == port).map_or("<port>", |(_, name)| name);
    text.lines().map(|line| stored_line(&without_thread_id(line), name_of) + "\n").collect()
}

/// Newer compilers have the thread's id in what they say of a panic: `thread 'main' (4711) panicked`.
fn without_thread_id(line: &str) -> String {
    let parts = line.split_once("' (").and_then(|(before, rest)| Some((before, rest.split_once(") panicked")?)));
    match parts {
        Some((before, (id, rest))) if before.contains("thread '") && id.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{before}' panicked{rest}")
        }
        _ => line.to_string(),
    }
}

fn stored_line<'a>(line: &str, name_of: impl Fn(&str) -> &'a str) -> String {
    let mut pieces = line.split("127.0.0.1:");
    let mut stored = pieces.next().unwrap_or_default().to_string();
    // How much longer the line has become since its last column began.
    let mut longer = 0;
    for piece in pieces {
        let port = port_at_the_start(piece);
        // Port 0 is what was asked for, and the same on every run.
        let name = if port.is_empty() || port == "0" { port } else { name_of(port) };
        longer += name.len() - port.len();
        let rest = &piece[port.len()..];
        stored += &format!("127.0.0.1:{name}");
        match rest.split_once(&" ".repeat(longer + 1)) {
            Some((before, column)) if longer > 0 => {
                stored += &format!("{before} {column}");
                longer = 0;
            }
            _ => stored += rest,
        }
    }
    stored
}

fn port_at_the_start(text: &str) -> &str {
    &text[..text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_stored_without_the_id_of_its_thread() {
        let stored_as = |line: &str| stored(line).trim_end().to_string();
        assert_eq!(
            stored_as("server  thread 'main' (4711) panicked at a.rs:1:2:"),
            "server  thread 'main' panicked at a.rs:1:2:"
        );
        for same in
            ["server  thread 'main' panicked at a.rs:1:2:", "it's (4711) panicked", "thread 'main' (x) panicked"]
        {
            assert_eq!(stored_as(same), same);
        }
    }

    #[test]
    fn an_address_with_a_name_is_replaced_and_no_other() {
        let mut names = Names::default();
        names.insert("alice", "127.0.0.1:4000");
        let text = ":9 accept(3) = 4, 127.0.0.1:4000\t{3 listening, 4 127.0.0.1:4000, 5 127.0.0.1:40001}";
        let named = ":9 accept(3) = 4, alice\t{3 listening, 4 alice, 5 127.0.0.1:40001}";
        assert_eq!(names.put_into(text), named);
    }

    #[test]
    fn an_address_has_the_name_that_was_given_or_stored_or_its_port() {
        let mut names = Names::default();
        names.insert("alice", "127.0.0.1:4000");
        for (address, name) in [
            ("127.0.0.1:4000", Some("alice")),
            ("127.0.0.1:<bob>", Some("bob")),
            ("127.0.0.1:<port>", Some("client")),
            ("127.0.0.1:4001", Some(":4001")),
            ("[::1]:9", Some(":9")),
            ("listening", None),
            ("a:9", None),
        ] {
            assert_eq!(names.of(address).as_deref(), name, "{address}");
        }
        assert_eq!(names.put_into("recv(4) = 127.0.0.1:<bob>, 127.0.0.1:<port>"), "recv(4) = bob, 127.0.0.1:<port>");
    }

    #[test]
    fn what_is_stored_has_no_ports() {
        let text = "alice   connects from 127.0.0.1:40001\nserver  from 127.0.0.1:40001, not 127.0.0.1:9\n";
        let stored_text =
            "alice   connects from 127.0.0.1:<alice>\nserver  from 127.0.0.1:<alice>, not 127.0.0.1:<port>\n";
        assert_eq!(stored(text), stored_text);
        assert_eq!(stored("bind(3, 127.0.0.1:0) = 0"), "bind(3, 127.0.0.1:0) = 0\n");
        assert_eq!(stored("a 127.0.0.1:12345          {3}"), "a 127.0.0.1:<port>         {3}\n");
    }
}
