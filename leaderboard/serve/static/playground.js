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

  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
})();
