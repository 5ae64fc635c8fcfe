// The patient's page: one desk, one question at a time, in the quick guide's words. What it shows is the hub's
// decision; it remembers only which of a step's questions were answered, the digits on the pad, and the language.
import { Live, about, el } from '/live.js';
import { pin_screen } from '/pin.js';
import { face_screen, leave_face, without_camera } from '/face.js';
import { alarm } from '/alarm.js';

const languages = ['ja', 'ja-easy', 'en', 'zh', 'ko'];
const warn_ms = 25_000; // before a step ends: WCAG 2.2.1 asks for 20 s
const extend_every_ms = 8_000;
const double_press_ms = 700; // a second press of 決定 is no answer to what it brought
const needs_person = new Set(['choose_method', 'enter_pin', 'wrong_pin', 'last_try', 'give_consents',
  'provide_information', 'enter_check_number', 'wait_for_staff']);
const consent_kinds = ['surgery', 'medicine', 'checkup'];
const information_kinds = ['limit', 'specified_disease'];

const words = {};
const live = new Live('patient');
let node = { simulated: false, methods: ['pin'] };
let language = 'ja';
let before = ''; // the screen that was drawn last
let step_key = ''; // the prompt that `step` belongs to; a lost line does not end it
let step = { answers: {}, sent: false, again: false, began_ms: 0 };
let status = '';
let ends_ms = 0, extended_ms = 0;

const t = () => words[language];
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
const unknown = { shown: 'please_wait', checkin: null, tries_left: -1, note: 'none' };
const prompt = () => (live.there && live.shown.prompt) || unknown;
const key_of = (p) => [p.shown, p.checkin, p.sequence].join(' ');

// -- saying ----------------------------------------------------------------------------------------------------------

async function say(topic, body = {}) {
  tell('');
  try {
    await live.say(topic, { checkin: prompt().checkin, ...body });
    return true;
  } catch (why) {
    // What is over, or asked twice, needs no words: the next screen says it.
    if (why.name === 'face_delayed') tell(t().face_delayed);
    else if (!['not_now', 'unknown_checkin', 'last_try_unconfirmed'].includes(why.name)) tell(t().refused);
    step.sent = false;
    draw();
    return false;
  }
}

function tell(text) {
  status = text;
  const box = document.querySelector('footer [role=status]');
  if (box && box.textContent !== text) box.textContent = text;
}

async function call_staff() {
  try {
    await live.say('desks.call_staff');
    tell(t().staff_called);
  } catch {
    tell(t().see_reception.h);
  }
}

/** Somebody is there: the step's time begins anew. */
function extend() {
  const now = Date.now();
  if (!needs_person.has(prompt().shown) || now - extended_ms < extend_every_ms) return;
  extended_ms = now;
  live.say('checkin.extend_time', { checkin: prompt().checkin }).then(() => {
    ends_ms = Date.now() + prompt().waits_ms;
    draw_time();
  }, () => {});
}

// -- screens ---------------------------------------------------------------------------------------------------------

function button(text, act, kind = '') {
  return el('button', { type: 'button', class: kind, onclick: act }, text);
}

function stop_button() {
  return el('div', { class: 'quiet' }, button(t().stop, () => say('checkin.stop')));
}

/** The official Japanese words stand beside every translation of a consent. */
function official(text) {
  if (language === 'ja') return null;
  return el('section', { class: 'official', lang: 'ja' }, el('h2', {}, words.ja.official), el('p', {}, text));
}

function picture(kind) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 200 140');
  svg.setAttribute('class', 'picture ' + kind);
  svg.setAttribute('aria-hidden', 'true');
  const shape = (name, attributes, parent = svg) => {
    const s = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [k, v] of Object.entries(attributes)) s.setAttribute(k, v);
    parent.append(s);
    return s;
  };
  shape('rect', { x: 30, y: 92, width: 140, height: 30, rx: 10, fill: '#44505c' });
  shape('rect', { x: 44, y: 84, width: 112, height: 14, rx: 6, fill: '#6b7783' });
  const card = shape('g', { class: 'card' });
  const edge = { fill: '#eaf2f9', stroke: '#0a4a7d', 'stroke-width': 3 };
  shape('rect', { x: 50, y: 28, width: 100, height: 58, rx: 6, ...edge }, card);
  shape('rect', { x: 58, y: 38, width: 24, height: 30, rx: 3, fill: '#9db8cd' }, card);
  shape('circle', { cx: 70, cy: 48, r: 6, fill: '#0a4a7d' }, card);
  shape('path', { d: 'M60 66 a10 10 0 0 1 20 0 z', fill: '#0a4a7d' }, card);
  shape('path', { d: 'M92 44 h46 M92 54 h46 M92 64 h30', stroke: '#6b7783', 'stroke-width': 4 }, card);
  return svg;
}

