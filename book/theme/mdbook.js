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

    // The bar and the search belong to no landmark, and what is searched for has no name.
    document.getElementById("mdbook-menu-bar").setAttribute("role", "banner");
    document.getElementById("mdbook-search-wrapper")?.setAttribute("role", "search");
    const search = document.getElementById("mdbook-searchbar");
    search?.setAttribute("aria-label", "Search this book");
    search?.setAttribute("aria-describedby", "mdbook-searchresults-header");

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
})();
