/* Several videos in lockstep. Plain script, no dependency, one global: SyncedVideos.

   const player = SyncedVideos([videoA, videoB], {fps: 20, onchange: (player) => …});
     play() pause() toggle()   the group plays in a loop; the longest video says when it starts again, shorter ones
                               wait on their last frame
     seek(seconds)             all to one moment, playing or not
     step(frames)              pause and go on by frames, back if negative; a moment is the middle of its frame
     rate(speed)               1 is as recorded
     playing time duration speed   as they are now (read only); seconds, those of the longest video
     fps                       frames per second, for `step`; may be set
     destroy()                 stop, and leave the videos alone
   While playing, a video that drifts is nudged by its speed, one that is far off is moved; while one waits for data
   the others wait for it. A video without a source, or one that can't be loaded, does not hold up the rest. Sources
   may be changed at any time. `onchange` is called on every change, while playing at every frame drawn.

   SyncedVideos.controls(player, root) joins a player to whatever of these lies in `root`, and returns a function to be
   given as `onchange`:
     <button data-player="toggle">   its text becomes Play or Pause
     <button data-player="back">, <button data-player="forward">   one frame
     <input type="range" data-player="scrub">                     0 to 1000
     <select data-player="rate">                                  values are speeds
     <output data-player="time">                                  1.25 / 4.00 s

   Make the player first, then: const update = SyncedVideos.controls(player, root); player.onchange = update; update(); */
"use strict";

(function (global) {
  const FPS = 20; // of the benchmark's motions
  const FAR = 0.08; // seconds; what is farther off is moved, what is nearer is nudged
  const NEAR = 0.008; // seconds; half the time between two pictures of a screen
  const NUDGE = 0.15; // at most this part of the speed
  const ENOUGH = 3; // HTMLMediaElement.HAVE_FUTURE_DATA
  // Paused or given another source meanwhile; a source that can't be loaded, which the element's `error` event tells
  const EXPECTED = ["AbortError", "NotSupportedError"];

  const usable = (video) => Boolean(video.currentSrc || video.src) && !video.error;
  const lengthOf = (video) => (Number.isFinite(video.duration) ? video.duration : 0);

  function SyncedVideos(elements, options = {}) {
    const videos = Array.from(elements);
    let playing = false;
    let speed = 1;
    let frame = 0;

    const there = () => videos.filter(usable);
    const leader = () => there().reduce((best, v) => (!best || lengthOf(v) > lengthOf(best) ? v : best), null);
    const over = (video) => video.ended || (lengthOf(video) > 0 && video.currentTime >= lengthOf(video) - 0.25 / player.fps);
    const changed = () => player.onchange && player.onchange(player);

    function start(video) {
      if (!video.paused) return;
      video.play().catch((error) => {
        if (error.name === "NotAllowedError") player.pause(); // the browser wants a click first
        else if (!EXPECTED.includes(error.name)) throw error;
      });
    }

    function follow(video, time) {
      const behind = Math.min(time, lengthOf(video)) - video.currentTime;
      if (Math.abs(behind) > FAR * Math.max(speed, 0.5)) {
        if (!video.seeking) video.currentTime += behind;
      }
      const nudge = Math.abs(behind) < NEAR ? 0 : Math.max(-NUDGE, Math.min(NUDGE, 3 * behind));
      const wanted = speed * (1 + nudge);
      if (Math.abs(video.playbackRate - wanted) > 0.005) video.playbackRate = wanted;
    }

    function again() {
      there().forEach((video) => (video.currentTime = 0));
    }

    function tick() {
      if (!playing) return;
      const first = leader();
      if (first && over(first) && !first.seeking) again();
      const going = there().filter((video) => !over(video));
      const waiting = going.filter((video) => video.readyState < ENOUGH || video.seeking);
      going.forEach((video) => (waiting.length && !waiting.includes(video) ? video.pause() : start(video)));
      if (first && !waiting.length) going.forEach((video) => video !== first && follow(video, first.currentTime));
      changed();
      frame = requestAnimationFrame(tick);
    }

    const player = {
      onchange: options.onchange || null,
      fps: options.fps || FPS,
      get playing() {
        return playing;
      },
      get speed() {
        return speed;
      },
      get duration() {
        return leader() ? lengthOf(leader()) : 0;
      },
      get time() {
        return leader() ? leader().currentTime : 0;
      },
      play() {
        if (playing) return;
        playing = true;
        tick();
      },
      pause() {
        playing = false;
        videos.forEach((video) => video.pause());
        cancelAnimationFrame(frame);
        changed();
      },
      toggle() {
        if (playing) player.pause();
        else player.play();
      },
      seek(seconds) {
        const time = Math.max(0, Math.min(seconds, player.duration));
        there().forEach((video) => (video.currentTime = Math.min(time, lengthOf(video))));
        changed();
      },
      step(frames) {
        player.pause();
        const last = Math.max(0, Math.round(player.duration * player.fps) - 1);
        const now = Math.min(last, Math.floor(player.time * player.fps + 1e-6));
        player.seek((Math.max(0, Math.min(last, now + frames)) + 0.5) / player.fps);
      },
      rate(value) {
        speed = value;
        videos.forEach((video) => (video.playbackRate = value));
        changed();
      },
      destroy() {
        player.onchange = null;
        player.pause();
        videos.forEach((video) => video.removeEventListener("loadedmetadata", loaded));
      },
    };

    function loaded() {
      this.playbackRate = speed; // a new source starts at speed 1
      changed();
    }

    videos.forEach((video) => {
      video.loop = false; // each by itself would drift apart
      video.muted = true;
      video.playsInline = true;
      video.preload = "auto";
      video.addEventListener("loadedmetadata", loaded);
    });
    return player;
  }

  SyncedVideos.controls = function (player, root) {
    const find = (name) => root.querySelector(`[data-player="${name}"]`);
    const [toggle, scrub, rate, time] = ["toggle", "scrub", "rate", "time"].map(find);
    const on = (name, event, action) => find(name) && find(name).addEventListener(event, action);
    on("toggle", "click", () => player.toggle());
    on("back", "click", () => player.step(-1));
    on("forward", "click", () => player.step(1));
    on("rate", "change", () => player.rate(Number(rate.value)));
    on("scrub", "input", () => player.seek((scrub.value / 1000) * player.duration));

    return function update() {
      const word = player.playing ? "Pause" : "Play";
      const clock = `${player.time.toFixed(2)} / ${player.duration.toFixed(2)} s`;
      if (toggle && toggle.textContent !== word) toggle.textContent = word;
      if (scrub) {
        scrub.value = player.duration ? Math.round((1000 * player.time) / player.duration) : 0;
        scrub.setAttribute("aria-valuetext", clock);
      }
      if (rate && Number(rate.value) !== player.speed) rate.value = String(player.speed);
      if (time) time.textContent = clock;
    };
  };

  global.SyncedVideos = SyncedVideos;
})(window);
