// What the book does as a whole: its menu, search, keys, what is copied from it, what is printed of it.
"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { contrastFaults } = require("./contrast.js");
const { THEMES, axe, unfold } = require("./every-page.js");
const { LeftOut, none } = require("./harness.js");

// mdBook's search gives each line that it finds a label that no screen reader reads out. It does no harm.
const OF_SEARCH = [".teaser"];

/** What a snapshot holds after insta's front matter. */
const snapshot = name => {
    const text = fs.readFileSync(path.join(__dirname, "../snapshots", `${name}.snap`), "utf8");
    return text.slice(text.indexOf("\n---\n") + 5);
};

/** A text without white space: where its lines end does not matter. */
const letters = text => text.replaceAll(/\s+/g, "");

/** The text of a page as pdftotext finds it on paper, without white space. */
async function printed(page, file) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    await page.pdf({ path: file, format: "A4", printBackground: true });
    try {
        return letters(execFileSync("pdftotext", [file, "-"], { encoding: "utf8" }));
    } catch (error) {
        throw error.code === "ENOENT" ? new LeftOut("pdftotext (Debian's poppler-utils) is not installed") : error;
    }
}

function add(run) {
    for (const theme of THEMES) {
        run.test(`menu, search and marks in ${theme}: contrast and axe`, async tabs => {
            const page = await tabs.open("introduction.html?search=close+reply", { theme });
            await page.locator("#mdbook-searchresults li").first().waitFor();
            await page.locator("#mdbook-theme-toggle").click();
            await page.evaluate(() => document.querySelector("#mdbook-searchresults li").classList.add("focus"));
            none([...await page.evaluate(contrastFaults), ...await axe(page, OF_SEARCH)]);
            const found = await tabs.open("05-log-before-close.html?highlight=server", { theme });
            await found.locator("mark").first().waitFor();
            await unfold(found);
            none([...await found.evaluate(contrastFaults), ...await axe(found)]);
        });
    }

    run.test("of mdBook's five themes two are left, and an older choice is one of them", async tabs => {
        const look = page => page.evaluate(() => {
            const { backgroundColor, color } = getComputedStyle(document.documentElement);
            return { backgroundColor, color, name: [...document.documentElement.classList].find(name => ["light", "navy"].includes(name)) };
        });
        const [light, dark] = [await look(await tabs.open("words.html", { theme: "light" })), await look(await tabs.open("words.html", { theme: "navy" }))];
        assert.notDeepEqual(light, dark);
        for (const [theme, kept] of [["rust", light], ["coal", dark], ["ayu", dark]]) {
            const page = await tabs.open("words.html", { theme });
            assert.deepEqual(await look(page), kept, theme);
            await page.locator("#mdbook-theme-toggle").click();
            assert.deepEqual(await page.locator("#mdbook-theme-list button").allTextContents(), ["Auto", "Light", "Dark"]);
        }
        for (const [colorScheme, kept] of [["light", light], ["dark", dark]]) assert.deepEqual(await look(await tabs.open("words.html", { colorScheme })), kept);
    });

    run.test("the sidebar marks the path, and has no listings", async tabs => {
        for (const options of [{}, { javaScriptEnabled: false }]) {
            const page = await tabs.open("04-use-after-close.html", options);
            const sidebar = options.javaScriptEnabled === false ? page.frameLocator("iframe") : page;
            const shown = await sidebar.locator(".chapter a").evaluateAll(links => links.filter(link => link.checkVisibility()).map(link => {
                return { page: link.getAttribute("href").replace(".html", ""), stop: getComputedStyle(link, "::before").content.startsWith('""') };
            }));
            const stops = shown.filter(({ stop }) => stop).map(({ page }) => page.slice(0, 2));
            assert.deepEqual(stops, ["in", "01", "03", "04", "05", "07", "08", "09", "10"]);
            assert.ok(shown.length > 25 && !shown.some(({ page }) => page.startsWith("listings/")), "listings in the sidebar");
            const titles = await sidebar.locator(".chapter .part-title").evaluateAll(titles => titles.filter(title => title.checkVisibility()).map(title => title.textContent));
            assert.ok(titles.length > 4 && !titles.includes("Listings"), titles.join(", "));
        }
    });

    run.test("no page is turned to a listing", async tabs => {
        for (const file of ["words.html", "listings/04-use-after-close.html"]) {
            const page = await tabs.open(file);
            assert.equal(await page.locator('[rel~="next"], [rel~="prev"][href*="listings/"]').count(), 0, file);
        }
        const page = await tabs.open("listings/04-use-after-close.html");
        await page.locator("main").getByRole("link", { name: "explained on its page" }).click();
        await page.waitForURL(/\/04-use-after-close/);
    });

    run.test("each chapter's page links its listing", async tabs => {
        for (const file of fs.readdirSync(path.join(__dirname, "../../chapters")).filter(file => /^\d\d-/.test(file))) {
            const name = file.replace(".rs", ".html");
            const page = await tabs.open(name);
            assert.ok(await page.locator(`main a[href^="listings/${name}"]`).count() > 0, name);
        }
    });

    run.test("on a phone a picture begins with what goes wrong, and the scoreboard with its first fault", async tabs => {
        const inside = ({ left, right }) => left >= 0 && right <= 360;
        for (const [file, point] of [["introduction.html", ".wrong"], ["05-log-before-close.html", "main > .lanes .cross"], ["rules.html", ".scoreboard td:nth-child(3).fault"]]) {
            const page = await tabs.open(file, { width: 360, height: 740 });
            const box = await page.locator(point).first().evaluate(element => {
                const { left, right } = element.getBoundingClientRect();
                return { left, right };
            });
            assert.ok(inside(box), `${file}: from ${box.left} to ${box.right}`);
        }
    });

    run.test("the switch for the sidebar works with keys", async tabs => {
        const page = await tabs.open("04-use-after-close.html");
        const button = page.getByRole("button", { name: "Toggle Table of Contents" });
        const sidebar = page.getByRole("navigation", { name: "Table of contents" });
        assert.equal(await button.getAttribute("aria-expanded"), "true");
        await button.focus();
        await page.keyboard.press("Enter");
        assert.equal(await button.getAttribute("aria-expanded"), "false");
        await sidebar.waitFor({ state: "hidden" });
        await page.keyboard.press("Space");
        await sidebar.waitFor({ state: "visible" });
        await button.click();
        await sidebar.waitFor({ state: "hidden" });
    });

    run.test("Left and Right turn pages, but not in what scrolls", async tabs => {
        const page = await tabs.open("09-owned-connections.html", { width: 360, height: 740 });
        const wide = page.locator("pre > code[tabindex]").first();
        await wide.focus();
        await page.keyboard.press("ArrowRight");
        await page.waitForFunction(code => code.scrollLeft > 0, await wide.elementHandle());
        assert.match(page.url(), /09-owned-connections/);
        await wide.evaluate(code => code.blur());
        await page.keyboard.press("ArrowRight");
        await page.waitForURL(/10-never-block/);
        await page.keyboard.press("ArrowLeft");
        await page.waitForURL(/09-owned-connections/);
    });

    run.test("a transcript is copied as plain text: with its button, and with Ctrl+C", async tabs => {
        const permissions = ["clipboard-read", "clipboard-write"];
        const page = await tabs.open("04-use-after-close.html", { permissions, width: 360, height: 740 });
        const copied = () => page.evaluate(() => navigator.clipboard.readText());
        const [wanted] = [snapshot("04-use-after-close")];
        const transcript = page.locator("main > pre.transcript").first();
        await transcript.hover();
        await transcript.locator(".clip-button").click();
        assert.equal(await copied(), wanted);
        // From within one line to within another, over lines that go on below.
        await page.evaluate(() => {
            const lines = document.querySelectorAll("main > pre.transcript")[0].querySelectorAll("span");
            getSelection().setBaseAndExtent(lines[1].firstChild, 3, lines[6].firstChild, 5);
        });
        await page.keyboard.press("Control+c");
        const lines = wanted.split("\n").slice(1, 7);
        assert.equal(await copied(), [lines[0].slice(3), ...lines.slice(1, 5), lines[5].slice(0, 5)].join("\n"));
    });

    run.test("a listing is copied without its line numbers", async tabs => {
        const page = await tabs.open("listings/04-use-after-close.html", { permissions: ["clipboard-read", "clipboard-write"] });
        await page.locator("pre.numbered").hover();
        await page.locator("pre.numbered .clip-button").click();
        const program = fs.readFileSync(path.join(__dirname, "../../chapters/04-use-after-close.rs"), "utf8");
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), program);
    });

    run.test("printed to PDF, the answers are unfolded", async tabs => {
        const page = await tabs.open("04-use-after-close.html", { theme: "coal" });
        const folded = await page.locator("main details > p").evaluateAll(all => all.map(element => element.textContent));
        assert.ok(folded.length > 3, "there is something folded");
        const text = await printed(page, path.join(run.out, "04-use-after-close.pdf"));
        for (const paragraph of folded) assert.ok(text.includes(letters(paragraph)), `not on paper: ${paragraph}`);
    });
}

module.exports = { add, letters, printed, snapshot };
