// Plays the videos of a result together. Gradio puts a new result on the page after each model: each gets a player.
"use strict";

(() => {
  let player = null;

  function prepare(stage) {
    const videos = stage.querySelectorAll("video");
    const controls = stage.querySelector(".pg-controls");
    const time = player ? player.time : 0;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches || (player && !player.playing);
    if (player) player.destroy();
    videos.forEach((video) => video.removeAttribute("controls"));
    player = SyncedVideos(videos);
    const update = SyncedVideos.controls(player, controls);
    player.onchange = update;
    controls.hidden = false;
    update();
    player.seek(time);
    if (!still) player.play();
  }

  function look() {
    const stage = document.querySelector(".pg-stage:not([data-ready])");
    if (!stage || !stage.querySelector("video")) return;
    stage.dataset.ready = "";
    prepare(stage);
  }

  // A visitor's own file: sent when it is chosen; the token that comes back goes into a field of Gradio's.
  async function send(field) {
    const said = document.getElementById("pg-file-said");
    const [file] = field.files;
    await keep("");
    if (!file) return;
    said.textContent = `${file.name}: being sent…`;
    try {
      const answer = await fetch(`${field.dataset.send}?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
      const found = await answer.json();
      await keep(found.token ?? "");
      said.textContent = answer.ok ? `${file.name}: ready, press Generate` : found.detail;
    } catch (error) {
      said.textContent = `${file.name} could not be sent: ${error.message}`;
    }
  }

  async function keep(token) {
    let kept;
    while (!(kept = document.querySelector("#pg-token textarea, #pg-token input"))) {
      await new Promise(requestAnimationFrame); // Gradio is still building the page
    }
    kept.value = token;
    kept.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("change", (event) => {
    if (event.target.id === "pg-file") send(event.target);
  });
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
})();
