// Runs tests in a browser, some at a time, and keeps a picture of each page on which one failed.
//
// A test is a name and a function, which is given the tabs in which it opens pages. What holds for every page holds in
// every test: a page that asks another host for something, or that says something in the console, fails the test.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");

// More would only wait for the two processors of a small machine.
const AT_A_TIME = 2;
// In milliseconds. Far more than any of them takes, on a busy machine too.
const PATIENCE = 180_000;
// The same, for a page or the browser to close, and for a picture.
const CLOSING = 30_000;

/** Thrown by a test that cannot be run here. */
class LeftOut extends Error {}

/** Where a fault is on the page: `at` is a selector, which the picture shows outlined. */
class Faults extends Error {
    constructor(faults) {
        const shown = faults.slice(0, 8).map(fault => fault.at ? `${fault.what}  at ${fault.at}` : fault.what);
        if (faults.length > 8) shown.push(`and ${faults.length - 8} more`);
        super(shown.join("\n"));
        this.places = faults.map(fault => fault.at).filter(Boolean);
    }
}

/** Fails when there is any fault; each has `what`, and may have `at`. */
function none(faults) {
    if (faults.length > 0) throw new Faults(faults);
}

/** Waits for a promise, but no longer than so many milliseconds. */
async function within(milliseconds, promise, what) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what} after ${milliseconds / 1000} s`)), milliseconds);
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
    }
}

class Run {
    constructor({ book, out, executable, filter }) {
        Object.assign(this, { book, out, executable, filter });
        this.groups = [];
        this.last = [];
    }

    /** Adds tests, by their names, that are run one after the other and may share what they have opened. */
    tests(bodies) {
        this.groups.push(Object.entries(bodies).map(([name, body]) => ({ name, body })));
    }

    test(name, body) {
        this.tests({ [name]: body });
    }

    /** Adds one that is run by itself, when the others are done: it measures time, of which they would take some. */
    alone(name, body) {
        this.last.push([{ name, body }]);
    }

    /** Runs the tests whose name has the filter's text in it. Says whether all is well. */
    async run() {
        const wanted = groups => groups.map(group => group.filter(test => test.name.includes(this.filter))).filter(group => group.length > 0);
        const [queue, last] = [wanted(this.groups), wanted(this.last)];
        const tests = [...queue, ...last].flat();
        fs.rmSync(this.out, { recursive: true, force: true });
        fs.mkdirSync(this.out, { recursive: true });
        // A directory of its own for each run, which goes with it: nothing is remembered.
        const browser = await chromium.launch({
            executablePath: this.executable,
            args: [
                "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND",
            ],
        });
        const counts = { passed: 0, failed: 0, skipped: 0 };
        const work = async queue => {
            for (let group = queue.shift(); group; group = queue.shift()) {
                const tabs = new Tabs(browser, this.book);
                for (const test of group) counts[await this.one(tabs, test)] += 1;
                if (!await this.closes(tabs)) counts.failed += 1;
            }
        };
        try {
            await Promise.all(Array.from({ length: AT_A_TIME }, () => work(queue)));
            await work(last);
        } finally {
            // Its process ends with this one, in any case.
            await within(CLOSING, browser.close(), "the browser is not closed").catch(error => console.log(error.message));
        }
        if (tests.length === 0) console.log(`no test has \`${this.filter}\` in its name`);
        if (counts.failed > 0) console.log(`pictures of what failed: ${path.relative(process.cwd(), this.out)}`);
        const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
        console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
        return counts.failed === 0 && tests.length > 0;
    }

    async one(tabs, { name, body }) {
        const started = Date.now();
        const said = word => {
            const seconds = ((Date.now() - started) / 1000).toFixed(1);
            console.log(`${word.padEnd(7)} ${name}${seconds >= 2 ? `  (${seconds} s)` : ""}`);
        };
        try {
            await within(PATIENCE, body(tabs), "not done");
            none(tabs.heard);
            said("ok");
            return "passed";
        } catch (error) {
            if (error instanceof LeftOut) {
                said("skipped");
                console.log(`        ${error.message}`);
                return "skipped";
            }
            said("FAILED");
            const faults = error instanceof Faults ? error.message : error.stack;
            const heard = error instanceof Faults ? [] : tabs.heard.map(fault => fault.what);
            for (const line of [faults, ...heard].join("\n").split("\n")) console.log(`        ${line}`);
            await tabs.pictures(path.join(this.out, name.replaceAll(/[^\w.-]+/g, "-")), error.places ?? []);
            // The next one shall not begin with what this one has left.
            await this.closes(tabs);
            return "failed";
        }
    }

    /** Closes the pages. Says it when they do not close, which is a fault of its own. */
    async closes(tabs) {
        try {
            await tabs.close();
            return true;
        } catch (error) {
            console.log(`FAILED  ${error.message}`);
            return false;
        }
    }
}

