// node main.js BOOK CHROMIUM OUT [TEXT]: tests the built book in a browser, or those tests whose name has TEXT in it.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { Run, add } = require("./harness.js");

const [book, executable, out, filter = ""] = process.argv.slice(2);

// 404.html is shown by a web server, at any address: it names all it needs from the server's root. toc.html is the
// frame of a page without JavaScript.
const NOT_OPENED = ["404.html", "toc.html"];

/** The HTML files under a folder. */
const pages = (folder, prefix = "") => fs.readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    if (entry.isDirectory()) return pages(path.join(folder, entry.name), `${prefix}${entry.name}/`);
    return entry.name.endsWith(".html") ? [`${prefix}${entry.name}`] : [];
}).filter(file => !NOT_OPENED.includes(file)).sort();

const run = new Run({ book: path.resolve(book), out: path.resolve(out), executable, filter });
add(run);
require("./every-page.js").add(run, pages(book));
require("./book.js").add(run);
require("./steps.js").add(run);
run.run().then(well => process.exit(well ? 0 : 1));