function choose_method() {
  const w = t().choose_method;
  return [
    el('div', { class: 'choices' },
      node.methods.includes('face') && button(w.face, choose('face'), 'main'),
      button(w.pin, choose('pin'), 'main')),
    el('p', { class: 'notice' }, w.notice),
    stop_button(),
  ];
}

/** One question after another; `sent` once the last one is answered. */
function questions(kinds, w, send, explain) {
  const n = kinds.findIndex((kind) => !(kind in step.answers));
  if (n < 0) return [el('div', { class: 'waiting' })];
  const kind = kinds[n];
  const answer = (given) => () => {
    step.answers[kind] = given;
    if (kinds.every((k) => k in step.answers)) send();
    draw(true);
  };
  const back = () => {
    delete step.answers[kinds[n - 1]];
    draw(true);
  };
  return [
    el('p', { class: 'step' }, fill(words[language].give_consents.step, { n: n + 1, of: kinds.length })),
    el('p', { class: 'question', id: 'question' }, w[kind]),
    el('p', {}, explain(kind)),
    official(explain.official(kind)),
    el('div', { class: 'choices', role: 'group', 'aria-labelledby': 'question' },
      // Neither answer is dressed as the right one.
      button(w.yes, answer('given'), 'answer'), button(w.no, answer('refused'), 'answer')),
    w.all && n === 0 && el('p', { class: 'notice' }, w.all_p),
    w.all && n === 0 && button(w.all, () => {
      for (const k of kinds) step.answers[k] = 'given';
      send();
      draw(true);
    }, 'wide'),
    el('div', { class: 'quiet' }, n > 0 && button(t().back, back), button(t().stop, () => say('checkin.stop'))),
  ];
}

function give_consents() {
  const explain = () => t().give_consents.use;
  explain.official = (kind) => words.ja.give_consents[kind] + words.ja.give_consents.use;
  return questions(consent_kinds, t().give_consents, () => {
    const a = step.answers;
    say('checkin.answer_consents', {
      surgery: a.surgery, treatment: a.medicine, drugs: a.medicine, checkup: a.checkup,
      language: t().tag, text_version: t().version,
    }).then((done) => done || restart_step());
  }, explain);
}

function provide_information() {
  const explain = (kind) => t().provide_information[kind + '_p'];
  explain.official = (kind) => words.ja.provide_information[kind];
  return questions(information_kinds, t().provide_information, () => {
    const a = step.answers;
    say('checkin.provide_information', { limit: a.limit, specified_disease: a.specified_disease })
      .then((done) => done || restart_step());
  }, explain);
}

function restart_step() {
  step.answers = {};
  draw(true);
}

const choose = (method) => () => say('checkin.choose_method', { method });

function show_face() {
  return face_screen({
    words: t().show_face, live, button, stop: stop_button, use_pin: choose('pin'), redraw: () => draw(),
  });
}

/** 照合番号B, typed by staff at this desk where the reader cannot read it. */
function enter_check_number() {
  const w = t().enter_check_number;
  return pin_screen({
    words: { ...t().enter_pin, p: w.p }, fill, step, wrong: false, tries_left: 9, digits: 14,
    note: prompt().note === 'wrong_number' && w.wrong,
    stop: () => el('div', { class: 'quiet' }, button(w.pin, choose('pin')),
      button(t().stop, () => say('checkin.stop'))),
    send: async (digits) => {
      live.press_number(digits);
      await say('checkin.enter_check_number');
    },
  });
}

function wait_for_staff() {
  const w = t().wait_for_staff;
  return [el('p', {}, w.p), el('div', { class: 'waiting' }),
    el('div', { class: 'choices' }, button(w.pin, choose('pin'), 'main')), stop_button()];
}

/** After a face that was not confirmed, and for whoever remembers no PIN: the face again, the card where it is. */
function face_instead() {
  const offered = node.methods.includes('face') && prompt().note !== 'face_delayed';
  return el('div', { class: 'quiet' }, offered && button(t().face_again, choose('face')),
    button(t().stop, () => say('checkin.stop')));
}

function enter_pin(shown) {
  return pin_screen({
    words: t().enter_pin, fill, step, wrong: shown === 'wrong_pin', tries_left: prompt().tries_left,
    note: shown !== 'wrong_pin' && t()[prompt().note], stop: prompt().note === 'none' ? stop_button : face_instead,
    send: async (digits) => {
      live.press_pin(digits);
      await say('checkin.enter_pin');
    },
  });
}

/** The digits lie at the reader, and go to the card only after this second press. */
function last_try() {
  if (step.again) return enter_pin('enter_pin');
  return [
    el('p', { class: 'warning', role: 'alert' }, t().last_try.p),
    el('div', { class: 'choices' },
      button(t().last_try.go, () => {
        if (Date.now() > step.began_ms + double_press_ms) say('checkin.enter_pin', { confirms: prompt().sequence });
      }, 'main'),
      button(t().last_try.again, () => { step.again = true; draw(true); })),
    stop_button(),
  ];
}

