// The PIN pad: real buttons, and the keyboard's digits. The digits are in this module's memory only, until they are
// sent; they are never shown, spoken, or put into an attribute.
import { el } from '/live.js';

let length = 4;
let digits = [];
let current = null; // what the keyboard acts on

/** @param of {words, fill, step, wrong, tries_left, note (a warning), digits (4 unless said), stop, send} */
export function pin_screen(of) {
  const { words: w, fill, step } = of;
  if (!step.pin_begun) digits = [];
  length = of.digits ?? 4;
  step.pin_begun = true;
  current = of;
  const key = (n) => el('button', { type: 'button', 'data-key': n, onclick: () => press(String(n)) }, String(n));
  return [
    el('div', { class: 'pin' },
      el('div', { class: 'told' },
        of.note && el('p', { class: 'warning' }, of.note),
        of.wrong && el('p', { class: 'warning' }, w.wrong, ' ',
          of.tries_left > 1 && fill(w.left, { n: of.tries_left })),
        of.tries_left <= 1 && el('p', { class: 'warning' }, w.last_p),
        el('p', {}, w.p),
        el('div', { class: length > 4 ? 'places many' : 'places', 'aria-hidden': 'true' }),
        el('div', { class: 'unseen', role: 'status', id: 'entered' })),
      el('div', { class: 'pad', role: 'group', 'aria-label': w.pad },
        [1, 2, 3, 4, 5, 6, 7, 8, 9].map(key),
        el('button', { type: 'button', class: 'word', 'data-key': 'clear', onclick: clear }, w.clear), key(0),
        el('button', { type: 'button', class: 'word', 'data-key': 'erase', onclick: erase }, w.erase),
        el('button', { type: 'button', class: 'main', 'data-key': 'done', id: 'pin-done', onclick: done }, w.done))),
    of.stop(),
  ];
}

function press(digit) {
  if (digits.length < length && current && !current.step.sent) digits.push(digit);
  show();
}
function erase() {
  digits.pop();
  show();
}
function clear() {
  digits = [];
  show();
}

async function done() {
  if (digits.length !== length || !current || current.step.sent) return;
  current.step.sent = true;
  const entered = digits.join('');
  digits = [];
  show();
  await current.send(entered);
}

/** Dots for the eyes, a count for the ears. */
export function show() {
  const places = document.querySelector('.places');
  if (!places || !current) return;
  places.replaceChildren(...Array.from({ length }, (_, n) => el('span', { class: n < digits.length ? 'full' : '' },
    n < digits.length ? '●' : '')));
  document.querySelector('#entered').textContent = digits.length
    ? current.fill(current.words.entered, { n: digits.length }) : '';
  document.querySelector('#pin-done').disabled = digits.length !== length;
}

new MutationObserver(() => {
  const places = document.querySelector('.places');
  if (places && !places.firstChild) show();
}).observe(document.documentElement, { childList: true, subtree: true });

document.addEventListener('keydown', (e) => {
  if (!document.querySelector('.pad') || e.ctrlKey || e.altKey || e.metaKey) return;
  if (/^[0-9]$/.test(e.key)) press(e.key);
  else if (e.key === 'Backspace') erase();
  else if (e.key === 'Enter' && !(e.target instanceof HTMLButtonElement)) done();
  else return;
  e.preventDefault();
});
