// What holds for every page of the book.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { contrastFaults } = require("./contrast.js");
const { none } = require("./harness.js");

const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
// The two that the book keeps of mdBook's five.
const THEMES = ["light", "navy"];

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

/** What is cut in its own frame with no sign that there is more: a shade at the edge, which goes when all has been seen. */
function frameFaults() {
    const faults = [];
    for (const element of document.querySelectorAll("main *")) {
        const style = getComputedStyle(element);
        const frames = style.overflowX !== "visible" && !element.ownerSVGElement && !element.matches(".status, thead");
        if (!frames || !element.checkVisibility() || element.scrollWidth <= element.clientWidth + 1) continue;
        const what = `${element.localName}.${element.className}, ${element.textContent.trim().slice(0, 30)}`;
        const shaded = style.backgroundImage.includes("gradient") && style.backgroundAttachment.includes("local");
        if (!["auto", "scroll"].includes(style.overflowX)) faults.push({ what: `cut, and does not scroll: ${what}` });
        else if (!shaded) faults.push({ what: `cut without a sign: ${what}` });
        // What has an opaque ground would cover the shade.
        const edge = element.getBoundingClientRect().right - 4;
        for (const cell of element.querySelectorAll("tbody td")) {
            const { left, right } = cell.getBoundingClientRect();
            const opaque = /^rgb\(/.test(getComputedStyle(cell).backgroundColor);
            if (left < edge && right > edge && opaque) faults.push({ what: `a cell hides the shade: ${cell.textContent}` });
        }
    }
    return faults;
}

/** Columns that are narrower than a word in them: the word is broken, or reaches out of its cell. */
function columnFaults() {
    const faults = [];
    for (const cell of document.querySelectorAll("main table:not(.steps table) :is(td, th)")) {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const { data, parentElement } = texts.currentNode;
            if (getComputedStyle(parentElement).writingMode !== "horizontal-tb") continue;
            // A line may end after a hyphen or a slash, and where the page says so, which ends a text.
            for (const { 0: word, index } of data.matchAll(/[^\s/-]+[/-]?/g)) {
                const range = document.createRange();
                range.setStart(texts.currentNode, index);
                range.setEnd(texts.currentNode, index + word.length);
                const boxes = [...range.getClientRects()].filter(box => box.width > 0);
                const broken = boxes.some(box => box.top > boxes[0].bottom - 2);
                const out = boxes.some(box => box.right > cell.getBoundingClientRect().right + 1);
                if (broken || out) faults.push({ what: `a column is narrower than \u201c${word}\u201d` });
            }
        }
    }
    return faults;
}

/** Texts in pictures through which a line goes. */
function strikeFaults() {
    const faults = [];
    for (const svg of document.querySelectorAll("main svg[role=img]")) {
        if (!svg.checkVisibility()) continue;
        const shapes = [...svg.querySelectorAll("path, rect, polyline, line, text")];
        const screen = (shape, points) => points.map(([x, y]) => new DOMPoint(x, y).matrixTransform(shape.getScreenCTM()));
        const numbers = text => (text.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
        const pairs = list => Array.from({ length: list.length >> 1 }, (_, i) => [list[2 * i], list[2 * i + 1]]);
        // The straight lines that a shape strokes, each a path of its own.
        const lines = shape => {
            if (shape.localName === "path") return shape.getAttribute("d").split("M").map(part => pairs(numbers(part)));
            if (shape.localName === "polyline") return [pairs(numbers(shape.getAttribute("points")))];
            const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map(name => Number(shape.getAttribute(name)));
            return shape.localName === "line" ? [[[x1, y1], [x2, y2]]] : [];
        };
        // Whether a line from one point to another goes through a box: cut to the box, something of it is left.
        const through = (from, to, box) => {
            let [enter, leave] = [0, 1];
            for (const [start, way, low, high] of [[from.x, to.x - from.x, box.left, box.right], [from.y, to.y - from.y, box.top, box.bottom]]) {
                if (way === 0) {
                    if (start <= low || start >= high) return false;
                    continue;
                }
                const [a, b] = [(low - start) / way, (high - start) / way].sort((one, other) => one - other);
                [enter, leave] = [Math.max(enter, a), Math.min(leave, b)];
            }
            return enter < leave;
        };
        const covers = (shape, box) => {
            const style = getComputedStyle(shape);
            const { left, right, top, bottom } = shape.getBoundingClientRect();
            const opaque = shape.localName === "rect" && style.fill !== "none" && Number(style.fillOpacity) === 1;
            return opaque && left <= box.left && right >= box.right && top <= box.top && bottom >= box.bottom;
        };
        shapes.forEach((text, place) => {
            // A text that is turned fills its box in the diagonal alone.
            if (text.localName !== "text" || text.hasAttribute("transform") || !text.textContent.trim()) return;
            const { left, right, top, bottom } = text.getBoundingClientRect();
            // What a letter fills: without the room above and below, and the last bit at the sides.
            const box = { left: left + 1.5, right: right - 1.5, top: top + 3.5, bottom: bottom - 3.5 };
            const ground = shapes.slice(0, place).findLastIndex(shape => covers(shape, box));
            shapes.forEach((shape, other) => {
                if (other <= ground || shape === text || getComputedStyle(shape).stroke === "none") return;
                for (const points of lines(shape)) {
                    const at = screen(shape, points);
                    if (at.some((point, i) => i > 0 && through(at[i - 1], point, box))) {
                        const kind = `${shape.localName}.${shape.getAttribute("class") ?? ""}`;
                        faults.push({ what: `${svg.querySelector("title")?.textContent}: ${kind} goes through \u201c${text.textContent}\u201d` });
                        return;
                    }
                }
            });
        });
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
    for (const code of document.querySelectorAll("pre > code, .frame, .scoreboard, .costs, .table-wrapper")) {
        if (code.scrollWidth > code.clientWidth + 1) faults.push({ what: `cut: ${code.textContent.trim().slice(0, 40)}` });
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
        [`${file}: axe and contrast, light and dark`]: async tabs => {
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

        [`${file}: no frame cuts without a sign, no column is too narrow, no text is struck through`]: async tabs => {
            for (const size of [WIDE, PHONE]) {
                const page = await tabs.shared(file, size);
                await unfold(page);
                const found = [...await page.evaluate(frameFaults), ...await page.evaluate(columnFaults), ...await page.evaluate(strikeFaults)];
                none(found.map(({ what }) => ({ what: `${size.width} px: ${what}` })));
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

module.exports = { PHONE, THEMES, WIDE, add, axe, frameFaults, unfold, widthFaults };
