// The pages that step: every way to go to a step, the question, and what is there without scripts and on paper.
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { contrastFaults } = require("./contrast.js");
const { PHONE, THEMES, WIDE, axe, frameFaults, widthFaults } = require("./every-page.js");
const { letters, printed, snapshot } = require("./book.js");
const { none } = require("./harness.js");

/** The pages, with the trace that each goes through and the steps before which it asks. */
const PAGES = [
    { file: "04-use-after-close.html", trace: "04-use-after-close-trace-json", asks: ["#step-04-getpeername-2"] },
    { file: "05-log-before-close.html", trace: "05-log-before-close-impatient-trace-json", asks: ["#step-05-select-3", "#step-05-send"] },
    { file: "08-recycled-number.html", trace: "08-recycled-number-trace-json", asks: ["#step-08-accept-3", "#step-08-send"] },
    { file: "09-owned-connections.html", trace: "09-owned-connections-trace-json", asks: ["#step-09-select-4"] },
];
const ONE = PAGES[2];

/** A laptop's screen. */
const LAPTOP = { width: 1280, height: 720 };

// In milliseconds: how long a step may take, and how often it is measured again before that counts.
const STEP = 1;
const TRIES = 4;

const figure = page => page.locator("figure.steps");
const now = page => page.locator("figure.steps tr.now");
const range = page => page.getByRole("slider", { name: "Step" });
const button = (page, name) => figure(page).getByRole("button", { name, exact: true });

/** Where it is: the row by its id, `?` for the question; and whether all that belongs to the row goes with it. */
async function at(page) {
    const found = await page.evaluate(() => {
        const figure = document.querySelector("figure.steps");
        const rows = figure.querySelectorAll("tr.now");
        const lines = figure.querySelectorAll("pre.numbered .now");
        const all = [...figure.querySelectorAll("tr[data-x]")];
        return {
            id: rows[0]?.id || "?",
            rows: [...figure.querySelectorAll("tbody tr")].filter(row => row.checkVisibility({ visibilityProperty: true })).length,
            line: [lines.length, lines[0]?.dataset.line === rows[0]?.dataset.line],
            range: all.indexOf(rows[0]) === figure.querySelector("input").valueAsNumber,
        };
    });
    assert.deepEqual(found, { id: found.id, rows: 1, line: [1, true], range: true });
    return found.id;
}

/** The ids of the steps, with `?` where it asks. */
const all = page => page.locator("figure.steps tr[data-x]").evaluateAll(rows => rows.map(row => row.id || "?"));

