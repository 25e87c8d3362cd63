"use strict";

/* Filters the rows of the index. The page is complete without it. */
(function () {
  const form = document.getElementById("filter");
  if (!form) {
    return;
  }
  const words = document.getElementById("words");
  const state = document.getElementById("state");
  const shown = document.getElementById("shown");
  const rows = Array.from(document.querySelectorAll("tr[data-search]"));

  function apply() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const states = state.value.split(" ").filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const has = row.dataset.state.split(" ");
      const fits =
        wanted.every((word) => row.dataset.search.includes(word)) &&
        (states.length === 0 || states.some((name) => has.includes(name)));
      row.hidden = !fits;
      count += fits ? 1 : 0;
    }
    for (const part of document.querySelectorAll("section.suite tbody, section.suite")) {
      part.hidden = !part.querySelector("tr[data-search]:not([hidden])");
    }
    const all = wanted.length === 0 && states.length === 0;
    shown.textContent = all ? "" : count + " of " + rows.length;
    if (all) {
      document.querySelectorAll("section.suite").forEach((part) => (part.hidden = false));
    }
  }

  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();

/* Offers to copy commands where the browser allows it. */
(function () {
  if (!navigator.clipboard) {
    return;
  }
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const text = document.getElementById(button.dataset.copy).textContent;
      navigator.clipboard.writeText(text).then(
        () => (button.textContent = "Copied"),
        () => (button.textContent = "Not copied")
      );
    });
  }
})();
