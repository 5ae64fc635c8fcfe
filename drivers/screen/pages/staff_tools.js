// What the parts of reception's page share: saying something to the node, what is typed or opened and must survive a
// redraw, and printing.
import { el } from '/live.js';

/** What is typed, ticked, opened: by key. A key names the field and whose it is. */
export const drafts = new Map();

/** Set by the page: says it to the node, tells the staff how it went; resolves to the answer, or to null. */
export const page = { live: null, say: null, tell: null, draw: null };

export const button = (key, words, act, kind = '') =>
  el('button', { type: 'button', class: kind, 'data-key': key, onclick: act }, words);

/** A text field that keeps what is typed. */
export function field(key, more = {}) {
  const input = el('input', { 'data-key': key, autocomplete: 'off', ...more,
    oninput: () => drafts.set(key, input.value) });
  input.value = drafts.get(key) ?? more.value ?? '';
  return input;
}

export function tick(key, words, more = {}) {
  const { onchange, ...rest } = more;
  const box = el('input', { type: 'checkbox', 'data-key': key, ...rest, onchange: () => {
    drafts.set(key, box.checked);
    onchange?.(box.checked);
  } });
  box.checked = Boolean(drafts.get(key) ?? more.checked);
  return [box, el('label', { class: 'tick' }, box, words)];
}

export function choice(key, options, more = {}) {
  const select = el('select', { 'data-key': key, ...more, onchange: () => drafts.set(key, select.value) },
    options.map(([value, words]) => el('option', { value }, words)));
  select.value = drafts.get(key) ?? more.value ?? options[0]?.[0] ?? '';
  return select;
}

/** Something that is folded away until it is wanted; its content is made when it is open. */
export function fold(key, words, content, opened) {
  const more = el('details', { ontoggle: () => {
    if (Boolean(drafts.get(key)) === more.open) return;
    drafts.set(key, more.open);
    if (more.open) opened?.();
    page.draw();
  } }, el('summary', { 'data-key': key }, words), drafts.get(key) ? content() : null);
  more.open = Boolean(drafts.get(key));
  return more;
}

/** A value that the reader may see; what was blotted out or forgotten says so. */
export function personal(v) {
  if (v && typeof v === 'object') return v.forgotten ? '（消去済み）' : '（非表示）';
  return v || '';
}

export const time = (ms) => new Date(ms).toLocaleTimeString('ja-JP', { hour: '2-digit', minute: '2-digit' });
export const day_and_time = (ms) => new Date(ms).toLocaleString('ja-JP', { dateStyle: 'medium', timeStyle: 'short' });
/** yyyyMMdd or yyyyMMddHHmmss, as the national system writes it. */
export const written_day = (text) => (/^\d{8}/.test(text ?? '')
  ? `${text.slice(0, 4)}/${text.slice(4, 6)}/${text.slice(6, 8)}`
    + (text.length >= 12 ? ` ${text.slice(8, 10)}:${text.slice(10, 12)}` : '')
  : text || '—');
export const heads = (names) => el('thead', {}, el('tr', {}, names.map((n) => el('th', { scope: 'col' }, n))));

/** Sixteen octets as an id, ordered by time as the node's own are. */
export function fresh_id() {
  const chance = crypto.getRandomValues(new Uint8Array(10));
  return Date.now().toString(16).padStart(12, '0') + [...chance].map((b) => b.toString(16).padStart(2, '0')).join('');
}

/** Prints @p sheet alone. */
export function print_sheet(sheet) {
  document.querySelector('.sheet')?.remove();
  document.body.append(el('section', { class: 'sheet', 'aria-label': '印刷' }, sheet));
  window.print();
}
