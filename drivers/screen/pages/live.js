// The page's line to its node: one snapshot, then patches in sequence; a gap or a loss opens it anew.

const again_ms_max = 3000;

/** Fires `change` when what is shown changed, `line` when the node is reached or lost. */
export class Live extends EventTarget {
  /** @param {'patient'|'reception'|'monitor'|'accounts'|'records'} kind */
  constructor(kind) {
    super();
    this.kind = kind;
    /** What the node shows: hub, who is signed in, prompt, checkins (by id), desks and visual checks (by name). */
    this.shown = { hub: false, who: null, prompt: null, checkins: new Map(), desks: new Map(), visuals: new Map() };
    this.there = false;
    this.fresh = false; // the last change was a snapshot
    this.#again_ms = 250;
  }

  #socket = null;
  #again_ms;
  #sequence = 0;
  #last_n = 0;
  #closed = false;
  #waiting = new Map();

  open() {
    this.#closed = false;
    const address = location.origin.replace(/^http/, 'ws') + '/live/' + this.kind;
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.onmessage = (m) => this.#take(JSON.parse(m.data));
    socket.onclose = () => this.#lost();
  }

  close() {
    this.#closed = true;
    this.#socket?.close();
  }

  #lost() {
    for (const [, w] of this.#waiting) w.no({ name: 'line_lost' });
    this.#waiting.clear();
    this.#sequence = 0;
    this.there = false;
    this.dispatchEvent(new Event('line'));
    if (this.#closed) return;
    setTimeout(() => this.#closed || this.open(), this.#again_ms);
    this.#again_ms = Math.min(2 * this.#again_ms, again_ms_max);
  }

  #take(m) {
    if (m.seq === undefined) return this.#answered(m);
    if (m.seq !== this.#sequence + 1) return this.#socket.close(); // one was missed: everything anew
    this.#sequence = m.seq;
    this.fresh = Boolean(m.snapshot);
    if (m.snapshot) this.#snapshot(m.snapshot);
    if (m.prompt) this.shown.prompt = m.prompt;
    if (m.sight) return this.dispatchEvent(new CustomEvent('sight', { detail: m.sight }));
    if (m.checkin) this.shown.checkins.set(m.checkin.checkin, { ...m.checkin, seen_ms: Date.now() });
    if (m.desk) this.#desk(m.desk);
    if (m.visual) this.shown.visuals.set(m.visual.desk, m.visual);
    if (m.hub !== undefined) this.shown.hub = m.hub;
    if (m.closed) return this.dispatchEvent(new CustomEvent('closed', { detail: m.closed }));
    this.dispatchEvent(new Event('change'));
  }

  #desk(d) {
    const { desk, ...more } = d;
    this.shown.desks.set(desk.desk, { ...desk, ...more });
  }

  #snapshot(all) {
    this.shown = { hub: all.hub, who: all.who ?? null, prompt: all.prompt ?? null, checkins: new Map(),
      desks: new Map(), visuals: new Map() };
    for (const row of all.checkins ?? []) this.shown.checkins.set(row.checkin, { ...row, seen_ms: Date.now() });
    for (const d of all.desks ?? []) this.#desk(d);
    for (const v of all.visuals ?? []) this.shown.visuals.set(v.desk, v);
    this.#again_ms = 250;
    this.there = true;
    this.dispatchEvent(new Event('line'));
  }

  #answered(m) {
    const w = this.#waiting.get(m.n);
    this.#waiting.delete(m.n);
    if (!w) return;
    if (m.error) w.no(m.error);
    else w.yes(m);
  }

  /** Says it to the node; the promise is kept with what was answered ({body}) when it was done, and broken with
   * {name, text, text_en}. */
  say(topic, body = {}) {
    return new Promise((yes, no) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) return no({ name: 'line_lost' });
      const n = ++this.#last_n;
      this.#waiting.set(n, { yes, no });
      this.#socket.send(JSON.stringify({ n, topic, body }));
    });
  }

  /** Digits of the PIN pad: no message, straight to the reader's slot of this desk. */
  press_pin(digits) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send('pin ' + digits);
  }

  /** 照合番号B, likewise. */
  press_number(digits) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send('number ' + digits);
  }

  /** One camera frame (JPEG), to this desk's own node and no further. */
  send_frame(octets) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(octets);
  }
}

/** Makes an element: el('button', {class: 'big', onclick: f}, 'text', child …). Texts are never read as HTML. */
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, v] of Object.entries(attributes)) {
    if (v === undefined || v === null || v === false) continue;
    if (key.startsWith('on')) e.addEventListener(key.slice(2), v);
    else e.setAttribute(key, v === true ? '' : String(v));
  }
  for (const c of children.flat(Infinity)) if (c !== null && c !== undefined && c !== false) e.append(c);
  return e;
}

/** Who this node is: {node, simulated, pages, methods, account}. */
export async function about() {
  const answer = await fetch('/node.json');
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}