function content(shown) {
  const w = { ...t()[shown] };
  if (w.p) w.p = fill(w.p, { desk: prompt().desk });
  const said = w.p && el('p', { role: shown === 'card_forgotten' ? 'alert' : null }, w.p);
  switch (shown) {
    case 'choose_method': return choose_method();
    case 'enter_pin':
    case 'wrong_pin': return enter_pin(shown);
    case 'last_try': return last_try();
    case 'show_face': return show_face();
    case 'enter_check_number': return enter_check_number();
    case 'wait_for_staff': return wait_for_staff();
    case 'give_consents': return give_consents();
    case 'provide_information': return provide_information();
    case 'please_wait':
    case 'asking': return [el('div', { class: 'waiting' }), said];
    case 'place_card': return [picture('place'), said];
    case 'take_card':
    case 'turn_card':
    case 'other_card':
    case 'not_same_card':
    case 'go_to_desk':
    case 'card_forgotten': return [picture('take'), said];
    case 'show_card': return [picture('show'), said, prompt().checkin && stop_button()];
    default: return [said];
  }
}

// -- drawing ---------------------------------------------------------------------------------------------------------

function header() {
  return el('nav', { 'aria-label': t().languages }, languages.map((l) => el('button', {
    type: 'button', lang: words[l].lang, 'aria-pressed': String(l === language), 'data-language': l,
    onclick: () => speak(l),
  }, words[l].name)));
}

function speak(l) {
  language = l;
  sessionStorage.setItem('language', l);
  tell('');
  draw();
}

function heading_of(shown) {
  if (shown === 'wrong_pin' || step.again) return t().enter_pin.h;
  if (shown === 'show_face' && without_camera()) return t().show_face.no_camera.h;
  return t()[shown]?.h;
}

function draw(moved = false) {
  const p = prompt();
  const shown = p.shown;
  const { key, language: chosen } = document.activeElement?.dataset ?? {};
  const focused = key ? `[data-key="${key}"]` : chosen ? `nav [data-language="${chosen}"]` : 'h1';
  if (shown !== 'show_face') leave_face();
  document.documentElement.lang = t().lang;
  document.documentElement.dataset.language = language;
  document.title = t().title;
  const heading = fill(heading_of(shown) ?? '', { desk: p.desk });
  document.body.replaceChildren(
    node.simulated ? el('aside', { class: 'simulated' }, t().simulated) : '',
    el('div', { id: 'page' },
      el('header', {}, header()),
      el('main', { class: shown === 'card_forgotten' ? 'alarm' : '', 'data-shown': shown },
        el('h1', { tabindex: -1 }, heading), content(shown)),
      el('footer', {},
        el('div', { role: 'status', 'aria-live': 'polite' }, status),
        el('div', { id: 'time' }),
        el('button', { type: 'button', id: 'staff', onclick: call_staff }, t().staff))));
  draw_time();
  alarm(shown === 'card_forgotten');
  document.querySelector(moved || before !== key_of(p) ? 'h1' : focused)?.focus();
  before = key_of(p);
}

/** The warning before a step ends. The sentence is announced once; the seconds are for the eyes. */
function draw_time() {
  const box = document.querySelector('#time');
  const left_ms = ends_ms - Date.now();
  const warned = needs_person.has(prompt().shown) && ends_ms > 0 && left_ms < warn_ms;
  if (!box) return;
  if (!warned) return box.replaceChildren();
  if (!box.firstChild)
    box.append(el('div', { class: 'time' }, el('p', { role: 'alert' }, t().time_short),
      el('p', { 'aria-hidden': 'true', id: 'seconds' }),
      button(t().more_time, () => { extended_ms = 0; extend(); }, 'main')));
  document.querySelector('#seconds').textContent = fill(t().seconds, { n: Math.max(0, Math.round(left_ms / 1000)) });
}

function on_change() {
  const p = prompt();
  if (step_key !== key_of(p)) {
    step = { answers: {}, sent: false, again: false, began_ms: Date.now() };
    if (step_key) tell('');
    ends_ms = p.waits_ms ? Date.now() + p.waits_ms : 0;
    extended_ms = live.fresh ? 0 : Date.now();
    // The next patient is greeted in Japanese again.
    if (p.shown === 'place_card' && step_key && !step_key.startsWith('place_card')) reset_language();
    step_key = key_of(p);
  }
  if (before !== key_of(p)) draw();
  if (live.fresh) extend(); // opened again in the middle: how long is left is not known here
}

function reset_language() {
  language = 'ja';
  sessionStorage.removeItem('language');
}

for (const l of languages) words[l] = await (await fetch(`/words/${l}.json`)).json();
language = languages.includes(sessionStorage.getItem('language')) ? sessionStorage.getItem('language') : 'ja';
node = await about();
live.addEventListener('change', on_change);
live.addEventListener('line', () => live.there || draw());
document.addEventListener('pointerdown', extend);
document.addEventListener('keydown', extend);
setInterval(draw_time, 500);
draw();
live.open();
