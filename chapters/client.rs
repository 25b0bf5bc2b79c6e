//! The client of the story: connect, send one message, read one reply, print it,
//! close. Nothing in it is wrong. It takes an address and a message: `client [ADDR]
//! [MESSAGE]`.

use std::ffi::OsString;
use std::process::ExitCode;

use close_call::command::args::{self, DEFAULT_ADDRESS, Wrong};
use close_call::command::style;
use close_call::net::text::printable_lines;
use close_call::net::{Address, Socket};

const HELP: &str = "\
client [ADDR] [MESSAGE]: sends a message to a server, and prints the reply.
Unless told otherwise, it sends \"Hello, server!\" to 127.0.0.1:50000.";

fn main() -> ExitCode {
    style::end_with_the_output();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let is_option = |argument: &OsString| argument.to_string_lossy().starts_with('-');
    if arguments.len() > 2 || arguments.first().is_some_and(is_option) {
        let right = "client takes [ADDR] [MESSAGE], in this order, and nothing else";
        return Wrong(right.into()).refuse();
    }
    let address = arguments.first().cloned().unwrap_or_else(|| DEFAULT_ADDRESS.into());
    let address = match args::address(&address) {
        Ok(address) => address,
        Err(wrong) => return wrong.refuse(),
    };
    let message = arguments.get(1).map(|message| message.to_string_lossy());
    let message = message.unwrap_or("Hello, server!".into());
    if message.is_empty() {
        let right = "the message is empty; \"Hello, server!\" would do";
        return Wrong(right.into()).refuse();
    }
    match ask(&address, &message) {
        Ok(reply) => {
            println!("Received from server: {reply}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn ask(
    address: &Address,
    message: &str,
) -> Result<String, Box<dyn std::error::Error>> {
    let socket = Socket::new(address)?;
    socket.connect(address)?;

    // A send may take only a part, and says how much.
    let mut rest = message.as_bytes();
    while !rest.is_empty() {
        rest = &rest[socket.send(rest)?..];
    }

    let mut buffer = [0; 1024];
    let n = socket.recv(&mut buffer)?;
    if n == 0 {
        return Err("recv: the server closed the connection and sent no reply".into());
    }
    // What a server says may hold anything, even what changes a terminal.
    Ok(printable_lines(&buffer[..n]))
    // The socket is closed here, because its owner goes out of scope.
}
