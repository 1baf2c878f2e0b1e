// The voting page: what is shown when. `start` is called by the Gradio component once it is on the page.

import { Client, Kept, Refused } from "./client.js";
import { button, h, takesKey } from "./dom.js";
import { Task } from "./task.js";
import { askToSkip, consent, done, help, trouble, verdict, waiting } from "./views.js";

const LOOK_AGAIN = 30_000; // milliseconds, while others have what is left
const SETTLED = [404, 409, 410]; // the task is no longer this rater's to answer: there is a next one

/**
 * Run the arena in an element.
 *
 * @param {Element} root of the component
 * @param {string} base address under which `api/` and `media/` are, with a slash at the end
 */
export async function start(root, base) {
  await new Arena(root, base).begin();
}

class Arena {
  constructor(root, base) {
    this.root = root;
    this.base = base;
    this.client = new Client(base, (seconds) => this.troubled(seconds));
    this.unsent = new Kept(`mbench-arena-vote:${new URL(base).pathname}`);
    this.keys = new Kept("mbench-arena-keys");
    this.shown = {}; // what is on the screen: `task`, and what to do on `enter` and on `leave`
    this.busy = false;
    this.build();
    document.addEventListener("keydown", (event) => this.pressed(event));
    root.addEventListener("mousedown", keepFocus);
  }

  build() {
    this.progress = h("progress", { max: "1", value: "0", "aria-label": "Progress" });
    this.number = h("span", { class: "number" });
    this.undo = button("Undo", { onclick: () => this.takeBack() }, "Z");
    this.skip = button("Skip", { onclick: () => askToSkip(this.root, this.study, (...why) => this.skipTask(...why)) });
    const help = button("Help", { onclick: () => this.help() });
    this.bar = h("div", { class: "bar", hidden: true }, this.progress, this.number, h("div", { class: "tools" }, this.undo, this.skip, help));
    this.notice = h("div", { class: "notice", role: "alert", hidden: true });
    this.view = h("div", { class: "view" });
    this.live = h("p", { class: "sr", role: "status", "aria-live": "polite" });
    this.root.replaceChildren(this.bar, this.notice, this.view, this.live);
  }

  // ---------------------------------------------------------------- from one page to the next

  begin() {
    return this.guarded(async () => {
      const { status, study } = await this.client.get("api/state");
      this.study = study;
      document.title = study.name;
      if (status === "consent") return this.show(consent(study, () => this.agree()));
      if (this.unsent.get()) await this.deliver(this.unsent.get());
      await this.next();
    });
  }

  agree() {
    return this.guarded(async () => {
      await this.client.post("api/consent", { agree: true });
      await this.next();
    });
  }

  goOn() {
    return this.guarded(() => this.next());
  }

  async next() {
    const { task, reason, progress } = await this.client.get("api/task");
    this.showProgress(task, progress);
    if (task) this.showTask(task);
    else if (reason === "leased") this.wait();
    else this.show(done(this.study, progress, () => this.takeBack()));
  }

  wait() {
    const timer = setTimeout(() => this.goOn(), LOOK_AGAIN);
    this.show(waiting(this.study, () => this.goOn()), { leave: () => clearTimeout(timer) });
  }

  showTask({ id, phase, prompt, videos, questions }) {
    const shown = { phase, prompt: prompt.text, questions: questions.map((q) => this.study.questions.find((one) => one.id === q)) };
    shown.videos = videos.map(({ fixed, side }) => ({ fixed: this.base + fixed, side: this.base + side }));
    const task = new Task(shown, this.study.type, {
      answered: (answers, comment, seconds) => this.vote({ task: id, answers, comment, seconds }),
      say: (text) => this.say(text),
    });
    this.show(task.element, { task, id, leave: () => task.destroy() });
    task.begin();
  }

  /** Put a page on the screen, with the focus on its heading: screen readers read on from there. */
  show(element, what = {}) {
    this.shown.leave?.();
    this.shown = what;
    this.view.replaceChildren(element);
    this.bar.hidden = !what.task;
    scrollTo(0, 0);
    element.querySelector("h1").focus({ preventScroll: true });
  }

  showProgress(task, { done, total, training_total, undo }) {
    this.undoable = undo;
    this.undo.disabled = !undo;
    this.progress.max = Math.max(total, 1);
    this.progress.value = done;
    const practice = task?.phase === "training";
    this.number.textContent = task ? (practice ? `Practice ${task.number} of ${training_total}` : `${task.number} of ${total}`) : "";
  }

  // ---------------------------------------------------------------- what the rater does

  vote(vote) {
    return this.guarded(async () => {
      const { feedback } = await this.deliver(vote);
      if (!feedback) return this.next();
      const enter = () => this.goOn();
      this.shown.enter = enter;
      this.shown.task.close(verdict(feedback, enter));
    });
  }

  /** Send a vote until the server has stored or refused it; it outlives a reload until then. */
  async deliver(vote) {
    this.unsent.set(vote);
    const receipt = await this.client.post("api/vote", vote).catch((error) => {
      if (error instanceof Refused) this.unsent.set(null);
      throw error;
    });
    this.unsent.set(null);
    return receipt;
  }

  skipTask(reason, comment) {
    return this.guarded(async () => {
      await this.client.post("api/skip", { task: this.shown.id, reason, comment });
      await this.next();
    });
  }

  takeBack() {
    if (!this.undoable) return this.say("There is nothing to take back.");
    return this.guarded(async () => {
      await this.client.post("api/undo", { task: this.undoable });
      await this.next();
      this.say("Your last answer was taken back. Answer again.");
    });
  }

  help() {
    help(this.root, this.study, this.keys.get() !== false, (on) => this.keys.set(on));
  }

  pressed(event) {
    const { target } = event;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || this.keys.get() === false) return;
    if (this.root.querySelector("dialog[open]") || takesKey(target, key)) return;
    const does = { z: () => this.takeBack(), Enter: () => (this.shown.enter ?? (() => this.shown.task?.send()))() }[key];
    if (does ?? this.shown.task?.key(key)) {
      event.preventDefault();
      does?.();
    }
  }

  // ---------------------------------------------------------------- what is told

  say(text) {
    this.live.textContent = text;
  }

  tell(...parts) {
    this.notice.replaceChildren(...parts);
    this.notice.hidden = parts.length === 0;
  }

  /** Say that the server can't be reached, and when it is tried again; 0 when it is there again. */
  troubled(seconds) {
    if (!seconds) return this.tell();
    const kept = this.unsent.get() ? "Your answer is kept here and is sent again" : "Trying again";
    this.tell(`No connection to the server. ${kept} in ${Math.ceil(seconds)} s. `, button("Try now", { onclick: () => this.client.sooner() }));
  }

  /** Do one thing at a time; what the server refuses is told, and the page goes on from what the server knows. */
  async guarded(action) {
    if (this.busy) return;
    this.busy = true;
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await this.refused(error);
    } finally {
      this.busy = false;
    }
  }

  async refused({ status, message }) {
    if (SETTLED.includes(status)) {
      await this.next();
      this.tell(message, " ", button("Close", { onclick: () => this.tell() }));
    } else {
      this.show(trouble("This did not work", message, "Load the page again", () => location.reload()));
    }
  }
}

/** Let a click leave the focus where it is, so that keys still answer; a text field gives it up. */
function keepFocus(event) {
  if (!event.target.closest("button") || event.target.closest("dialog")) return;
  event.preventDefault();
  if (takesKey(document.activeElement, "1")) document.activeElement.blur();
}
