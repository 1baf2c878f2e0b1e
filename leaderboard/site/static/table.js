// Tables that sort, rows and columns that hide. The state is in the address after #, so that a view can be shared.
(() => {
  "use strict";
  const tables = [...document.querySelectorAll("table[data-sortable]")];
  const form = document.getElementById("controls");
  const said = document.getElementById("said");
  const headings = (table) => [...table.tHead.rows[0].cells];
  const boxes = (name) => form ? [...form.querySelectorAll(`input[name="${name}"]`)] : [];
  const first = new Map(tables.map((table) => [table, [...table.tBodies[0].rows]]));
  const firstSort = new Map(tables.map((table) => [table, headings(table).map((th) => th.getAttribute("aria-sort"))]));
  let sorts = new Map(); // table id -> [key, "ascending" or "descending"]

  // What a row is sorted by: a number, or the text of the first column; undefined where the value is missing.
  function valueOf(row, index) {
    const cell = row.cells[index];
    if (index === 0) return cell.querySelector("a, span")?.textContent ?? cell.textContent;
    return cell.dataset.v === undefined ? undefined : Number(cell.dataset.v);
  }

  function compare(a, b) {
    return typeof a === "string" ? a.localeCompare(b, undefined, { numeric: true }) : a - b;
  }

  function sort(table, key, direction) {
    const index = headings(table).findIndex((th) => th.dataset.key === key);
    if (index < 0) return false;
    const sign = direction === "descending" ? -1 : 1;
    const rows = first.get(table).map((row) => [valueOf(row, index), row]);
    const there = rows.filter(([value]) => value !== undefined).sort(([a], [b]) => sign * compare(a, b));
    const missing = rows.filter(([value]) => value === undefined);
    table.tBodies[0].append(...[...there, ...missing].map(([, row]) => row));
    headings(table).forEach((th, i) => {
      if (i === index) th.setAttribute("aria-sort", direction);
      else th.removeAttribute("aria-sort");
    });
    return true;
  }

  function unsort(table) {
    table.tBodies[0].append(...first.get(table));
    headings(table).forEach((th, i) => {
      const direction = firstSort.get(table)[i];
      if (direction) th.setAttribute("aria-sort", direction);
      else th.removeAttribute("aria-sort");
    });
  }

  // The better values come first; a second press turns the order round.
  function press(table, th) {
    const best = th.dataset.better === "higher" ? "descending" : "ascending";
    const other = best === "descending" ? "ascending" : "descending";
    const direction = th.getAttribute("aria-sort") === best ? other : best;
    sorts.set(table.id, [th.dataset.key, direction]);
    sort(table, th.dataset.key, direction);
    remember();
    const name = th.querySelector("button").textContent;
    const order = th.dataset.key === "model" ? direction : direction === "descending" ? "highest first" : "lowest first";
    say(`${table.caption.textContent}: sorted by ${name}, ${order}`);
  }

  function say(text) {
    if (said) said.textContent = text;
  }

  function hideRows() {
    const hidden = new Set(boxes("kind").filter((box) => !box.checked).map((box) => box.value));
    for (const part of document.querySelectorAll("[data-kind]")) part.hidden = hidden.has(part.dataset.kind);
    for (const table of tables) {
      const none = table.closest(".scroll").nextElementSibling;
      if (none?.classList.contains("none")) none.hidden = first.get(table).some((row) => !row.hidden);
    }
  }

  function hideColumns() {
    const hidden = new Set(boxes("column").filter((box) => !box.checked).map((box) => box.value));
    for (const table of tables) {
      headings(table).forEach((th, index) => {
        for (const row of table.rows) row.cells[index].hidden = hidden.has(th.dataset.key);
      });
    }
  }

  function remember() {
    const state = new URLSearchParams();
    for (const box of boxes("kind")) if (!box.checked) state.append("hide", box.value);
    for (const box of boxes("column")) if (!box.checked) state.append("without", box.value);
    for (const [id, [key, direction]] of sorts) state.append("sort", `${id}:${key}:${direction}`);
    const text = state.toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  // An address without "=" after # is a place on the page, not a state.
  function restore() {
    if (location.hash && !location.hash.includes("=")) return;
    const state = new URLSearchParams(location.hash.slice(1));
    for (const box of boxes("kind")) box.checked = !state.getAll("hide").includes(box.value);
    for (const box of boxes("column")) box.checked = !state.getAll("without").includes(box.value);
    sorts = new Map();
    tables.forEach(unsort);
    for (const [id, key, direction] of state.getAll("sort").map((text) => text.split(":"))) {
      const table = tables.find((candidate) => candidate.id === id);
      if (!table || !["ascending", "descending"].includes(direction)) continue;
      if (sort(table, key, direction)) sorts.set(id, [key, direction]);
    }
    hideRows();
    hideColumns();
  }

  function addButtons(table) {
    for (const th of headings(table)) {
      if (!th.dataset.key) continue;
      const name = th.querySelector(".name");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...name.childNodes);
      button.addEventListener("click", () => press(table, th));
      name.replaceWith(button);
    }
  }

  tables.forEach(addButtons);
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => {
      if (event.target.name === "kind") hideRows();
      else hideColumns();
      remember();
      const box = event.target;
      say(`${box.closest("label").textContent.trim()}: ${box.checked ? "shown" : "hidden"}`);
    });
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      history.replaceState(null, "", location.pathname + location.search);
      restore();
      say("Everything is shown, in the first order");
    });
  }
  // The list of columns lies over the page: Escape, or a press beside it, closes it.
  const chooser = document.querySelector(".chooser");
  if (chooser) {
    document.addEventListener("click", (event) => {
      if (!chooser.contains(event.target)) chooser.open = false;
    });
    chooser.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      chooser.open = false;
      chooser.querySelector("summary").focus();
    });
  }
  window.addEventListener("hashchange", restore);
  restore();
})();
