//! The language of scripts: what is printed is read, and what is made up makes sense.

use std::collections::BTreeSet;
use std::path::Path;

use close_call::probe::act::Act;
use close_call::probe::probes::PROBES;
use close_call::probe::script::random::Random;
use close_call::probe::script::{PHRASES, Script};

fn read(text: &str) -> Script {
    Script::read(Path::new("a.probe"), text).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

#[test]
fn what_is_made_up_makes_sense_and_is_read_as_it_is_printed() {
    let also = [b"QUIT \"now\"\\\r\n#,\xff".to_vec()];
    let mut deeds = BTreeSet::new();
    for script in Random::new(1, &also, false).take(2_000) {
        let again = read(&script.to_string());
        assert_eq!(again.turns, script.turns, "{script}");
        deeds.extend(script.turns.into_iter().map(|turn| turn.deed.to_string()));
    }
    assert!(deeds.len() == 12, "all that clients do: {deeds:?}");
    let first = |seed| Random::new(seed, &[], false).take(20).collect::<Vec<_>>();
    assert_eq!(first(7), first(7));
    assert_ne!(first(7), first(8));
}

#[test]
fn what_is_simpler_is_shorter_or_simpler_and_makes_sense() {
    let mut random = Random::new(3, &[], false);
    for script in random.by_ref().take(50).collect::<Vec<_>>() {
        for simpler in random.simpler(&script) {
            assert_ne!(simpler.turns, script.turns);
            assert!(simpler.turns.len() <= script.turns.len(), "{script}\n{simpler}");
            assert_eq!(read(&simpler.to_string()).turns, simpler.turns);
        }
    }
}

/// With a promise that only a pass of three clients breaks, in place of a server.
#[test]
fn a_script_is_shortened_until_nothing_can_be_left_out() {
    let breaks = |script: &Script| {
        let text = script.to_string();
        text.lines().any(|line| line.contains("sends") && line.contains("resets") && line.ends_with("all in one pass"))
    };
    let mut random = Random::new(5, &[], false);
    for mut script in random.by_ref().filter(breaks).take(10).collect::<Vec<_>>() {
        while let Some(simpler) = random.simpler(&script).into_iter().find(breaks) {
            script = simpler;
        }
        let text = script.to_string();
        assert!(script.turns.len() <= 4, "{text}");
        assert!(text.starts_with("alice "), "{text}");
    }
}

#[test]
fn the_words_of_a_transcript_are_read() {
    for act in [Act::SendUrgent, Act::ReadEnd, Act::ShutDownWriting, Act::Close, Act::CloseUnread, Act::Reset] {
        let text = format!("alice connects from 127.0.0.1:40001\nalice sends {:?}\nalice {}", "Hello", act.words());
        assert_eq!(read(&text).turns.len(), 3);
    }
}

#[test]
fn a_script_is_what_it_says_however_it_is_laid_out() {
    let one_line = read("# x: y\nalice connects\nalice sends, alice closes, all in one pass\nbob is served");
    let block = "\u{feff}# x: y\r\n   alice  connects # a comment, with a comma\r\n   in one pass:\r\n      alice sends\r\n\
                 \r\n      alice closes\r\n\r\n   bob is  served\r\n";
    assert_eq!(read(block), one_line);
    assert_eq!((one_line.name.as_str(), one_line.what.as_str()), ("x", "y"));
    assert_eq!(read("alice connects").name, "a", "the file's name");
    assert_eq!(read("# not a name: alice\nalice connects").name, "a");
    let texts = read("alice connects\nalice sends \"a, \\\"b\\\" # \\\\\"\nalice gets \"\\x00\\r\\n\"");
    assert_eq!(texts.to_string(), "alice connects\nalice sends \"a, \\\"b\\\" # \\\\\"\nalice gets \"\\0\\r\\n\"\n");
}

#[test]
fn every_probe_in_words_says_so_in_its_file() {
    for probe in PROBES.iter().filter(|probe| probe.words().is_some()) {
        let script = read(probe.words().unwrap());
        assert_eq!((&script.name[..], &script.what[..]), (probe.name, probe.clients));
        assert!(!probe.sound.is_empty() && !probe.sound.contains('\n'), "{}", probe.name);
        assert_eq!(script.goes(), probe.again().is_some(), "{}", probe.name);
    }
    let asks: Vec<&str> = PROBES.iter().filter(|probe| probe.asks()).map(|probe| probe.name).collect();
    let wanted = "impatient half-close rude unread send-then-reset ask-then-reset-in-queue stranger stampede";
    assert_eq!(asks.join(" "), wanted);
}

/// The page lists each of them.
#[test]
fn the_grammar_on_the_page_is_the_language() {
    let page = std::fs::read_to_string("book/src/script.md").unwrap();
    let table = page.lines().filter_map(|line| line.strip_prefix("| `alice ")?.split_once('`'));
    let shown: Vec<&str> = table.map(|(words, _)| words).collect();
    for (_, words, _) in &PHRASES {
        assert!(shown.contains(words), "{words} is not in {shown:?}");
    }
    for words in shown {
        let before = if words == "connects" || words == "is served" { "" } else { "alice connects\n" };
        let of_a_reply = words == "gets a reply" || words.starts_with("closes without");
        let before = if of_a_reply { "alice connects\nalice sends\n" } else { before };
        read(&format!("{before}alice {words}"));
    }
}
