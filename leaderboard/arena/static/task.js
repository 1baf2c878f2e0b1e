// A task on the screen: the videos in lockstep, the questions, a comment.

import { button, h } from "./dom.js";

const CHOICES = {
  pairs: [["left", "Left", "1 ←"], ["right", "Right", "2 →"], ["tie", "Tie", "3"], ["both_bad", "Both bad", "4"]],
  ratings: [[1, "Bad", "1"], [2, "Poor", "2"], [3, "Fair", "3"], [4, "Good", "4"], [5, "Excellent", "5"]],
};
const SPEEDS = [["1", "1×"], ["0.5", "½×"], ["0.25", "¼×"]];
const SEEN = 0.9; // of a video's length: the last picture or two may be jumped over where it begins again
const LONG = 90; // letters of a text that is set smaller, so that the videos stay in sight
const CAN_PLAY = 3; // HTMLMediaElement.HAVE_FUTURE_DATA

export class Task {
  /**
   * @param {Object} task `phase`, `prompt`, `questions` ({id, text, help}) and `videos` ({fixed, side}: addresses)
   * @param {string} type `pairs` or `ratings`
   * @param {Object} on `answered(answers, comment, seconds)`, once; `say(text)`, to who can't see
   */
  constructor(task, type, on) {
    this.task = task;
    this.pair = type === "pairs";
    this.choices = CHOICES[type];
    this.on = on;
    this.answers = {};
    this.current = 0; // the question that keys answer
    this.ready = null; // when the videos could play, milliseconds
    this.seen = task.videos.map(() => false);
    this.closed = false;
    this.element = this.#build();
  }

  // ---------------------------------------------------------------- what is on the screen

  #build() {
    const { phase, prompt, questions } = this.task;
    const watch = this.pair ? "Watch both videos to the end, then answer." : "Watch the video to the end, then answer.";
    this.hint = h("p", { class: "hint" }, phase === "training" ? `This is for practice and does not count. ${watch}` : watch);
    this.groups = questions.map((question, n) => this.#question(question, n));
    this.comment = h("textarea", { rows: "1", maxlength: "2000", id: "arena-comment", placeholder: "optional" });
    this.next = questions.length > 1 ? button("Next", { class: "primary next", onclick: () => this.send() }, "Enter") : null;
    const comment = h("div", { class: "comment" }, h("label", { for: this.comment.id }, "Comment"), this.comment);
    this.ask = h("div", { class: "ask" }, this.hint, this.groups, h("div", { class: "send" }, comment, this.next));
    return h("section", { class: this.next ? "task several" : "task" },
      h("h1", { class: prompt.length > LONG ? "prompt long" : "prompt", tabindex: "-1" }, prompt),
      h("div", { class: "watch" }, this.#stage(), this.#controls()), this.ask);
  }

  #stage() {
    this.videos = this.task.videos.map((video, n) => this.#video(video.fixed, n));
    this.ticks = this.videos.map(() => h("span", { class: "tick", hidden: true }, "seen"));
    const names = this.pair ? ["Left", "Right"] : ["Video"];
    return h("div", { class: "stage", "data-videos": String(this.videos.length) }, this.videos.map((video, n) =>
      h("figure", {}, video, h("figcaption", {}, names[n], " ", this.ticks[n]))));
  }

  #video(src, n) {
    const which = this.pair ? ["Left video", "Right video"][n] : "Video";
    return h("video", {
      src, muted: true, playsinline: true, "aria-label": which,
      oncanplay: () => this.#canPlay(), onerror: () => this.#broken(),
    });
  }

  #controls() {
    this.toggle = button("Play", { class: "toggle", onclick: () => this.player.toggle() }, "Space");
    const scrub = h("input", { type: "range", min: "0", max: "1000", value: "0", "data-player": "scrub", "aria-label": "Position" });
    scrub.addEventListener("pointerup", () => scrub.blur()); // so that keys answer again
    this.speeds = SPEEDS.map(([value, label]) => button(label, {
      value, "aria-label": `Speed ${value}`, onclick: () => this.player.rate(Number(value)),
    }));
    this.side = button("Side view", { "aria-pressed": "false", onclick: () => this.look() }, "S");
    return h("div", { class: "controls", role: "group", "aria-label": "Playback" },
      this.toggle, scrub, h("div", { class: "speeds", role: "group", "aria-label": "Speed" }, this.speeds), this.side);
  }

