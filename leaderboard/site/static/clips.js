// Clips play while they are on the screen, unless the reader asked for less motion or stopped them. Each has a button;
// without scripts each has the browser's own controls.
(() => {
  "use strict";
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const stopped = new WeakSet(); // by the reader
  const seen = new WeakSet(); // on the screen now

  function play(video) {
    stopped.delete(video);
    video.play().catch((error) => {
      if (error.name !== "AbortError") stopped.add(video); // the browser wants a click first, or there is no video
    });
  }

  function start(video) {
    if (seen.has(video) && !stopped.has(video) && !document.hidden) play(video);
  }

  function stop(video) {
    stopped.add(video);
    video.pause();
  }

  function addButton(video) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "clip-button";
    const show = () => {
      button.textContent = video.paused ? "▶" : "❚❚";
      button.setAttribute("aria-label", `${video.paused ? "Play" : "Pause"} ${video.getAttribute("aria-label")}`);
    };
    const toggle = () => (video.paused ? play(video) : stop(video));
    button.addEventListener("click", toggle);
    video.addEventListener("click", toggle);
    for (const event of ["play", "pause"]) video.addEventListener(event, show);
    video.removeAttribute("controls");
    video.after(button);
    show();
  }

  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) {
        seen.add(target);
        start(target);
      } else {
        seen.delete(target);
        target.pause();
      }
    }
  }, { threshold: 0.4 });

  const videos = document.querySelectorAll("video[data-clip]");
  for (const video of videos) {
    video.muted = true;
    if (still.matches) stopped.add(video);
    addButton(video);
    watch.observe(video);
  }
  document.addEventListener("visibilitychange", () => {
    for (const video of videos) {
      if (document.hidden) video.pause();
      else start(video);
    }
  });
})();
