// Talks to the arena's API. A request is sent again until the server answers it: all of them may be repeated safely.

const LONGEST = 15; // seconds between two attempts
const PATIENCE = 20_000; // milliseconds that an attempt may take

/** The server understood and said no; sending it again changes nothing. */
export class Refused extends Error {
  constructor(status, { message, detail }) {
    super(message ?? String(detail));
    this.status = status;
  }
}

export class Client {
  /**
   * @param {string} base address of the API, with a slash at the end
   * @param {function(number)} troubled called with the seconds until the next attempt, and with 0 when all is well again
   */
  constructor(base, troubled) {
    this.base = base;
    this.troubled = troubled;
    this.sooner = () => {};
    addEventListener("online", () => this.sooner());
  }

  get(path) {
    return this.#untilAnswered(path, { method: "GET" });
  }

  post(path, body) {
    const headers = { "Content-Type": "application/json" };
    return this.#untilAnswered(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async #untilAnswered(path, request) {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#once(path, request);
      if (answer?.json) {
        if (attempt) this.troubled(0);
        if (answer.status < 400) return answer.json;
        throw new Refused(answer.status, answer.json);
      }
      await this.#pause(Math.max(Math.min(LONGEST, 2 ** attempt / 2), answer?.wait ?? 0));
    }
  }

  /** Return the answer, or null or how long to wait when there is none yet. */
  async #once(path, request) {
    try {
      const got = await fetch(this.base + path, { ...request, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (got.status >= 500 || got.status === 429) return { wait: Number(got.headers.get("Retry-After")) || 0 };
      return { status: got.status, json: await got.json() };
    } catch (error) {
      if (error instanceof TypeError || error instanceof DOMException || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /** Wait, but no longer than until the connection is back or `sooner` is called. */
  async #pause(seconds) {
    this.troubled(seconds);
    await new Promise((resolve) => {
      this.sooner = resolve;
      setTimeout(resolve, seconds * 1000);
    });
  }
}

/** An answer that the server has not acknowledged yet: it outlives a reload. */
export class Kept {
  constructor(name) {
    this.name = name;
  }

  get() {
    try {
      return JSON.parse(localStorage.getItem(this.name));
    } catch {
      return null; // storage is switched off: the answer lives as long as the page
    }
  }

  set(value) {
    try {
      if (value === null) localStorage.removeItem(this.name);
      else localStorage.setItem(this.name, JSON.stringify(value));
    } catch {
      return; // see `get`
    }
  }
}