/** The pages that a test opens. */
class Tabs {
    constructor(browser, book) {
        Object.assign(this, { browser, book });
        this.contexts = [];
        this.heard = [];
        this.kept = new Map();
    }

    /** The same for the tests of a group: opened once. Each leaves it with the window and the media that it has chosen. */
    async shared(file, options = {}) {
        const key = JSON.stringify([file, options]);
        if (!this.kept.has(key)) this.kept.set(key, await this.open(file, options));
        return this.kept.get(key);
    }

    /** Opens a page of the book, its path given from the book's folder. */
    async open(file, { theme, width = 1280, height = 900, ...options } = {}) {
        const context = await this.browser.newContext({ viewport: { width, height }, ...options });
        this.contexts.push(context);
        if (theme) await context.addInitScript(name => localStorage.setItem("mdbook-theme", name), theme);
        const page = await context.newPage();
        page.setDefaultTimeout(20_000);
        page.on("console", message => this.heard.push({ what: `the console has: ${message.text()}` }));
        page.on("pageerror", error => this.heard.push({ what: `a script threw: ${error.message}` }));
        page.on("request", request => {
            const url = request.url();
            if (!/^(file|data|blob|about):/.test(url)) this.heard.push({ what: `${file} asks for ${url}` });
        });
        await page.goto(`file://${path.join(this.book, file)}`);
        // What moves is measured when it has arrived.
        await page.evaluate(() => {
            const style = document.createElement("style");
            style.textContent = "*, ::before, ::after { transition: none !important; animation: none !important }";
            document.head.append(style);
        });
        return page;
    }

    /** Keeps a picture of each page that is open, with what is at fault outlined. */
    async pictures(name, places) {
        let count = 0;
        for (const page of this.contexts.flatMap(context => context.pages())) {
            count += 1;
            try {
                await within(CLOSING, page.evaluate(places => {
                    const elements = places.map(place => document.querySelector(place)).filter(Boolean);
                    for (const element of elements) {
                        element.style.outline = "3px solid magenta";
                        for (let e = element; e; e = e.parentElement) if (e.localName === "details") e.open = true;
                    }
                    elements[0]?.scrollIntoView({ block: "center" });
                }, places), "the page does not answer");
                await page.screenshot({ path: `${name}${count > 1 ? `-${count}` : ""}.png`, timeout: 20_000 });
            } catch (error) {
                console.log(`        no picture: ${error.message.split("\n")[0]}`);
            }
        }
    }

    async close(patience = CLOSING) {
        const contexts = this.contexts;
        // Whatever comes of it, the next test begins anew.
        this.contexts = [];
        this.heard = [];
        this.kept.clear();
        await within(patience, Promise.all(contexts.map(context => context.close())), "pages are not closed");
    }
}

/** What holds for the harness itself. */
function add(run) {
    run.test("pages that do not close are given up, and the next test has none of them", async () => {
        const tabs = new Tabs(null, "");
        tabs.contexts = [{ close: async () => {} }, { close: () => new Promise(() => {}) }];
        await assert.rejects(within(5000, tabs.close(20), "nothing came"), /^Error: pages are not closed after 0.02 s$/);
        assert.deepEqual(tabs.contexts, []);
    });
}

module.exports = { Faults, LeftOut, Run, add, none };
