// A page that steps: shows one row of a figure's table at a time, with what belongs to it, and nothing that has not
// happened. Every row has all that is to be seen at its step, so there is one thing to remember, which step it is.
(() => {
    const make = (tag, properties, ...children) => {
        const element = Object.assign(document.createElement(tag), properties);
        element.append(...children);
        return element;
    };

    // The lanes are shown so far beyond the end of the call: mostly, a name that begins there fits.
    const BEYOND = 12;

    for (const figure of document.querySelectorAll("figure.steps")) {
        const find = selector => figure.querySelector(selector);
        const [code, frame, rest] = [".numbered > code", ".frame", ".rest"].map(find);
        const steps = [];
        // Parts of the lanes, of their key and of the transcript, each with the step from which on it is there; in the
        // order of these.
        const parts = [];
        let at = 0;
        figure.classList.add("on");

        const button = (name, act, ...children) => make("button", { type: "button", onclick: act }, name, ...children);
        const back = button("Back", () => go(at - 1));
        const on = button("Forward", () => go(at + 1));
        const toggle = (name, ...names) => {
            const one = button(names[+figure.matches("." + name)], () => {
                one.textContent = names[+figure.classList.toggle(name)];
                show();
            });
            return one;
        };
        const all = toggle("on", "One step", "All steps");
        const range = make("input", { type: "range", min: 0, value: 0, ariaLabel: "Step", oninput: () => go(+range.value) });
        const status = make("div", { className: "status", role: "status" });
        const log = make("code", { className: "language-console", tabIndex: 0 });

        for (const row of find("tbody").rows) {
            const { line, x } = row.dataset;
            if (x) {
                const index = steps.length;
                const [number, call] = row.cells;
                const question = call.querySelector("p");
                const words = question ? `A question: ${question.textContent}` : `Step ${number.textContent}: ${call.textContent}`;
                row.go = () => go(index);
                steps.push({ row, x: +x, words, line: code.querySelector(`[data-line="${line}"]`) });
            } else {
                const line = make("span", {}, ...row.cells[0].cloneNode(true).childNodes, "\n");
                log.append(line);
                // What the server says after a step is known at that step, and what is said before it, too.
                parts.push([row.className === "after" ? steps.length - 1 : steps.length, line]);
            }
        }
        const last = range.max = steps.length - 1;

        // Of the lanes what is later is covered: the ground, lines under the bars, bars. What would reach beyond the cover is
        // shown when its time has come.
        const above = frame.querySelectorAll("svg > :not(title, desc, .pass, .stop, .nobody, .wait, .opens, .bar, .alone, .rest)");
        for (const part of above) {
            const { x, width } = part.getBBox();
            const share = part.matches(".name, .acts, .stale, .tip") ? 1 : part.matches("[text-anchor=middle]") ? 0.5 : 0;
            const end = x + width * share - (part.matches(".name") ? BEYOND : 0);
            const since = steps.findIndex(step => step.x >= end);
            const when = since < 0 ? last : since;
            parts.push([when, part]);
            // Its sign is explained when it is there.
            const key = figure.querySelector(`figcaption [data-of="${part.classList[0]}"]`);
            if (key && !(key.when <= when)) key.when = when;
        }
        for (const key of figure.querySelectorAll("[data-of]")) parts.push([key.when ?? last, key]);
        rest.after(...above);
        parts.sort((a, b) => a[0] - b[0]);
        let shown = parts.length;

        const show = () => {
            const { x, words } = steps[at];
            const whole = !figure.matches(".on");
            const until = whole ? last : at;
            while (shown < parts.length && parts[shown][0] <= until) parts[shown++][1].classList.remove("later");
            while (shown > 0 && parts[shown - 1][0] > until) parts[--shown][1].classList.add("later");
            rest.setAttribute("x", whole || at === last ? 1e4 : x + BEYOND);
            range.value = at;
            range.ariaValueText = words;
            back.ariaDisabled = at === 0;
            on.ariaDisabled = at === last;
            // From here on the page is laid out, once.
            log.scrollTop = log.scrollHeight;
            if (!whole) frame.scrollLeft = x - frame.clientWidth + 60;
        };

        const mark = () => [steps[at].row, steps[at].line].forEach(element => element.classList.toggle("now"));

        const go = to => {
            mark();
            at = Math.max(0, Math.min(to, last));
            mark();
            status.textContent = steps[at].words;
            show();
        };

        figure.addEventListener("keydown", event => {
            const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
            if (to === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
            // mdBook would turn the page.
            event.stopPropagation();
            event.preventDefault();
            go(to);
        });

        code.addEventListener("click", event => {
            const line = event.target.closest(".called");
            const next = [...steps.keys()].map(i => (at + 1 + i) % steps.length);
            const to = next.find(i => steps[i].line === line && !steps[i].row.matches(".ask"));
            if (!getSelection().isCollapsed) return;
            range.focus({ preventScroll: true });
            if (to !== undefined) go(to);
        });

        for (const item of figure.querySelectorAll(".ask li")) {
            const list = item.parentElement;
            const answer = list.nextElementSibling;
            // It takes its room, unseen until it is asked for.
            answer.open = true;
            const choose = () => {
                item.classList.add("chosen");
                list.classList.add("answered");
                status.textContent = `${"right" in item.dataset ? "Right" : "No"}. ${answer.lastElementChild.textContent}`;
            };
            item.append(button("", choose, ...item.childNodes));
        }

        const keys = make("div", { className: "keys" }, range, back, on, all, toggle("unfold", "All of the code", "Fold the code"));
        find(".listing").before(keys);
        figure.append(make("pre", { className: "transcript" }, log), status);
        // In words it would be told before it happens.
        find("svg").removeAttribute("aria-describedby");
        mark();
        show();
    }

    // What scrolls now takes the focus.
    dispatchEvent(new Event("resize"));

    // A link to a step goes to it, also when it is followed again.
    const follow = () => {
        const row = location.hash.startsWith("#step-") && document.getElementById(location.hash.slice(1));
        if (!row?.go) return;
        row.go();
        const figure = row.closest("figure");
        figure.scrollIntoView();
        figure.querySelector("input").focus({ preventScroll: true });
    };
    addEventListener("hashchange", follow);
    document.addEventListener("click", event => {
        const link = event.target.closest?.('a[href*="#step-"]');
        if (link?.href === location.href) setTimeout(follow);
    });
    // The browser itself goes to the row while the page loads.
    addEventListener("load", follow);
})();
