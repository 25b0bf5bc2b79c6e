//! What the kernel holds for a connection until the server asks: bytes, and behind them the end (FIN) or a reset (RST); and
//! what the server's calls returned, one run below the other.

use crate::hues::Hues;
use crate::part::Part;
use crate::shapes::{Shapes, arrow};
use crate::svg::{Anchor, Svg, width};
use crate::trace::{Owner, Trace};
use close_call::probe::act::Act;
use close_call::probe::record::Record;

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
        let tenure = trace.tenures.iter().position(|tenure| tenure.owner == Owner::Client(who.clone()));
        let tenure = tenure.ok_or_else(|| format!("{who} is never accepted"))?;
        let did = Did::of(trace, &who)?;
        let top = TOP + ROW * row as f64;
        let middle = top + 20.0;
        svg.text("", (8.0, middle + 4.5), Anchor::Start, &format!("{who} {}", did.words.join(", ")));
        kernel(&mut svg, top, &did, Hues::of(trace).client(&who));
        if let (Some(place), Some(opened)) = (did.reset, trace.tenures[tenure].opened)
            && place < trace.steps[opened].place
        {
            svg.text("small", (8.0, middle + 20.0), Anchor::Start, "before it is accepted");
        }
        arrow(&mut svg, "acts", (QUEUE + 184.0, middle), (QUEUE + 212.0, middle));
        let mut x = QUEUE + 220.0;
        for (text, bad) in returned(trace, tenure) {
            svg.text(if bad { "call bad" } else { "call" }, (x, middle + 4.5), Anchor::Start, &text);
            x += width(&text, 12.0) + 16.0;
        }
        widest = widest.max(x);
    }
    Ok(Shapes { shapes: svg.shapes(), size: (widest + 4.0, TOP + ROW * parts.len() as f64 - 14.0) })
}

/// What a client did.
#[derive(Default)]
struct Did {
    words: Vec<&'static str>,
    /// How many bytes it sent, each time; `None` for the end.
    sent: Vec<Option<usize>>,
    /// Where in the trace it reset the connection.
    reset: Option<usize>,
}

impl Did {
    fn of(trace: &Trace, who: &str) -> Result<Did, String> {
        let mut did = Did::default();
        for event in trace.steps.iter().flat_map(|step| &step.before) {
            let Record::Did(_, act) = &event.what else { continue };
            if event.what.who() != who {
                continue;
            }
            did.words.push(match act {
                Act::Connect(_) => "connects",
                Act::Send(text) => {
                    did.sent.push(Some(text.len()));
                    "sends"
                }
                Act::Reset => {
                    did.reset = Some(event.place);
                    "resets"
                }
                Act::Close => {
                    did.sent.push(None);
                    "closes"
                }
                act => return Err(format!("{who} {}, which this figure does not show", act.words())),
            });
        }
        Ok(did)
    }
}

/// The queue of a connection. Its head is on the right, where the server takes from it.
fn kernel(svg: &mut Svg, top: f64, did: &Did, client: &str) {
    let middle = top + 20.0;
    let mut x = QUEUE + 180.0;
    for sent in &did.sent {
        let (text, shape, line) = match sent {
            Some(bytes) => (format!("{bytes} bytes"), format!("mark {client}"), "name"),
            None => ("FIN".to_string(), "plain".to_string(), "call"),
        };
        let wide = width(&text, 12.0) + 16.0;
        x -= wide;
        svg.rect(&shape, (x, top + 7.0), (wide - 2.0, 26.0), 3.0);
        svg.text(line, (x + wide / 2.0 - 1.0, middle + 4.5), Anchor::Middle, &text);
    }
    // A reset does not wait behind the bytes: it ends the connection, whose bytes can still be read.
    let rails = if did.reset.is_some() { "stale" } else { "shut" };
    for y in [top + 3.0, top + 37.0] {
        svg.line(rails, (QUEUE, y), (QUEUE + 182.0, y));
    }
    if did.reset.is_some() {
        svg.text("call bad", (QUEUE + 6.0, middle + 4.5), Anchor::Start, "RST");
    }
}

/// What the server's calls about a connection returned, and whether that is an error.
fn returned(trace: &Trace, tenure: usize) -> Vec<(String, bool)> {
    let mut told = Vec::new();
    for (index, step) in trace.steps.iter().enumerate() {
        let opens = trace.tenures[tenure].opened == Some(index);
        let about = step.fd.is_some_and(|fd| trace.held_before(index, fd) == Some(tenure));
        if !(opens || about && ["recv", "getpeername", "send"].contains(&step.call.as_str())) {
            continue;
        }
        let text = match &step.result {
            Ok(value) => (format!("{} = {value}", step.call), false),
            Err(error) => (format!("{}: {error}", step.call), true),
        };
        // An answer that was given before, to the same question, says nothing new.
        if !told.contains(&text) && (step.call != "getpeername" || step.result.is_err()) {
            told.push(text);
        }
    }
    told
}
