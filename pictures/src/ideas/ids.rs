//! Chapter 9: an id names a connection, which owns a socket, which is a descriptor. An id whose connection is gone leads
//! nowhere, even where its number is another's by now.
//!
//! The ids are not in the trace. The program gives them out in the order of accept, from 1.

use crate::hues::Hues;
use crate::part::Part;
use crate::shapes::{CHIP, Shapes, arrow, chip, cross};
use crate::svg::{Anchor, Svg, width};
use crate::trace::Owner;

const ROW: f64 = 40.0;
const TOP: f64 = 30.0;
const COLUMNS: [(f64, f64, &str); 4] =
    [(8.0, 60.0, "id"), (118.0, 104.0, "connection"), (272.0, 84.0, "socket"), (406.0, 92.0, "descriptor")];

/// Draws what there is after the last call of a stretch.
pub fn draw(part: &Part) -> Result<Shapes, String> {
    let trace = &part.trace;
    let hues = Hues::of(trace);
    let last = part.calls().last().map(|(index, _)| index).ok_or("no call is in this stretch")?;
    let accepted = trace.tenures.iter().filter(|tenure| {
        matches!(tenure.owner, Owner::Client(_)) && tenure.opened.is_some_and(|opened| opened <= last)
    });
    let accepted: Vec<_> = accepted.collect();
    if accepted.is_empty() || accepted.len() > 6 {
        return Err(format!("{} clients were accepted, where one to six can be shown", accepted.len()));
    }
    let marks = trace.wait_of(last).and_then(|wait| Some((wait, trace.steps[wait].said.as_ref()?)));
    let mut svg = Svg::default();
    for (x, wide, title) in COLUMNS {
        svg.text("small", (x + wide / 2.0, TOP - 12.0), Anchor::Middle, title);
    }
    for (row, tenure) in accepted.iter().enumerate() {
        let (id, name) = (row + 1, tenure.owner.name());
        let class = hues.owner(&tenure.owner);
        let y = TOP + ROW * row as f64;
        let middle = y + CHIP / 2.0 + 4.0;
        let [(id_x, id_wide, _), (connection_x, connection_wide, _), (socket_x, socket_wide, _), (fd_x, _, _)] =
            COLUMNS;
        let boxed = |svg: &mut Svg, x: f64, wide: f64, text: &str| {
            svg.rect(&format!("mark {class}"), (x, y), (wide, CHIP + 8.0), 3.0);
            svg.text("name", (x + wide / 2.0, middle + 4.5), Anchor::Middle, text);
        };
        boxed(&mut svg, id_x, id_wide, &format!("id {id}"));
        if tenure.closed.is_some_and(|closed| closed <= last) {
            arrow(&mut svg, "stale", (id_x + id_wide + 3.0, middle), (connection_x - 4.0, middle));
            svg.path("cross", &cross(connection_x + 6.0, middle));
            let listed = marks.and_then(|(wait, said)| {
                let held = trace.steps[wait].fds.get(&tenure.fd).map(|held| &trace.tenures[*held]);
                if held != Some(tenure) {
                    return None;
                }
                let lists: Vec<&str> = said.of(tenure.fd).map(|list| list.word()).collect();
                Some(lists.join(" and "))
            });
            let text = match listed {
                Some(lists) if !lists.is_empty() => format!("still in {lists}, but no connection has it"),
                _ => "no connection has it".to_string(),
            };
            svg.text("bad", (connection_x + 20.0, middle + 4.5), Anchor::Start, &text);
            continue;
        }
        boxed(&mut svg, connection_x, connection_wide, name);
        boxed(&mut svg, socket_x, socket_wide, "Socket");
        arrow(&mut svg, "acts", (id_x + id_wide + 3.0, middle), (connection_x - 2.0, middle));
        arrow(&mut svg, "acts", (connection_x + connection_wide + 3.0, middle), (socket_x - 2.0, middle));
        arrow(&mut svg, "acts", (socket_x + socket_wide + 3.0, middle), (fd_x + 32.0, middle));
        chip(&mut svg, class, (fd_x + 36.0, y + 4.0), &tenure.fd.to_string());
        let before = accepted[..row].iter().find(|before| before.fd == tenure.fd);
        if let Some(before) = before {
            let text = format!("was {}'s", before.owner.name());
            svg.text("small", (fd_x + 36.0 + CHIP + 6.0, middle + 4.0), Anchor::Start, &text);
        }
    }
    let right = 406.0 + 36.0 + CHIP + 16.0 + width("was alice's", 11.0);
    Ok(Shapes { shapes: svg.shapes(), size: (right.max(560.0), TOP + ROW * accepted.len() as f64) })
}
