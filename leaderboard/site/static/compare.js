// The page that compares two models: the reader's choice, kept in the address, and what is loaded for it.
// Every text comes from results of strangers: it is only ever set as text.
"use strict";

// Scripts of data/ call MBenchCompare.take(kind, key, value).
const MBenchCompare = { model: {}, pair: {}, take(kind, key, value) { this[kind][key] = value; } };

(() => {
  const boards = JSON.parse(document.getElementById("boards")?.textContent || "[]");
  if (!boards.length) return;
  const $ = (id) => document.getElementById(id);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const loading = new Map();
  let player = null;
  let chosen = {}; // board, a, b, prompt

  function load(path, version) {
    if (!loading.has(path)) {
      loading.set(path, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `data/${path}.js?${version}`;
        script.onload = resolve;
        script.onerror = () => {
          loading.delete(path);
          reject(new Error(`data/${path}.js can't be loaded; is the site's folder whole?`));
        };
        document.head.append(script);
      }));
    }
    return loading.get(path);
  }

  const make = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const options = (select, items) => select.replaceChildren(...items.map(([value, text]) => make("option", text, { value })));
  const modelOf = (slug) => chosen.board.models.find((model) => model.slug === slug);
  const dataOf = (slug) => MBenchCompare.model[slug];
  const negated = (text) => (text === "—" || text === "0" ? text : text.startsWith("−") ? text.slice(1) : `−${text}`);

  // The choice

  function fromAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const has = (board, slug) => board.models.some((model) => model.slug === slug);
    const board = boards.find((b) => has(b, asked.get("a"))) || boards.find((b) => has(b, asked.get("b"))) || boards[0];
    const other = (slug) => board.models.find((model) => model.slug !== slug).slug;
    const a = has(board, asked.get("a")) ? asked.get("a") : other(asked.get("b"));
    const b = has(board, asked.get("b")) && asked.get("b") !== a ? asked.get("b") : other(a);
    const prompt = board.prompts.find((p) => p.id === asked.get("prompt")) || board.prompts[0];
    return { board, a, b, prompt: prompt ? prompt.id : "" };
  }

  function choose(change) {
    chosen = { ...chosen, ...change };
    const { a, b, prompt } = chosen;
    history.replaceState(null, "", `#${new URLSearchParams(prompt ? { a, b, prompt } : { a, b })}`);
    return show();
  }

  function fillChoice() {
    const models = chosen.board.models.map((model) => [model.slug, model.label]);
    options($("a"), models);
    options($("b"), models);
    options($("prompt"), chosen.board.prompts.map((prompt) => [prompt.id, prompt.text]));
    $("board").value = String(boards.indexOf(chosen.board));
    for (const id of ["a", "b", "prompt"]) $(id).value = chosen[id];
    $("replicates").hidden = chosen.board.replicates < 2;
    const judges = Object.entries(chosen.board.judges);
    $("judges").replaceChildren(...judges.map(([who, notes]) => make("p", `Judge ${who}: ${notes}`, { class: "box note" })));
  }

  async function show() {
    fillChoice();
    const { board, a, b } = chosen;
    const slugs = board.models.map((model) => model.slug);
    const inOrder = slugs.indexOf(a) < slugs.indexOf(b);
    const pair = inOrder ? `${a}--${b}` : `${b}--${a}`;
    try {
      await Promise.all([`model-${a}`, `model-${b}`, `pair-${pair}`].map((path) => load(path, board.version)));
    } catch (error) {
      $("problem").textContent = error.message;
      $("problem").hidden = false;
      return;
    }
    if (a !== chosen.a || b !== chosen.b) return; // another choice was made meanwhile
    $("problem").hidden = true;
    for (const cell of document.querySelectorAll("[data-name]")) cell.textContent = modelOf(chosen[cell.dataset.name]).label;
    showDifferences(MBenchCompare.pair[pair], inOrder);
    showPrompt();
  }

  // Differences

  function seenFrom(row, inOrder) {
    if (inOrder) return { ...row, ...row.text, numbers: [row.difference, row.low, row.high] };
    const word = { better: "worse", worse: "better" }[row.verdict] || row.verdict;
    const { first, second, difference, low, high, p_sign } = row.text;
    return {
      n: row.n, better: row.better, verdict: word, p_sign, first: second, second: first,
      difference: negated(difference), low: negated(high), high: negated(low),
      numbers: [row.difference, row.high, row.low].map((value) => (value === null ? null : -value)),
    };
  }

  function forest(row) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "forest");
    svg.setAttribute("aria-hidden", "true");
    const sign = row.better === "higher" ? 1 : -1;
    const [middle, ...ends] = row.numbers.map((value) => (value === null ? null : sign * value));
    const reach = Math.max(...[middle, ...ends].map((value) => Math.abs(value ?? 0))) || 1;
    const place = (value) => `${50 + (46 * value) / reach}%`;
    const draw = (tag, attributes) => {
      const part = document.createElementNS(svg.namespaceURI, tag);
      for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
      svg.append(part);
    };
    draw("line", { x1: "50%", x2: "50%", y1: 0, y2: "100%", class: "zero" });
    if (ends[0] !== null) draw("line", { x1: place(ends[0]), x2: place(ends[1]), y1: "50%", y2: "50%", class: "interval" });
    draw("circle", { cx: place(middle), cy: "50%", r: 4, class: "point" });
    return svg;
  }

  function differenceRow(metric, row) {
    const line = make("tr", "", { "data-metric": metric.name, "data-verdict": row.verdict });
    const interval = row.low === "—" ? "—" : `${row.low} ${row.low.startsWith("−") ? "to" : "–"} ${row.high}`;
    const drawing = make("td", "", { class: "forest" });
    drawing.append(forest(row));
    line.append(
      heading(metric), make("td", row.first), make("td", row.second), make("td", row.difference), make("td", interval),
      drawing, make("td", row.p_sign), make("td", row.n), make("td", row.verdict, { class: "text verdict" }),
    );
    return line;
  }

  function heading(metric) {
    const cell = make("th", "", { scope: "row" });
    cell.append(metric.page ? make("a", metric.title, { href: metric.page }) : metric.title, make("small", metric.about));
    return cell;
  }

  function showDifferences(pair, inOrder) {
    const metrics = chosen.board.metrics.filter((metric) => metric.name in pair.metrics);
    const rows = metrics.map((metric) => [metric, seenFrom(pair.metrics[metric.name], inOrder)]);
    $("differences").replaceChildren(...rows.map(([metric, row]) => differenceRow(metric, row)));
    const left = Object.entries(pair.left_out);
    const title = (name) => chosen.board.metrics.find((metric) => metric.name === name)?.title || name;
    $("left-out").hidden = !left.length;
    $("left-out").querySelector("ul").replaceChildren(...left.map(([name, why]) => make("li", `${title(name)}: ${why}`)));
    summarise(rows.filter(([metric]) => metric.page));
  }

  function summarise(rows) {
    const count = (word) => rows.filter(([, row]) => row.verdict === word).length;
    const [first, second] = [modelOf(chosen.a).label, modelOf(chosen.b).label];
    $("summary").textContent = rows.length
      ? `Of ${rows.length} dimensions of the benchmark that compare, ${first} is better than ${second} in ` +
        `${count("better")}, worse in ${count("worse")}, and can't be told apart in ${count("can't tell")}.`
      : `No dimension of the benchmark compares ${first} with ${second}.`;
  }

  // Motions

  function showPrompt() {
    const prompt = chosen.board.prompts.find((p) => p.id === chosen.prompt);
    $("text").textContent = prompt ? prompt.text : "";
    $("why").textContent = prompt ? `Prompt ${prompt.id}: ${prompt.why}.` : "No prompt has motions to show.";
    const rates = ["a", "b"].map((side) => showClip($(`clip-${side}`), modelOf(chosen[side]), prompt));
    const values = (slug, name) => dataOf(slug).values[name]?.[chosen.prompt] ?? "—";
    const there = (metric) => metric.page && [chosen.a, chosen.b].some((slug) => values(slug, metric.name) !== "—");
    $("values").replaceChildren(...chosen.board.metrics.filter(there).map((metric) => {
      const line = make("tr", "");
      line.append(heading(metric), make("td", values(chosen.a, metric.name)), make("td", values(chosen.b, metric.name)));
      return line;
    }));
    if (!player) return;
    player.fps = Math.max(...rates) || player.fps;
    player.seek(0);
  }

  function showClip(figure, model, prompt) {
    const [name, video, image, gone] = ["a", "video", "img", ".gone"].map((query) => figure.querySelector(query));
    const clip = (prompt && dataOf(model.slug).clips[prompt.id]) || { gone: "There is no motion." };
    const label = `${model.label}: ${prompt ? prompt.text : ""}`;
    name.textContent = model.label;
    name.href = model.page;
    video.hidden = !clip.video;
    image.hidden = !clip.strip;
    gone.hidden = !clip.gone;
    gone.textContent = clip.gone || "";
    video.setAttribute("aria-label", label);
    image.alt = `Eight frames of ${label}`;
    if (clip.strip) image.src = clip.strip;
    if (!clip.video) video.removeAttribute("src");
    else if (video.getAttribute("src") !== clip.video) {
      video.poster = clip.poster;
      video.src = clip.video;
    }
    return clip.fps || 0;
  }

  function videoFailed(event) {
    const gone = event.target.parentElement.querySelector(".gone");
    gone.textContent = "Its video can't be loaded.";
    gone.hidden = !event.target.getAttribute("src");
  }

  function nextPrompt(step) {
    const prompts = chosen.board.prompts;
    if (!prompts.length) return;
    const place = prompts.findIndex((prompt) => prompt.id === chosen.prompt);
    choose({ prompt: prompts[(place + step + prompts.length) % prompts.length].id });
  }

  const KEYS = {
    " ": () => player.toggle(),
    ",": () => player.step(-1),
    ".": () => player.step(1),
    s: () => player.rate({ 1: 0.5, 0.5: 0.25, 0.25: 1 }[player.speed]),
    n: () => nextPrompt(1),
    p: () => nextPrompt(-1),
  };

  function onKey(event) {
    const action = KEYS[event.key.toLowerCase()];
    const own = event.key === " " && event.target.closest("button, a, select"); // space is theirs
    if (!action || own || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  }

  function startPlayer() {
    const root = $("player");
    if (!root.querySelector(".player-controls")) return; // a site without videos
    player = SyncedVideos(root.querySelectorAll("video"));
    player.onchange = SyncedVideos.controls(player, root);
    root.addEventListener("keydown", onKey);
    for (const video of root.querySelectorAll("video")) {
      video.addEventListener("click", player.toggle);
      video.addEventListener("error", videoFailed);
    }
    showPrompt();
    if (!still.matches) player.play();
  }

  // Start

  options($("board"), boards.map((board, place) => [String(place), board.title]));
  $("board").addEventListener("change", () => {
    const board = boards[Number($("board").value)];
    choose({ board, a: board.models[0].slug, b: board.models[1].slug, prompt: board.prompts[0]?.id || "" });
  });
  const swapped = () => choose({ a: chosen.b, b: chosen.a });
  $("a").addEventListener("change", () => ($("a").value === chosen.b ? swapped() : choose({ a: $("a").value })));
  $("b").addEventListener("change", () => ($("b").value === chosen.a ? swapped() : choose({ b: $("b").value })));
  $("swap").addEventListener("click", swapped);
  $("prompt").addEventListener("change", () => choose({ prompt: $("prompt").value }));
  $("previous").addEventListener("click", () => nextPrompt(-1));
  $("next").addEventListener("click", () => nextPrompt(1));
  window.addEventListener("hashchange", () => choose(fromAddress()));
  $("compare").hidden = false;
  choose(fromAddress()).then(startPlayer);
})();
