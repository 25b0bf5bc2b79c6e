// Measures the contrast of every text on a page, and of every icon, with its ground.
//
// axe measures a text in an element whose ground it is sure of. This measures all: what a style sheet adds (numbers of
// lines, markers of lists), text in a drawing, and all that is half transparent. Runs in the page.
"use strict";

/** Everything with too little contrast, one for each kind: 4.5 for text, 3 for icons (WCAG 2.2, 1.4.3 and 1.4.11). */
function contrastFaults() {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const colours = new Map();
    // A colour in whatever notation, as red, green, blue and opacity.
    const colour = text => {
        if (!colours.has(text)) {
            const numbers = text.match(/^rgba?\(([^)]+)\)$/)?.[1].split(/[ ,/]+/).map(Number);
            if (numbers) {
                colours.set(text, [...numbers.slice(0, 3), numbers[3] ?? 1]);
            } else {
                canvas.clearRect(0, 0, 1, 1);
                canvas.fillStyle = text;
                canvas.fillRect(0, 0, 1, 1);
                const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
                colours.set(text, [r, g, b, a / 255]);
            }
        }
        return colours.get(text);
    };
    const over = ([r, g, b, a], ground) => [r, g, b].map((value, i) => value * a + ground[i] * (1 - a));
    const luminance = rgb => {
        const [r, g, b] = rgb.map(value => value / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => {
        const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
        return (light + 0.05) / (dark + 0.05);
    };

    // What is painted behind an element's text, and how opaque the element is.
    const grounds = new Map([[null, { ground: [255, 255, 255], opacity: 1 }]]);
    const behind = element => {
        if (!grounds.has(element)) {
            const outer = behind(element.parentElement);
            const style = getComputedStyle(element);
            const opacity = outer.opacity * Number(style.opacity);
            const [r, g, b, a] = colour(style.backgroundColor);
            grounds.set(element, { ground: over([r, g, b, a * opacity], outer.ground), opacity });
        }
        return grounds.get(element);
    };
    // In a drawing the ground is what was painted before, there.
    const drawn = element => {
        let { ground, opacity } = behind(element.ownerSVGElement);
        const at = element.getBoundingClientRect();
        const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
        for (const shape of element.ownerSVGElement.querySelectorAll("rect, circle, ellipse, polygon, path, text, tspan")) {
            if (shape === element) break;
            const box = shape.getBoundingClientRect();
            const style = getComputedStyle(shape);
            const inside = box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
            if (!inside || style.fill === "none" || shape.closest("defs, text") || !shape.checkVisibility()) continue;
            const [r, g, b, a] = colour(style.fill);
            let painted = a * Number(style.fillOpacity);
            for (let e = shape; e !== element.ownerSVGElement; e = e.parentElement) painted *= Number(getComputedStyle(e).opacity);
            ground = over([r, g, b, painted], ground);
        }
        for (let e = element; e !== element.ownerSVGElement; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
        return { ground, opacity };
    };

    const place = element => {
        const parts = [];
        for (let e = element; e && e !== document.documentElement; e = e.parentElement) {
            if (e.id) {
                parts.unshift(`#${CSS.escape(e.id)}`);
                break;
            }
            const same = [...e.parentElement.children].filter(other => other.localName === e.localName);
            parts.unshift(same.length > 1 ? `${e.localName}:nth-of-type(${same.indexOf(e) + 1})` : e.localName);
        }
        return parts.join(" > ");
    };
    const kinds = new Map();
    // `own` is the opacity of a part that the style sheet adds to an element.
    const measure = (element, text, paint, needed, own = 1) => {
        const { ground, opacity } = element.ownerSVGElement ? drawn(element) : behind(element);
        const [r, g, b, a] = colour(paint);
        const front = over([r, g, b, a * opacity * own], ground);
        const value = ratio(front, ground);
        if (value >= needed) return;
        const hex = rgb => `#${rgb.map(v => Math.round(v).toString(16).padStart(2, "0")).join("")}`;
        // The same colours on the same kind of element are one fault.
        const kind = `${element.localName}.${element.getAttribute("class") ?? ""} ${hex(front)} ${hex(ground)}`;
        if (!kinds.has(kind)) {
            const what = `${value.toFixed(2)} of ${needed}, ${hex(front)} on ${hex(ground)}: "${text.trim().slice(0, 30)}"`;
            kinds.set(kind, { what, at: place(element) });
        }
    };
    const seen = element => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;

    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        const code = ["script", "style", "noscript", "template", "title", "desc", "option"].includes(element.localName);
        if (code || !texts.currentNode.data.trim() || !seen(element)) continue;
        const style = getComputedStyle(element);
        measure(element, texts.currentNode.data, element.ownerSVGElement ? style.fill : style.color, 4.5);
    }
    for (const element of document.body.querySelectorAll("*")) {
        if (element.ownerSVGElement || !seen(element)) continue;
        for (const pseudo of ["::before", "::after"]) {
            const style = getComputedStyle(element, pseudo);
            if (!["none", "normal", '""', '" "'].includes(style.content)) {
                measure(element, `${pseudo} ${style.content}`, style.color, 4.5, Number(style.opacity));
            }
        }
        if (element.localName === "li" || element.localName === "summary") {
            const marker = getComputedStyle(element).listStyleType !== "none";
            if (marker) measure(element, "::marker", getComputedStyle(element, "::marker").color, 4.5);
        }
        if (element.placeholder) {
            const { color, opacity } = getComputedStyle(element, "::placeholder");
            measure(element, element.placeholder, color, 4.5, Number(opacity));
        }
        // mdBook's icons. A picture's own parts are its own matter.
        if (element.localName === "svg" && element.closest(".fa-svg")) {
            measure(element, "icon", getComputedStyle(element).fill, 3);
        }
    }
    return [...kinds.values()];
}

module.exports = { contrastFaults };
