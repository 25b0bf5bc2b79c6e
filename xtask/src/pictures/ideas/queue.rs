//! What the kernel holds for a connection until the server asks: bytes, and behind them the end (FIN) or a reset (RST); and
//! what the server's calls returned, one run below the other.

use crate::pictures::hues::Hues;
use crate::pictures::part::Part;
use crate::pictures::shapes::{Shapes, arrow};
use crate::pictures::svg::{Anchor, Svg, width};
use crate::trace::{Owner, What};

const ROW: f64 = 62.0;
const TOP: f64 = 26.0;
const QUEUE: f64 = 204.0;

/// Draws runs, one below the other: each is its first client's.
pub fn draw(parts: &[Part]) -> Result<Shapes, String> {
    let mut svg = Svg::default();
    svg.text("small", (8.0, TOP - 10.0), Anchor::Start, "the client");
    svg.text("small", (QUEUE, TOP - 10.0), Anchor::Start, "in the kernel");
    svg.text("small", (QUEUE + 220.0, TOP - 10.0), Anchor::Start, "what the server's calls return");
    let mut widest: f64 = 0.0;
    for (row, part) in parts.iter().enumerate() {
        let trace = &part.trace;
        let who = trace.clients().first().map(|name| name.to_string()).ok_or("no client is in this run")?;
        let class = Hues::of(trace).client(&who);
        let events = trace.steps.iter().flat_map(|step| &step.before);
        let mut sent = Vec::new();
        let mut did = Vec::new();
        let mut reset = None;
        for event in events {
            let What::Act { who: actor, call, args } = &event.what else { continue };
            if *actor != who {
                continue;
            }
            match (call.as_str(), args.as_str()) {
                ("connect", _) => did.push("connects"),
                ("send", text) => {
                    did.push("sends");
                    sent.push((format!("{} bytes", text.len()), "mark"));
                }
                ("close", "reset") => {
                    did.push("resets");
                    reset = Some(event.place);
                }
                ("close", _) => {
                    did.push("closes");
                    sent.push(("FIN".to_string(), "plain"));
                }
                _ => return Err(format!("{who} does {call}, which this figure does not show")),
            }
        }
        let tenure = trace.tenures.iter().position(|tenure| tenure.owner == Owner::Client(who.clone()));
        let tenure = tenure.ok_or_else(|| format!("{who} is never accepted"))?;
        let top = TOP + ROW * row as f64;
        let middle = top + 20.0;
        svg.text("", (8.0, middle + 4.5), Anchor::Start, &format!("{who} {}", did.join(", ")));
        // The head of the queue is on the right, where the server takes from it.
        let mut x = QUEUE + 180.0;
        for (text, kind) in &sent {
            let wide = width(text, 12.0) + 16.0;
            x -= wide;
            let class = if *kind == "mark" { format!("mark {class}") } else { kind.to_string() };
            svg.rect(&class, (x, top + 7.0), (wide - 2.0, 26.0), 3.0);
            let class = if *kind == "mark" { "name" } else { "call" };
            svg.text(class, (x + wide / 2.0 - 1.0, middle + 4.5), Anchor::Middle, text);
        }
        // A reset does not wait behind the bytes: it ends the connection, whose bytes can still be read.
        let rails = if reset.is_some() { "stale" } else { "shut" };
        for y in [top + 3.0, top + 37.0] {
            svg.line(rails, (QUEUE, y), (QUEUE + 182.0, y));
        }
        if let Some(place) = reset {
            svg.text("call bad", (QUEUE + 6.0, middle + 4.5), Anchor::Start, "RST");
            if trace.tenures[tenure].opened.is_some_and(|opened| place < trace.steps[opened].place) {
                svg.text("small", (8.0, middle + 20.0), Anchor::Start, "before it is accepted");
            }
        }
        arrow(&mut svg, "acts", (QUEUE + 184.0, middle), (QUEUE + 212.0, middle));

        let mut x = QUEUE + 220.0;
        let mut told = Vec::new();
        for (index, step) in trace.steps.iter().enumerate() {
            let opens = trace.tenures[tenure].opened == Some(index);
            let about = step.fd.is_some_and(|fd| trace.held_before(index, fd) == Some(tenure));
            if !(opens || about && ["recv", "getpeername", "send"].contains(&step.call.as_str())) {
                continue;
            }
            // An answer that was given before, to the same question, says nothing new.
            let text = match &step.result {
                Ok(value) => (format!("{} = {value}", step.call), false),
                Err(error) => (format!("{}: {error}", step.call), true),
            };
            if told.contains(&text) || step.call == "getpeername" && step.result.is_ok() {
                continue;
            }
            told.push(text);
        }
        for (text, bad) in told {
            let line = if bad { "call bad" } else { "call" };
            svg.text(line, (x, middle + 4.5), Anchor::Start, &text);
            x += width(&text, 12.0) + 16.0;
        }
        widest = widest.max(x);
    }
    Ok(Shapes { shapes: svg.shapes(), size: (widest + 4.0, TOP + ROW * parts.len() as f64 - 14.0) })
}