function add(run) {
    for (const { file, trace, asks } of PAGES) {
        run.tests({
            [`${file}: each step is a call of the recorded run`]: async tabs => {
                const page = await tabs.shared(file, WIDE);
                const calls = snapshot(trace).split("\n").filter(line => line.startsWith('{"at"')).map(line => JSON.parse(line));
                // Addresses are shown by the clients' names.
                const named = text => text.replaceAll(/127\.0\.0\.1:<(\w+)>/g, "$1");
                const recorded = calls.map(({ at, call, args, ret, err }) => `:${at} ${call}(${named(args)}) = ${err ? `-1 ${err}` : named(ret)}`);
                const steps = await page.locator("figure.steps tr[id] td:first-of-type > code").allTextContents();
                const begins = recorded.indexOf(steps[0]);
                assert.ok(begins >= 0, steps[0]);
                assert.deepEqual(steps, recorded.slice(begins, begins + steps.length));
                const open = await page.locator("figure.steps tr[id]").evaluateAll(rows => rows.map(row => {
                    return [...row.cells[2].querySelectorAll("b")].map(chip => Number.parseInt(chip.textContent, 10));
                }));
                const tables = calls.slice(begins, begins + steps.length).map(({ fds }) => Object.keys(fds).map(Number));
                assert.deepEqual(open, tables);
            },

            [`${file}: buttons and the range go through all steps`]: async tabs => {
                const page = await tabs.open(file, WIDE);
                const ids = await all(page);
                assert.ok(ids.length >= 10 && ids.length <= 60, `${ids.length} steps`);
                for (const id of ids) {
                    assert.equal(await at(page), id);
                    await button(page, "Forward").click({ force: true });
                }
                assert.equal(await at(page), ids.at(-1), "there is nothing after the last");
                for (const id of ids.toReversed()) {
                    assert.equal(await at(page), id);
                    await button(page, "Back").click({ force: true });
                }
                assert.equal(await at(page), ids[0], "there is nothing before the first");
                const place = ids.findIndex((id, place) => place > 3 && id !== "?");
                await range(page).fill(String(place));
                assert.equal(await at(page), ids[place]);
                assert.match(await page.getByRole("status").last().textContent(), /^Step \d+ of \d+: :\d+ \w+\(/);
                assert.equal(await range(page).getAttribute("aria-valuetext"), await page.getByRole("status").last().textContent());
            },

            [`${file}: the questions, answered wrong and right`]: async tabs => {
                for (const ask of asks) {
                    const page = await tabs.open(`${file}${ask}`, WIDE);
                    assert.equal(`#${await at(page)}`, ask);
                    const call = (await now(page).locator("td code").first().textContent()).replace(/^:\d+ /, "");
                    await button(page, "Back").click();
                    assert.equal(await at(page), "?");
                    // What comes is neither in the row nor in the lanes.
                    assert.ok(!(await now(page).innerText()).includes(call), "the answer is there before it is given");
                    const choices = now(page).getByRole("button");
                    const right = now(page).locator("[data-right]").getByRole("button");
                    assert.equal(await right.count(), 1);
                    for (const choice of await now(page).locator("li").all()) {
                        const happened = call.includes(await choice.locator("code").textContent());
                        assert.equal(await choice.getAttribute("data-right") !== null, happened, await choice.textContent());
                    }
                    const wrong = now(page).locator("li:not([data-right])").getByRole("button").first();
                    await wrong.click();
                    assert.match(await wrong.evaluate(element => getComputedStyle(element, "::before").content), /✗/);
                    assert.match(await right.evaluate(element => getComputedStyle(element, "::before").content), /✓/);
                    assert.ok((await now(page).innerText()).includes(call), "the answer is what happened");
                    assert.match(await page.getByRole("status").last().textContent(), /^No\. \w.+\.$/);
                    await right.click();
                    assert.match(await page.getByRole("status").last().textContent(), /^Right\. \w.+\.$/);
                    assert.ok(await choices.count() >= 2);
                    await page.keyboard.press("ArrowRight");
                    assert.equal(`#${await at(page)}`, ask);
                }
            },

            [`${file}: nothing is told before it happens`]: async tabs => {
                const page = await tabs.open(file, LAPTOP);
                const ids = await all(page);
                const calls = await page.locator("figure.steps tr[id]").evaluateAll(rows => rows.map(row => row.cells[1].querySelector("code").textContent));
                for (const [place, id] of ids.entries()) {
                    assert.equal(await at(page), id);
                    const passed = ids.slice(0, place + 1).filter(id => id !== "?").length;
                    const text = await figure(page).innerText();
                    for (const call of calls.slice(passed).filter(call => !calls.slice(0, passed).includes(call))) assert.ok(!text.includes(call), `at ${id} it tells of ${call}`);
                    // In the picture a call's name and its crosses; in its key what explains them.
                    const drawn = await page.evaluate(() => {
                        const seen = part => part.checkVisibility({ visibilityProperty: true });
                        const count = selector => [...document.querySelectorAll(`figure.steps ${selector}`)].filter(seen).length;
                        return { calls: count(".frame .call"), bad: count(".frame :is(.cross, .stale, .wrong)"), keys: count("[data-of]") };
                    });
                    assert.ok(drawn.calls <= passed, `at ${id} ${drawn.calls} calls are drawn`);
                    assert.ok(drawn.bad > 0 || drawn.keys === 0 || place === ids.length - 1, `at ${id} the key explains what is not there`);
                    await button(page, "Forward").click({ force: true });
                }
                const whole = await figure(page).evaluate(figure => [...figure.querySelectorAll(".frame svg *, [data-of]")].every(part => {
                    return part.matches("title, desc") || part.checkVisibility({ visibilityProperty: true });
                }));
                assert.ok(whole, "after the last step all of it is there");
            },

            [`${file}: all of it on a laptop's screen, and no line in halves`]: async tabs => {
                const page = await tabs.open(file, LAPTOP);
                for (const [place] of (await all(page)).entries()) {
                    await range(page).fill(String(place));
                    const found = await page.evaluate(() => {
                        const figure = document.querySelector("figure.steps");
                        figure.scrollIntoView();
                        const [top, bar] = [figure.getBoundingClientRect().top, document.getElementById("mdbook-menu-bar").getBoundingClientRect().bottom];
                        const halves = [...figure.querySelectorAll("pre > code")].filter(code => {
                            const { top, bottom } = code.getBoundingClientRect();
                            return [...code.children].some(line => line.getClientRects().length > 0 && [...line.getClientRects()].some(box => {
                                return box.height > 0 && (box.top < top - 1 && box.bottom > top + 3 || box.top < bottom - 3 && box.bottom > bottom + 1);
                            }));
                        });
                        return { top: top >= bar - 1, bottom: figure.getBoundingClientRect().bottom, halves: halves.map(code => code.parentElement.className) };
                    });
                    assert.ok(found.top, "its beginning is under the bar");
                    assert.ok(found.bottom <= LAPTOP.height, `it ends at ${Math.round(found.bottom)} px`);
                    assert.deepEqual(found.halves, []);
                }
                none(await page.evaluate(frameFaults));
            },
        });

        // What the page's thread spends on a click on Forward or Back: the script, and styles and layout until they are up to
        // date; not what it takes to paint. It is time of the processor, so that waiting for others does not count. The steps
        // are taken one right after the other, to the last and back, five times, which gives a mean; the median of fifteen
        // such means is judged. A single step after a pause takes longer, as everything does then. A busy processor is slower,
        // too, so there is more than one try.
        run.alone(`${file}: a step takes less than ${STEP} ms`, async tabs => {
            const page = await tabs.open(file, WIDE);
            const session = await page.context().newCDPSession(page);
            await session.send("Performance.enable", { timeDomain: "threadTicks" });
            const spent = async () => {
                const { metrics } = await session.send("Performance.getMetrics");
                const parts = metrics.filter(({ name }) => /^(Script|RecalcStyle|Layout)Duration$/.test(name));
                assert.equal(parts.length, 3);
                return parts.reduce((sum, { value }) => sum + value * 1000, 0);
            };
            const count = (await all(page)).length - 1;
            const medians = [];
            while (medians.length < TRIES && !(medians.at(-1) < STEP)) {
                const means = [];
                for (let round = 0; round < 15; round += 1) {
                    await range(page).fill("0");
                    const before = await spent();
                    await page.evaluate(count => {
                        const [back, forward] = document.querySelectorAll("figure.steps .keys button");
                        for (const button of Array(5).fill([forward, back]).flat()) {
                            for (let step = 0; step < count; step += 1) {
                                button.click();
                                document.documentElement.getBoundingClientRect();
                            }
                        }
                    }, count);
                    means.push((await spent() - before) / count / 10);
                    await button(page, "Forward").click();
                    assert.equal(await range(page).inputValue(), "1", "steps were taken");
                }
                medians.push(means.sort((a, b) => a - b)[Math.floor(means.length / 2)]);
            }
            assert.ok(medians.at(-1) < STEP, `${medians.map(time => time.toFixed(2)).join(", ")} ms`);
        });
    }

    run.test("steps: arrow keys, Home and End go through them, and turn no page", async tabs => {
        const page = await tabs.open(ONE.file, WIDE);
        const ids = await all(page);
        for (const focused of [button(page, "Forward"), range(page)]) {
            await focused.focus();
            for (const [key, id] of [
                ["Home", ids[0]], ["ArrowRight", ids[1]], ["ArrowRight", ids[2]], ["ArrowLeft", ids[1]], ["End", ids.at(-1)],
                ["ArrowRight", ids.at(-1)], ["Home", ids[0]], ["ArrowLeft", ids[0]],
            ]) {
                await page.keyboard.press(key);
                assert.equal(await at(page), id, key);
            }
        }
        assert.match(page.url(), /08-recycled-number/);
        // Elsewhere they turn pages, as on every page.
        await page.evaluate(() => document.activeElement.blur());
        await page.keyboard.press("ArrowRight");
        await page.waitForURL(/09-owned-connections/);
    });

    run.test("steps: a click on a line of code goes to the next call made there", async tabs => {
        const page = await tabs.open(ONE.file, WIDE);
        const select = page.locator("figure.steps .called", { hasText: "select(&inputs" });
        for (const id of ["step-08-select-2", "step-08-select-3", "step-08-select", "step-08-select-2"]) {
            await select.click();
            assert.equal(await at(page), id);
        }
        await page.locator("figure.steps pre.numbered span[data-line]:not(.called, .more)").first().click();
        assert.equal(await at(page), "step-08-select-2", "no call is made there");
        await page.keyboard.press("ArrowRight");
        assert.equal(await at(page), "step-08-recv");
    });

    run.test("steps: links from the text, and an address, lead to a step", async tabs => {
        for (const { file } of PAGES) {
            const page = await tabs.open(file, WIDE);
            const links = page.locator('main a[href*="#step-"]');
            const count = await links.count();
            assert.ok(count >= 3, `${count} links to steps in ${file}`);
            for (let i = 0; i < count; i += 1) {
                // Followed again from elsewhere, too.
                for (const again of [false, true]) {
                    const id = (await links.nth(i).getAttribute("href")).split("#")[1];
                    await links.nth(i).click();
                    await page.waitForFunction(id => document.getElementById(id).classList.contains("now"), id);
                    assert.equal(await at(page), id);
                    assert.ok(await figure(page).evaluate(figure => Math.abs(figure.getBoundingClientRect().top) < 200), "it is in sight");
                    if (!again) await page.keyboard.press("Home");
                }
            }
        }
        const page = await tabs.open(`${ONE.file}#step-08-close`, WIDE);
        assert.equal(await at(page), "step-08-close");
    });

    run.test("steps: the lanes and the transcript show what has happened so far", async tabs => {
        const page = await tabs.open(ONE.file, WIDE);
        const seen = () => page.evaluate(() => {
            const seen = part => part.checkVisibility({ visibilityProperty: true });
            return {
                said: [...document.querySelectorAll("figure.steps .transcript span")].filter(seen).map(line => line.textContent.trim()),
                // Elements of the picture that are drawn beyond the call.
                late: [...document.querySelectorAll("figure.steps .frame :is(.call, .dot, .mark, .stale)")].filter(part => {
                    return seen(part) && part.getBBox().x > Number(document.querySelector("figure.steps tr.now").dataset.x);
                }).length,
                calls: [...document.querySelectorAll("figure.steps .frame .call")].filter(seen).length,
                stale: [...document.querySelectorAll("figure.steps .frame .stale")].filter(seen).length,
                // Whether the bars and the passes go on to the end.
                covered: document.querySelector("figure.steps .rest").getBBox().x < document.querySelector("figure.steps svg").viewBox.baseVal.width,
            };
        });
        await range(page).press("Home");
        assert.deepEqual(await seen(), { said: ["alice connects from 127.0.0.1:<alice>"], late: 0, calls: 1, stale: 0, covered: true });
        await page.getByRole("slider", { name: "Step" }).fill("9");
        const before = await seen();
        assert.deepEqual([before.late, before.calls, before.stale], [0, 9, 0]);
        assert.ok(before.said.includes("server: New connection from 127.0.0.1:<bob>"));
        await page.keyboard.press("End");
        const after = await seen();
        assert.deepEqual([after.calls, after.stale], [10, 1]);
        assert.match(after.said.at(-1), /^bob .*Hello, client!/);
        // All steps go with all of the lanes.
        await page.keyboard.press("Home");
        await button(page, "All steps").click();
        const all = await seen();
        assert.deepEqual([all.calls, all.stale, all.covered], [10, 1, false]);
    });

    run.test("steps: all steps as a table, and back", async tabs => {
        const page = await tabs.open(ONE.file, WIDE);
        const rows = page.locator("figure.steps tbody tr");
        await button(page, "All steps").click();
        for (const row of await rows.all()) assert.ok(await row.isVisible());
        none(await page.evaluate(widthFaults));
        await button(page, "One step").click();
        assert.equal(await at(page), "step-08-select");
    });

    run.test("steps: the code is folded to what is called, and unfolds", async tabs => {
        const page = await tabs.open(ONE.file, WIDE);
        const lines = () => page.locator("figure.steps .numbered [data-line]").evaluateAll(lines => lines.filter(line => line.checkVisibility()).length);
        const folded = await lines();
        assert.ok(folded <= 14, `${folded} lines`);
        assert.ok(await page.locator("figure.steps .gap").count() > 0, "what is left out leaves a sign");
        await button(page, "All of the code").click();
        assert.equal(await lines(), await page.locator("figure.steps .numbered [data-line]").count());
        await button(page, "Fold the code").click();
        assert.equal(await lines(), folded);
    });

    run.test("steps: the page does not jump", async tabs => {
        for (const size of [WIDE, PHONE]) {
            const page = await tabs.open(ONE.file, size);
            const count = Number(await range(page).getAttribute("max"));
            const heights = new Set();
            for (let step = 0; step <= count; step += 1) {
                await range(page).fill(String(step));
                heights.add(await figure(page).evaluate(figure => figure.offsetHeight));
            }
            assert.equal(heights.size, 1, `${[...heights]} px high`);
        }
    });

    for (const theme of THEMES) {
        run.test(`steps in ${theme}: axe and contrast of every step, the question answered`, async tabs => {
            const page = await tabs.open(ONE.file, { ...WIDE, theme });
            const count = Number(await range(page).getAttribute("max"));
            for (let step = 0; step <= count; step += 1) {
                await range(page).fill(String(step));
                const wrong = now(page).locator("li:not([data-right])").getByRole("button");
                if (await wrong.count() > 0) await wrong.first().click();
                none(await page.evaluate(contrastFaults));
                if (step >= count - 1) none(await axe(page));
            }
        });
    }

    run.test("steps at 360 px: nothing sideways at any step", async tabs => {
        for (const { file } of PAGES) {
            const page = await tabs.open(file, PHONE);
            for (let step = 0; step < (await all(page)).length; step += 1) {
                await range(page).fill(String(step));
                none(await page.evaluate(widthFaults));
            }
        }
    });

    run.test("steps without JavaScript: the whole table, the answer unfolds, no dead button", async tabs => {
        for (const { file } of PAGES) {
            const page = await tabs.open(file, { ...WIDE, javaScriptEnabled: false });
            const rows = await page.locator("figure.steps tbody tr").all();
            assert.ok(rows.length > 10);
            for (const row of rows) assert.ok(await row.isVisible());
            assert.equal(await figure(page).locator("button, input").count(), 0);
            for (const summary of await figure(page).locator("summary").all()) await summary.click();
            for (const answer of await figure(page).locator("details p").all()) assert.ok(await answer.isVisible());
            for (const line of await figure(page).locator("[data-line]").all()) assert.ok(await line.isVisible());
        }
    });

    run.test("steps as a screen reader has them: a table with heads", async tabs => {
        const page = await tabs.open(ONE.file, WIDE);
        await button(page, "All steps").click();
        const table = page.getByRole("table", { name: /call by call/ });
        assert.deepEqual(await table.getByRole("columnheader").allTextContents(), ["step", "call", "open after it", "what select was asked, and said"]);
        assert.equal(await table.getByRole("rowheader").count(), (await all(page)).length);
        assert.equal(await page.getByRole("group", { name: "08-recycled-number, call by call" }).count(), 1);
    });

    run.test("steps printed to PDF: all of them, whatever was shown", async tabs => {
        for (const { file } of PAGES) {
            const page = await tabs.open(file, { ...WIDE, theme: "ayu" });
            const calls = await page.locator("figure.steps tr[id] td:first-of-type > code").allTextContents();
            const why = await page.locator("figure.steps details p").last().textContent();
            await range(page).fill("3");
            const text = await printed(page, path.join(run.out, file.replace(".html", ".pdf")));
            for (const words of [...calls, why]) assert.ok(text.includes(letters(words)), `not on paper: ${words}`);
            assert.ok(!text.includes("Allsteps") && !text.includes("BackForward"), "buttons are of no use on paper");
            // The lanes, too: the last of what is drawn.
            const drawn = await page.locator("figure.steps .frame .call").last().textContent();
            const visible = part => getComputedStyle(part).visibility === "visible";
            await page.emulateMedia({ media: "print" });
            assert.ok(await page.locator("figure.steps .frame .call").last().evaluate(visible), `${drawn} is hidden on paper`);
        }
    });
}

module.exports = { add };
