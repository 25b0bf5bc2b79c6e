//! The code, the lanes and the table.

use super::question::Question;
use super::rows::{HEADS, Rows};
use maud::{Markup, PreEscaped, html};
use pictures::excerpt::Excerpt;
use pictures::lanes::draw::{Limits, draw};
use pictures::lanes::show;
use pictures::part::Part;
use pictures::svg::number;
use std::collections::BTreeSet;

/// More steps than these nobody goes through.
const LIMITS: Limits = Limits { calls: 60, lanes: 8 };

/// The part of a program from which a stretch makes its calls: whole items, such as functions.
pub fn called<'a>(part: &Part, program: &Excerpt<'a>) -> Result<Excerpt<'a>, String> {
    let lines: BTreeSet<usize> = part.calls().map(|(_, step)| step.line).collect();
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
        return Err("no call is in this stretch".to_string());
    };
    if *first == 0 || *last > program.last() {
        return Err(format!("a call is made in line {last}, and the program has {} lines", program.last()));
    }
    let begins = |line: &&str| line.starts_with(|c: char| c.is_alphabetic());
    let start = program.lines[..*first].iter().rposition(begins).unwrap_or(0);
    let length =
        program.lines[*last - 1..].iter().position(|line| line.starts_with('}')).map_or(1, |length| length + 1);
    let end = (*last - 1 + length).min(program.lines.len());
    Ok(Excerpt { first: start + 1, lines: program.lines[start..end].to_vec() })
}

/// The lines that make a call, and those that open the blocks around them; not the first, of which the caption says where
/// it is.
fn kept(code: &Excerpt, called: &BTreeSet<usize>) -> BTreeSet<usize> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut kept = called.clone();
    for call in called {
        let mut inner = indent(code.lines[call - code.first]);
        for number in (code.first + 1..*call).rev() {
            let line = code.lines[number - code.first];
            if !line.trim().is_empty() && !line.trim_start().starts_with('}') && indent(line) < inner {
                inner = indent(line);
                kept.insert(number);
            }
        }
    }
    kept
}

/// The code, numbered. The script folds what has the class `more`, and shows that something is folded before what has
/// `gap`.
fn touched(code: &Excerpt, called: &BTreeSet<usize>) -> Markup {
    let kept = kept(code, called);
    let class = |number: usize| {
        let gap = kept.range(..number).next_back().is_some_and(|before| before + 1 < number);
        match (kept.contains(&number), called.contains(&number), gap) {
            (false, ..) => Some("more"),
            (_, true, true) => Some("called gap"),
            (_, true, false) => Some("called"),
            (_, false, true) => Some("gap"),
            (_, false, false) => None,
        }
    };
    html! {
        pre class="numbered" {
            code class="language-rust ignore" {
                @for (number, line) in code.numbered() { span data-line=(number) class=[class(number)] { (line) "\n" } }
            }
        }
    }
}

/// The figure, with no blank line in it, so that Markdown takes all of it for HTML. `chapter` is the number that begins the
/// `id`s.
pub fn html(
    part: &Part,
    code: &Excerpt,
    caption: &Markup,
    chapter: &str,
    questions: &[Question],
) -> Result<String, String> {
    let drawing = draw(part, LIMITS)?;
    let rows = Rows::of(part, &format!("step-{chapter}-"));
    let asked = questions.iter().map(|question| Ok::<_, String>((rows.asked_at(&question.at)?, question)));
    let asked = asked.collect::<Result<Vec<_>, String>>()?;
    let label = format!("{}, call by call", part.name());
    let lanes = show::framed(part, &drawing, &format!("in-{chapter}-steps"), |framed| framed.html(None));
    // The script moves it over what is later. On paper, and without the script, it is beside the picture.
    let cover = format!(
        "<rect class=\"rest\" x=\"{width}\" width=\"{width}\" height=\"{}\" stroke=\"none\"/>\n</svg>",
        number(drawing.height),
        width = number(drawing.width)
    );
    let lanes = PreEscaped(lanes.replacen("</svg>", &cover, 1));
    let lines: BTreeSet<usize> = part.calls().map(|(_, step)| step.line).collect();
    let rows = rows.html(&drawing.ends, drawing.width, &asked)?;
    let html = html! {
        figure class="steps" role="group" aria-label=(label) {
            "\n" (lanes) "\n" (caption) "\n" (touched(code, &lines)) "\n"
            // Laid out as cards, which some browsers would not take for the rows of a table.
            table role="table" aria-label=(label) {
                "\n"
                thead { tr role="row" { @for head in HEADS { th role="columnheader" scope="col" { (head) } } } }
                "\n"
                tbody { "\n" (rows) }
            }
            "\n"
        }
    };
    Ok(html.into_string())
}
