// What mdBook's own pages lack for the keyboard and for screen readers.
(() => {
    // The switch for the sidebar is a <label>, which the Tab key passes by. A button takes its place.
    const label = document.getElementById("mdbook-sidebar-toggle");
    const checkbox = document.getElementById("mdbook-sidebar-toggle-anchor");
    const button = document.createElement("button");
    button.type = "button";
    for (const name of ["class", "title", "aria-label", "aria-controls"]) button.setAttribute(name, label.getAttribute(name));
    button.append(...label.childNodes);
    const tell = () => button.setAttribute("aria-expanded", checkbox.checked);
    button.addEventListener("click", () => label.click());
    checkbox.addEventListener("change", tell);
    tell();
    label.style.display = "none";
    label.after(button);

    // Listings are no pages to turn to: the page that explains one links it. mdBook's keys look for these links.
    document.querySelectorAll('[rel][href*="listings/"]').forEach(link => link.remove());

    // The bar and the search belong to no landmark, and what is searched for has no name.
    document.getElementById("mdbook-menu-bar").setAttribute("role", "banner");
    document.getElementById("mdbook-search-wrapper")?.setAttribute("role", "search");
    const search = document.getElementById("mdbook-searchbar");
    search?.setAttribute("aria-label", "Search this book");
    search?.setAttribute("aria-describedby", "mdbook-searchresults-header");

    // Of the five themes two are left, one light and one dark, by whatever name one was chosen.
    const theme = name => document.getElementById(`mdbook-theme-${name}`);
    for (const [gone, kept] of [["rust", "light"], ["coal", "navy"], ["ayu", "navy"]]) {
        if (document.documentElement.classList.contains(gone)) theme(kept).click();
        theme(gone).parentElement.remove();
    }
    theme("navy").textContent = "Dark";

    // What scrolls takes the focus, and then the arrow keys, with which mdBook would turn the page.
    const scrollers = [...document.querySelectorAll("pre > code, .table-wrapper, .scoreboard, .lanes .frame")];
    const scrolls = element => element.scrollWidth > element.clientWidth;
    const measure = () => {
        for (const element of scrollers) {
            if (scrolls(element) || element.scrollHeight > element.clientHeight) element.tabIndex = 0;
            else element.removeAttribute("tabindex");
        }
    };
    for (const element of scrollers) {
        element.addEventListener("keydown", event => {
            if (["ArrowLeft", "ArrowRight"].includes(event.key) && scrolls(element)) event.stopPropagation();
        });
    }
    addEventListener("resize", measure);
    measure();

    // On a narrow screen a picture begins where something goes wrong, and a scoreboard with its first column that has a fault.
    for (const frame of document.querySelectorAll(".lanes .frame, .scoreboard")) {
        const places = [...frame.querySelectorAll(".cross, .wrong, td.fault")].map(place => place.getBoundingClientRect());
        if (places.length === 0 || !scrolls(frame)) continue;
        const start = frame.getBoundingClientRect().left;
        const names = frame.querySelector("tbody th")?.offsetWidth;
        const first = Math.min(...places.map(place => place.left));
        frame.scrollLeft = names ? first - start - names : places[0].right - start - frame.clientWidth + 50;
    }
})();
