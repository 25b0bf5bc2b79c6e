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

    // What goes to a row's step, by the row.
    const goes = new Map();

    for (const figure of document.querySelectorAll("figure.steps")) {
        const table = figure.querySelector("table");
        const code = figure.querySelector("pre > code");
        const frame = figure.querySelector(".frame");
        const rest = figure.querySelector(".rest");
        const lines = new Map([...code.children].map(line => [line.dataset.line, line]));
        frame.hidden = false;
        figure.classList.add("on");
        const steps = [];
        const said = [];
        let at = 0;

        const button = (text, act) => make("button", { type: "button", textContent: text, onclick: act });
        const back = button("Back", () => go(at - 1, true));
        const on = button("Forward", () => go(at + 1, true));
        const all = button("All steps", () => {
            figure.classList.toggle("on");
            all.setAttribute("aria-pressed", !figure.classList.contains("on"));
            show();
        });
        all.setAttribute("aria-pressed", false);
        const range = make("input", { type: "range", min: 0, value: 0, ariaLabel: "Step", oninput: () => go(+range.value, true) });
        const status = make("div", { className: "status" });
        status.setAttribute("role", "status");
        const log = make("code", { className: "nohighlight", tabIndex: 0 });
        const words = row => row.classList.contains("ask")
            ? `A question: ${row.querySelector("p").textContent}`
            : `Step ${row.cells[0].textContent}: ${row.cells[1].textContent}`;

        // What was said before a step, and by the server after it, is known at that step.
        for (const row of table.tBodies[0].rows) {
            if (row.dataset.x) {
                goes.set(row, at => go(at ?? steps.indexOf(row), true));
                steps.push(row);
            } else {
                const line = make("span", { className: row.className }, ...row.cells[1].cloneNode(true).childNodes, "\n");
                log.append(line);
                said.push([line, row.className === "after" ? steps.length - 1 : steps.length]);
            }
        }
        range.max = steps.length - 1;

        // Of the lanes what is later is covered, and what would reach beyond the cover is shown when its time has come.
        const parts = [...rest.parentElement.children].filter(part => !part.matches(".pass, .stop, .nobody, .bar, .alone, .rest"));
        rest.after(...parts);
        const times = parts.map(part => {
            const { x, width } = part.getBBox();
            if (part.matches(".name")) return x + width - BEYOND;
            return x + (part.matches(".acts, .stale, .tip") ? width : part.matches("[text-anchor=middle]") ? width / 2 : 0);
        });

        /** Shows where it is. */
        function show() {
            const row = steps[at];
            const line = lines.get(row.dataset.line);
            const x = +row.dataset.x;
            rest.setAttribute("x", x + BEYOND);
            parts.forEach((part, i) => part.classList.toggle("later", times[i] > x));
            range.value = at;
            range.setAttribute("aria-valuetext", words(row));
            back.ariaDisabled = at === 0;
            on.ariaDisabled = at === steps.length - 1;
            for (const [line, from] of said) if (line.hidden !== from > at) line.hidden = from > at;
            log.scrollTop = log.scrollHeight;
            code.scrollTop = line.offsetTop - code.firstChild.offsetTop - code.clientHeight / 2;
            frame.scrollLeft = x - frame.clientWidth + 60;
        }

        /** Goes to a step; `aloud` when the reader has asked for it. */
        function go(to, aloud) {
            for (const element of [steps[at], lines.get(steps[at].dataset.line)]) element.classList.remove("now");
            at = Math.max(0, Math.min(to, steps.length - 1));
            for (const element of [steps[at], lines.get(steps[at].dataset.line)]) element.classList.add("now");
            show();
            if (aloud) status.textContent = words(steps[at]);
        }

        figure.addEventListener("keydown", event => {
            const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: steps.length - 1 }[event.key];
            if (to === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
            // mdBook would turn the page.
            event.stopPropagation();
            event.preventDefault();
            go(to, true);
        });

        code.addEventListener("click", event => {
            const line = event.target.closest(".called")?.dataset.line;
            const next = [...steps.keys()].map(i => (at + 1 + i) % steps.length);
            const to = next.find(i => steps[i].dataset.line === line && !steps[i].classList.contains("ask"));
            if (to === undefined || !getSelection().isCollapsed) return;
            go(to, true);
            range.focus({ preventScroll: true });
        });

        for (const item of table.querySelectorAll(".ask li")) {
            const choice = make("button", { type: "button" }, ...item.childNodes);
            choice.addEventListener("click", () => {
                const list = item.parentElement;
                item.classList.add("chosen");
                list.classList.add("answered");
                list.nextElementSibling.open = true;
                status.textContent = `${"right" in item.dataset ? "Right" : "No"}. ${list.nextElementSibling.lastChild.textContent}`;
            });
            item.append(choice);
        }

        code.parentElement.after(make("div", { className: "bar" }, back, range, on, all));
        figure.append(make("pre", { className: "transcript" }, log), status);
        go(0);
    }

    // A link to a step goes to it, also when it is followed again.
    const follow = () => {
        const row = location.hash.startsWith("#step-") && document.getElementById(location.hash.slice(1));
        if (!goes.has(row)) return;
        goes.get(row)();
        const figure = row.closest("figure");
        figure.scrollIntoView();
        figure.querySelector("input").focus({ preventScroll: true });
    };
    addEventListener("hashchange", follow);
    document.addEventListener("click", event => {
        const link = event.target.closest?.('a[href*="#step-"]');
        if (link?.href === location.href) setTimeout(follow);
    });
    follow();
})();
