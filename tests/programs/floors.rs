//! The library has three floors, and each file uses only what is below it. xtask has rooms, few enough to be remembered.
//! In both there is no circle, neither of files nor of folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The floors, from the lowest up.
const FLOORS: [&str; 3] = ["net", "probe", "command"];

/// How many rooms xtask may have at the top, and on how many floors.
const ROOMS_OF_XTASK: (usize, usize) = (10, 6);

/// Every module of a crate by its path (`net::select`, and `` for the root), with the modules that it names.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn graph(folder: &str) -> Graph {
    let mut files = Vec::new();
    collect(Path::new(folder), &[], &mut files);
    let modules: BTreeSet<String> = files.iter().map(|(module, _)| module.clone()).collect();
    let uses = |(module, text): &(String, String)| {
        let named = named(text, module).into_iter().filter_map(|path| longest(&path, &modules));
        (module.clone(), named.filter(|named| named != module).collect())
    };
    files.iter().map(uses).collect()
}

fn collect(folder: &Path, prefix: &[&str], files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        // Tests use what they test, and a book to test it with.
        if name == "tests" || name == "tiny" {
            continue;
        }
        if path.is_dir() {
            collect(&path, &[prefix, &[&name]].concat(), files);
            continue;
        }
        let module = match &name[..] {
            "mod" | "lib" | "main" => prefix.join("::"),
            _ => [prefix, &[&name]].concat().join("::"),
        };
        files.push((module, fs::read_to_string(&path).unwrap()));
    }
}

/// The paths in a file that begin with `crate::`, `super::` or `self::`, written from the crate's root. Tests and comments
/// are left out.
fn named(text: &str, module: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code: String = code.lines().map(|line| line.split("//").next().unwrap().to_string() + "\n").collect();
    let mut paths = Vec::new();
    for (mark, base) in [("crate::", String::new()), ("super::", parent(module)), ("self::", module.to_string())] {
        for (at, _) in code.match_indices(mark) {
            let before = code[..at].chars().next_back();
            if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':') {
                paths.extend(expand(&base, &code[at + mark.len()..]));
            }
        }
    }
    // In a module that has children, their names alone are paths as well: `use keeper::Keeper;`.
    for line in code.lines() {
        let path = line.trim_start_matches("pub ").strip_prefix("use ");
        if let Some(path) = path.filter(|path| !path.starts_with("crate::") && !path.starts_with("super::")) {
            paths.extend(expand(module, path));
        }
    }
    paths
}

/// `a::{b, c::D}` as `a::b` and `a::c::D`.
fn expand(base: &str, text: &str) -> Vec<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).unwrap_or(text.len());
    let path = text[..end].trim_end_matches(':');
    let base = match (base, path) {
        (base, "") => base.to_string(),
        ("", path) => path.to_string(),
        (base, path) => format!("{base}::{path}"),
    };
    let Some(list) = text[end..].strip_prefix('{') else { return vec![base] };
    let (mut depth, mut from, mut items) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                items.push(&list[from..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&list[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    let items = items.into_iter().map(str::trim).filter(|item| !item.is_empty());
    items.flat_map(|item| if item == "self" { vec![base.clone()] } else { expand(&base, item) }).collect()
}

fn parent(module: &str) -> String {
    module.rsplit_once("::").map_or(String::new(), |(parent, _)| parent.to_string())
}

/// The longest module that a path begins with; the root, and a `mod.rs` that only lists its children, do not count.
fn longest(path: &str, modules: &BTreeSet<String>) -> Option<String> {
    let mut path = path.to_string();
    while !path.is_empty() {
        if modules.contains(&path) {
            return Some(path);
        }
        path = parent(&path);
    }
    None
}

/// A circle, as the modules along it, if there is one.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn visit(module: &str, graph: &Graph, path: &mut Vec<String>, done: &mut BTreeSet<String>) -> Option<Vec<String>> {
        if let Some(at) = path.iter().position(|known| known == module) {
            return Some(path[at..].to_vec());
        }
        if !done.insert(module.to_string()) {
            return None;
        }
        path.push(module.to_string());
        for next in graph.get(module).into_iter().flatten() {
            if let Some(circle) = visit(next, graph, path, done) {
                return Some(circle);
            }
        }
        path.pop();
        None
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|module| visit(module, graph, &mut Vec::new(), &mut done))
}

