// A page that steps: shows one row of a figure's table at a time, with what belongs to it. Every row has all that is to
// be seen at its step, so there is one thing to remember, which step it is.
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
        // Parts of the lanes and of the transcript, each with the step from which on it is there; in the order of these.
        const parts = [];
        let at = 0;
        // The run is there as a whole until the reader takes a step.
        let begun = false;

        const button = (name, act, ...children) => make("button", { type: "button", onclick: act }, name, ...children);
        const back = button("Back", () => go(at - 1));
        const on = button("Forward", () => go(at + 1));
        const all = button("All steps", () => {
            all.textContent = figure.classList.toggle("on") ? "All steps" : "One step";
            show();
        });
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
        range.max = steps.length - 1;

        // Of the lanes what is later is covered, and what would reach beyond the cover is shown when its time has come.
        const above = frame.querySelectorAll("svg > :not(title, desc, .pass, .stop, .nobody, .bar, .alone, .rest)");
        for (const part of above) {
            const { x, width } = part.getBBox();
            const share = part.matches(".name, .acts, .stale, .tip") ? 1 : part.matches("[text-anchor=middle]") ? 0.5 : 0;
            const end = x + width * share - (part.matches(".name") ? BEYOND : 0);
            const since = steps.findIndex(step => step.x >= end);
            parts.push([since < 0 ? steps.length - 1 : since, part]);
        }
        rest.after(...above);
        parts.sort((a, b) => a[0] - b[0]);
        let shown = parts.length;

        const show = () => {
            const { line, x, words } = steps[at];
            const whole = !begun || !figure.matches(".on");
            const last = whole ? steps.length : at;
            while (shown < parts.length && parts[shown][0] <= last) parts[shown++][1].classList.remove("later");
            while (shown > 0 && parts[shown - 1][0] > last) parts[--shown][1].classList.add("later");
            rest.setAttribute("x", whole ? 1e4 : x + BEYOND);
            range.value = at;
            range.ariaValueText = words;
            back.ariaDisabled = at === 0;
            on.ariaDisabled = at === steps.length - 1;
            // From here on the page is laid out, once.
            log.scrollTop = log.scrollHeight;
            code.scrollTop = line.offsetTop - code.firstChild.offsetTop - code.clientHeight / 2;
            if (!whole) frame.scrollLeft = x - frame.clientWidth + 60;
        };

        const mark = () => [steps[at].row, steps[at].line].forEach(element => element.classList.toggle("now"));

        const go = to => {
            mark();
            at = Math.max(0, Math.min(to, steps.length - 1));
            mark();
            begun = true;
            status.textContent = steps[at].words;
            show();
        };

        figure.addEventListener("keydown", event => {
            const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: steps.length - 1 }[event.key];
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
            if (to === undefined || !getSelection().isCollapsed) return;
            go(to);
            range.focus({ preventScroll: true });
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

        code.parentElement.after(make("div", { className: "keys" }, make("div", {}, range), back, on, all));
        figure.append(make("pre", { className: "transcript" }, log), status);
        figure.classList.add("on");
        mark();
        show();
    }

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