  #question({ text, help }, n) {
    const id = `arena-question-${n}`;
    const brief = this.task.questions.length > 1 && this.task.phase !== "training"; // the help page has it too
    const options = this.choices.map(([value, label, key]) =>
      button(h("span", {}, label), { value, "aria-pressed": "false", onclick: () => this.choose(n, value) }, key));
    return h("div", { class: "question", role: "group", "aria-labelledby": id, "aria-describedby": help ? `${id}-help` : null },
      h("h2", { id }, text), help && h("p", { id: `${id}-help`, class: brief ? "sr" : "help" }, help),
      h("div", { class: "choices", "data-choices": String(options.length) }, options));
  }

  // ---------------------------------------------------------------- watching

  /** Start the videos, once the task is on the page; they wait for a click where the reader asks for less motion. */
  begin() {
    this.player = window.SyncedVideos(this.videos);
    const update = window.SyncedVideos.controls(this.player, this.element);
    this.player.onchange = () => {
      update();
      this.#showPlayback();
      this.videos.forEach((_, n) => this.#watched(n));
    };
    this.#select(0);
    this.#lock();
    this.player.onchange();
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.player.play();
  }

  destroy() {
    this.player.destroy();
  }

  #showPlayback() {
    const word = this.player.playing ? "Pause" : "Play";
    if (this.toggle.firstChild.textContent !== word) this.toggle.firstChild.textContent = word;
    for (const speed of this.speeds) speed.setAttribute("aria-pressed", String(Number(speed.value) === this.player.speed));
  }

  #canPlay() {
    if (this.videos.every((video) => video.readyState >= CAN_PLAY)) this.ready ??= performance.now();
  }

  /** Note a video whose every part was played, in any order and at any speed. */
  #watched(n) {
    if (this.seen[n]) return;
    const { played, duration } = this.videos[n];
    let seconds = 0;
    for (let part = 0; part < played.length; part++) seconds += played.end(part) - played.start(part);
    if (!(seconds >= SEEN * duration)) return;
    this.seen[n] = true;
    this.ticks[n].hidden = false;
    this.#lock();
  }

  #broken() {
    const again = () => {
      this.hint.textContent = "Loading…";
      for (const video of this.videos) if (video.error) video.load();
    };
    this.hint.replaceChildren("A video could not be loaded. ", button("Try again", { onclick: again }));
    this.on.say("A video could not be loaded.");
  }

  /** Change between the two views, at the same moment. */
  look() {
    const side = this.side.getAttribute("aria-pressed") !== "true";
    this.side.setAttribute("aria-pressed", String(side));
    const time = this.player.time;
    const loaded = this.videos.map((video) => new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true })));
    this.videos.forEach((video, n) => (video.src = this.task.videos[n][side ? "side" : "fixed"]));
    Promise.all(loaded).then(() => this.player.seek(time));
  }

  // ---------------------------------------------------------------- answering

  get #locked() {
    return this.closed || this.seen.includes(false);
  }

  /** Let answers in once everything was seen. */
  #lock() {
    for (const option of this.ask.querySelectorAll(".choices button")) option.setAttribute("aria-disabled", String(this.#locked));
    if (!this.seen.includes(false)) {
      this.hint.textContent = this.#whatNow();
      this.on.say("You can answer now.");
    }
    this.#showNext();
  }

  #whatNow() {
    if (this.next) return "Answer each question, then go on.";
    return this.task.phase === "training" ? "Choose. This is for practice and does not count." : "Choose: your answer is stored at once.";
  }

  get #complete() {
    return this.task.questions.every(({ id }) => id in this.answers);
  }

  #showNext() {
    this.next?.setAttribute("aria-disabled", String(this.#locked || !this.#complete));
  }

  #select(n) {
    this.current = Math.max(0, Math.min(n, this.groups.length - 1));
    this.groups.forEach((group, at) => group.toggleAttribute("data-current", this.next && at === this.current));
  }

  #move(by) {
    this.#select(this.current + by);
    this.groups[this.current].scrollIntoView({ block: "nearest" });
    this.on.say(this.task.questions[this.current].text);
  }

  /** Answer a question; the only one is sent at once, of several the next open one follows. */
  choose(n, value) {
    if (this.#locked) return void (this.closed || this.on.say(this.hint.textContent));
    const { id, text } = this.task.questions[n];
    this.answers[id] = value;
    for (const option of this.groups[n].querySelectorAll("button")) option.setAttribute("aria-pressed", String(option.value === String(value)));
    if (!this.next) return this.send();
    this.on.say(`${text} ${this.choices.find(([choice]) => choice === value)[1]}.`);
    const open = this.task.questions.findIndex((question) => !(question.id in this.answers));
    this.#select(open === -1 ? n : open);
    this.#showNext();
  }

  /** Do what a key does here; return whether it does anything. */
  key(key) {
    const at = this.choices.findIndex((_, n) => key === String(n + 1) || (this.pair && key === ["ArrowLeft", "ArrowRight"][n]));
    const action = at >= 0 ? () => this.choose(this.current, this.choices[at][0]) : {
      ArrowUp: this.next && (() => this.#move(-1)), ArrowDown: this.next && (() => this.#move(1)),
      " ": () => this.player.toggle(), s: () => this.look(),
    }[key];
    action?.();
    return Boolean(action);
  }

  send() {
    if (this.#locked || !this.#complete) return;
    this.closed = true;
    this.#lock();
    this.pressed = this.next ?? this.groups[0].querySelector("[aria-pressed=true]");
    this.pressed.dataset.label = this.pressed.firstChild.textContent;
    this.pressed.firstChild.textContent = "Saving…";
    this.on.say("Saving…");
    this.on.answered(this.answers, this.comment.value.trim(), (performance.now() - this.ready) / 1000);
  }

  /** Say what the answer was worth; nothing more is let in. */
  close(verdict) {
    this.pressed.firstChild.textContent = this.pressed.dataset.label;
    this.hint.textContent = "";
    this.ask.lastChild.replaceWith(verdict);
    verdict.querySelector("h2").focus();
    verdict.scrollIntoView({ block: "nearest" });
  }
}