/// What the files and folders of a folder, given by its path (`` for the root), use of each other. The folder's own
/// `mod.rs` is not one of them; of the root it is `main`.
fn rooms(graph: &Graph, folder: &str) -> Graph {
    let room = |module: &str| {
        let inside = match folder {
            "" => module,
            folder => module.strip_prefix(folder)?.strip_prefix("::")?,
        };
        Some(inside.split("::").next().filter(|name| !name.is_empty()).unwrap_or("main").to_string())
    };
    let mut rooms = Graph::new();
    for (module, used) in graph {
        if let Some(name) = room(module) {
            let others = used.iter().filter_map(|used| room(used)).filter(|used| *used != name);
            rooms.entry(name.clone()).or_default().extend(others);
        }
    }
    rooms
}

/// On which floor a room is, the lowest being 1: above all that it uses.
fn floor_of(room: &str, rooms: &Graph) -> usize {
    1 + rooms[room].iter().map(|used| floor_of(used, rooms)).max().unwrap_or(0)
}

#[test]
fn each_floor_uses_only_those_below_it() {
    let graph = graph("src");
    let floor = |module: &str| FLOORS.iter().position(|floor| module.split("::").next() == Some(floor));
    let mut seen = 0;
    for (module, used) in &graph {
        for used in used {
            if let (Some(ours), Some(theirs)) = (floor(module), floor(used)) {
                assert!(theirs <= ours, "{module} is on the floor {}, and uses {used}", FLOORS[ours]);
                seen += usize::from(theirs < ours);
            }
        }
    }
    assert!(seen > 20, "the imports are found: {seen}");
    assert!(graph.keys().all(|module| module.is_empty() || floor(module).is_some()), "every module is on a floor");
}

#[test]
fn there_is_no_circle() {
    for root in ["src", "pictures/src", "xtask/src"] {
        let graph = graph(root);
        assert!(graph.len() > 5, "the modules of {root} are found");
        assert_eq!(circle(&graph), None, "of files in {root}");
        let folders: BTreeSet<String> = graph.keys().map(|module| parent(module)).collect();
        for folder in folders {
            assert_eq!(circle(&rooms(&graph, &folder)), None, "in {root}, of what is in the folder `{folder}`");
        }
    }
}

#[test]
fn xtask_has_few_rooms_on_few_floors() {
    let rooms = rooms(&graph("xtask/src"), "");
    let (most_rooms, most_floors) = ROOMS_OF_XTASK;
    let names: Vec<&String> = rooms.keys().collect();
    assert!(rooms.len() > 5 && rooms.len() <= most_rooms, "{} rooms: {names:?}", rooms.len());
    let floors = floor_of("main", &rooms);
    assert!(floors > 2 && floors <= most_floors, "{floors} floors: {rooms:?}");
}

/// So that whoever opens a folder knows what is in it.
#[test]
fn every_folder_begins_with_a_sentence_that_says_what_is_in_it() {
    fn folders(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        // A folder with nothing but tests belongs to the file of the same name.
        if files.iter().any(|file| !file.ends_with("tests.rs")) {
            found.push(folder.to_path_buf());
        }
        files.iter().filter(|file| file.is_dir()).for_each(|file| folders(file, found));
    }
    let mut found = Vec::new();
    folders(Path::new("src"), &mut found);
    folders(Path::new("pictures/src"), &mut found);
    folders(Path::new("xtask/src"), &mut found);
    assert!(found.len() > 10, "{found:?}");
    for folder in found {
        let files = ["mod.rs", "lib.rs", "main.rs"].map(|name| folder.join(name));
        let file = files.iter().find(|file| file.exists());
        let text = file.map(|file| fs::read_to_string(file).unwrap()).unwrap_or_default();
        let first: Vec<&str> = text.lines().take_while(|line| line.starts_with("//! ")).collect();
        assert!(first.last().is_some_and(|line| line.ends_with(['.', ':'])), "{}: {first:?}", folder.display());
    }
}

#[test]
fn a_circle_is_seen() {
    let uses = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<BTreeSet<String>>();
    let mut graph: Graph =
        [("a".to_string(), uses(&["b"])), ("b".to_string(), uses(&["c"])), ("c".into(), uses(&[]))].into();
    assert_eq!(circle(&graph), None);
    graph.insert("c".into(), uses(&["a"]));
    assert_eq!(circle(&graph).unwrap(), ["a", "b", "c"]);
    let text = "use super::{a, b::{C, d}};\nuse crate::x::Y;\n#[cfg(test)]\nmod tests {\nuse super::*;\n}";
    let mut found = named(text, "m::n");
    found.sort();
    assert_eq!(found, ["m::a", "m::b::C", "m::b::d", "x::Y"]);
}
