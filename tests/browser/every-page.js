// What holds for every page of the book.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { contrastFaults } = require("./contrast.js");
const { none } = require("./harness.js");

const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const THEMES = ["light", "rust", "coal", "navy", "ayu"];


const unfold = page => page.evaluate(() => document.querySelectorAll("details").forEach(fold => { fold.open = true; }));

/** What axe finds on a page, by all its rules; nothing is asked of what the selectors in `except` name. */
async function axe(page, except = []) {
    await page.evaluate(AXE);
    const violations = await page.evaluate(async exclude => {
        // It need not fetch the style sheets: from a file it may not.
        const options = { resultTypes: ["violations"], preload: false };
        const { violations } = await axe.run({ include: [["html"]], exclude: exclude.map(selector => [selector]) }, options);
        return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ target, any, all, none }) => {
            return { at: target.flat().join(" "), why: [...any, ...all, ...none][0]?.message ?? "" };
        }) }));
    }, except);
    return violations.flatMap(({ id, nodes }) => nodes.map(({ at, why }) => ({ what: `${id}: ${why}`, at })));
}

/** What is wider than the page, and what of a transcript is cut or goes on without being set in. */
function widthFaults() {
    const faults = [];
    const room = document.documentElement.clientWidth;
    for (const element of [document.documentElement, ...document.querySelectorAll(".page-wrapper, .page, .content")]) {
        if (element.scrollWidth > element.clientWidth) {
            faults.push({ what: `${element.localName}.${element.className} scrolls sideways: ${element.scrollWidth} px in ${element.clientWidth}` });
        }
    }
    const frame = element => {
        for (let e = element.parentElement; e.localName !== "main"; e = e.parentElement) {
            if (["auto", "scroll"].includes(getComputedStyle(e).overflowX)) return true;
        }
        return false;
    };
    for (const element of document.querySelectorAll("main *")) {
        const box = element.getBoundingClientRect();
        if (box.width > 1 && box.right > room + 0.5 && !frame(element)) {
            faults.push({ what: `${element.localName}.${element.className} ends at ${Math.round(box.right)} px` });
        }
    }
    for (const code of document.querySelectorAll(".transcript code")) {
        if (code.scrollWidth > code.clientWidth) faults.push({ what: `a transcript is cut: ${code.textContent.slice(0, 40)}` });
        for (const line of code.children) {
            // Whether it goes on below is seen from the boxes of its text.
            const range = document.createRange();
            range.selectNodeContents(line);
            const boxes = [...range.getClientRects()];
            const below = boxes.filter(box => box.top > boxes[0].bottom - 1);
            const indent = line.textContent.length - line.textContent.trimStart().length;
            const start = boxes[0]?.left + Math.min(indent, 12) * parseFloat(getComputedStyle(line).fontSize) * 0.5;
            if (below.some(box => box.left <= start)) {
                faults.push({ what: `a line goes on below, not set in: ${line.textContent.slice(0, 40)}` });
            }
        }
    }
    return faults;
}

/** What is folded away on paper, or cut, or no use there. */
function paperFaults() {
    const faults = [];
    for (const element of document.querySelectorAll("details > :not(summary)")) {
        const shown = element.checkVisibility() && element.getClientRects().length > 0;
        if (!shown) faults.push({ what: `folded away on paper: ${element.textContent.trim().slice(0, 40)}` });
    }
    for (const element of document.querySelectorAll("#mdbook-sidebar, #mdbook-menu-bar, .nav-wide-wrapper, .buttons")) {
        const shown = element.checkVisibility({ visibilityProperty: true }) && element.innerText.trim();
        if (shown) faults.push({ what: `on paper: ${element.id || element.className}` });
    }
    for (const picture of document.querySelectorAll(".lanes svg")) {
        const hidden = part => !part.checkVisibility({ visibilityProperty: true }) && !part.matches("title, desc");
        const gone = [...picture.children].find(hidden);
        if (gone) faults.push({ what: `not drawn on paper: ${gone.localName}.${gone.getAttribute("class")}` });
    }
    for (const code of document.querySelectorAll("pre > code")) {
        if (code.scrollWidth > code.clientWidth) faults.push({ what: `cut: ${code.textContent.trim().slice(0, 40)}` });
    }
    return faults;
}

/** The text of a page as a reader sees it, in a form that does not depend on how it is laid out. */
const readable = page => page.evaluate(() => {
    const main = document.querySelector("main").cloneNode(true);
    // What a script adds to the page, and the pictures, whose parts it moves.
    main.querySelectorAll(".buttons, .steps :is(.keys, .transcript, .status, .frame)").forEach(added => added.remove());
    return main.textContent.replaceAll(/\s+/g, " ").trim();
});

/** The sizes at which pages are looked at. */
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };
// As wide as A4 between its margins.
const PAPER = { width: 718, height: 1000 };

function add(run, pages) {
    for (const file of pages) run.tests({
        [`${file}: axe and contrast, in five themes`]: async tabs => {
            const page = await tabs.shared(file, WIDE);
            await unfold(page);
            for (const theme of THEMES) {
                await page.evaluate(theme => document.getElementById(`mdbook-theme-${theme}`).click(), theme);
                assert.ok(await page.evaluate(theme => document.documentElement.classList.contains(theme), theme), theme);
                const found = [...await axe(page), ...await page.evaluate(contrastFaults)];
                none(found.map(({ what, at }) => ({ what: `${theme}: ${what}`, at })));
            }
        },

        [`${file}: 1280 and 360 px, nothing sideways, transcripts whole`]: async tabs => {
            for (const size of [WIDE, PHONE]) {
                const page = await tabs.shared(file, size);
                await unfold(page);
                none((await page.evaluate(widthFaults)).map(({ what }) => ({ what: `${size.width} px: ${what}` })));
            }
        },

        [`${file}: on paper`]: async tabs => {
            const page = await tabs.shared(file, WIDE);
            await page.evaluate(() => document.getElementById("mdbook-theme-navy").click());
            await page.evaluate(() => document.querySelectorAll("details").forEach(fold => { fold.open = false; }));
            await page.setViewportSize(PAPER);
            await page.emulateMedia({ media: "print" });
            none(await page.evaluate(paperFaults));
            none(await page.evaluate(contrastFaults));
        },

        [`${file}: without JavaScript`]: async tabs => {
            const whole = await readable(await tabs.shared(file, PHONE));
            const page = await tabs.open(file, { ...PHONE, javaScriptEnabled: false });
            const text = await readable(page);
            const differs = [...whole].findIndex((letter, i) => letter !== text[i]);
            const around = text => `\u2026${text.slice(Math.max(0, differs - 30), differs + 30)}\u2026`;
            if (text !== whole) assert.fail(`the page has ${around(whole)} with JavaScript, ${around(text)} without`);
            for (const summary of await page.locator("main summary").all()) {
                const open = () => summary.evaluate(element => element.parentElement.open);
                const before = await open();
                await summary.click();
                assert.notEqual(await open(), before, "what is folded does not unfold");
                if (before) await summary.click();
            }
            none(await page.evaluate(widthFaults));
            for (const colorScheme of ["light", "dark"]) {
                await page.emulateMedia({ colorScheme });
                none((await page.evaluate(contrastFaults)).map(({ what, at }) => ({ what: `${colorScheme}: ${what}`, at })));
            }
        },
    });
}

module.exports = { PHONE, THEMES, WIDE, add, axe, unfold, widthFaults };
