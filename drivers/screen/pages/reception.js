// Reception's page: every desk and its check-in, what to say and what to do next. Everything works by keyboard: keys
// are listed on the page. What is typed into a form survives whatever the node says meanwhile.
import { Live, el } from '/live.js';
import { banner, guard, links, sign_out, signed_in } from '/sign_in.js';
import { face_part } from '/face_decision.js';
import { card_of, state_words, word_of_error } from '/cards.js';
import { button, choice, drafts, field, fold, page, personal } from '/staff_tools.js';
import { visual_part } from '/visual.js';
import { answer_part, note_registered, suggestions } from '/answer.js';
import { day_part, new_desk } from '/day_work.js';
import { typed_part, typed_section } from '/typed.js';
import { today_section } from '/today.js';
import { outage_section } from '/outage.js';
import { morning_section, withdrawal_section } from '/morning_list.js';
import { at_home_section } from '/at_home.js';

const live = new Live('reception');
const node = await signed_in('受付の画面');
const status = el('div', { role: 'status', 'aria-live': 'polite' });
const desks_list = el('ul', { class: 'desks' });
const later_list = el('ul', { class: 'desks' });
const more_work = el('div', { class: 'more' });
const line = el('span', { class: 'mark' });
const seconds = (since) => Math.max(0, Math.round((Date.now() - since) / 1000));
const long = (s) => (s < 60 ? `${s} 秒` : `${Math.floor(s / 60)} 分`);
const tell = (words) => { status.textContent = words; };

/** Resolves to the answer, or to null once the staff were told why not. */
async function say(topic, body, done, refused) {
  try {
    const answer = await live.say(topic, body);
    tell(done);
    return answer;
  } catch (why) {
    refused?.(why);
    tell(why.text ?? 'いまは送れません。接続を待っています。');
    return null;
  }
}
Object.assign(page, { live, say, tell, draw: () => draw() });

// -- one desk --------------------------------------------------------------------------------------------------------

/** When the present step began: by the node's clock, unless it is ahead of this one. */
const since = (row) => Math.min(row.since_ms || row.seen_ms, row.seen_ms);

/** The newest open check-in of a desk. Ids are ordered by time. */
function checkin_at(desk) {
  let newest = null;
  for (const row of live.shown.checkins.values())
    if (row.desk === desk && row.state !== 'idle' && (!newest || row.checkin > newest.checkin)) newest = row;
  return newest;
}

function needs_staff(d, row) {
  const waits = ['at_window', 'registration', 'comparing', 'deciding', 'awaiting_number'];
  return d.staff_called || row?.forgotten || waits.includes(row?.state);
}

async function register(row, number) {
  const key = 'number ' + row.checkin;
  if (!await say('checkin.register_reference_number', { checkin: row.checkin, number }, '照会番号を登録します。')) return;
  drafts.delete(key);
  note_registered(number);
}

function number_form(row) {
  const key = 'number ' + row.checkin;
  const input = field(key, { name: 'number', maxlength: 50, size: 14, required: true });
  return [
    el('form', { class: 'row', onsubmit: (e) => {
      e.preventDefault();
      register(row, input.value);
    } }, el('label', {}, '照会番号', input), el('button', { class: 'main', 'data-key': 'register ' + row.checkin }, '登録する'),
    button('skip ' + row.checkin, '登録しない', () =>
      say('checkin.skip_reference_number', { checkin: row.checkin }, '照会番号は登録しません。'))),
    el('div', { class: 'row' }, suggestions(row).map(([number, from], n) =>
      button(`suggest ${row.checkin} ${n}`, `${number} にする（${from}）`, () => register(row, number)))),
  ];
}

const movable = ['choosing', 'preparing', 'entering_pin', 'matching', 'awaiting_number', 'deciding', 'consenting',
  'providing', 'comparing', 'at_window'];

/** A patient who is stuck goes on at another desk. */
function move_part(row) {
  const others = [...live.shown.desks.values()]
    .filter((d) => d.desk !== row.desk && d.kind === 'reader' && !checkin_at(d.desk));
  if (!movable.includes(row.state) || row.outcome !== 'open' || others.length === 0) return null;
  const to = choice('to ' + row.checkin, others.map((d) => [d.desk, d.desk]));
  return fold('move ' + row.checkin, '別の窓口に移す', () => el('div', { class: 'row' }, el('label', {}, '移す先', to),
    button('move-go ' + row.checkin, '移す', () => say('checkin.move', { checkin: row.checkin, desk: to.value },
      `${to.value} に移します。患者さんにカードを取って移っていただきます。`))));
}

function say_card(row) {
  const card = card_of(row);
  if (!card) return null;
  return el('div', { class: 'card' }, el('p', { class: card.good ? 'mark good' : 'mark warn' }, card.mark),
    !card.good && el('p', { class: 'say' }, '「' + card.say + '」'), el('p', {}, '次にすること：' + card.next),
    row.error && el('p', { class: 'quiet' }, word_of_error(row.error)));
}

function checkin_part(row) {
  if (!row) return [el('p', { class: 'quiet' }, '患者さんを待っています。')];
  return [
    el('p', {}, el('span', { class: 'mark' }, state_words[row.state] ?? row.state), ' ',
      el('span', { class: 'quiet', 'data-since': since(row) }, long(seconds(since(row))))),
    row.forgotten && el('p', { class: 'mark warn', role: 'alert' }, 'カードの取り忘れです。患者さんに声をかけてください。'),
    (personal(row.name) || personal(row.reference_number)) && el('dl', {},
      personal(row.name) && [el('dt', {}, '氏名'), el('dd', {}, personal(row.name))],
      personal(row.reference_number) && [el('dt', {}, '照会番号'), el('dd', {}, personal(row.reference_number))]),
    row.vouched_by && el('p', { class: 'quiet' }, `本人確認：目視（${row.vouched_by}）`),
    say_card(row),
    face_part(row, say),
    row.state === 'registration' && number_form(row),
    row.state === 'at_window' && typed_part(row),
    answer_part(row), move_part(row),
    row.state === 'at_window' && el('div', { class: 'row' }, button('finish ' + row.checkin, '窓口の対応を終える',
      () => say('checkin.finish_at_window', { checkin: row.checkin }, 'カードの返却を案内します。'), 'main')),
  ];
}

const reader_words = { working: '動作中', failing: '異常', absent: 'つながっていません', unknown: '確認中' };

function desk_item(d, n) {
  const row = checkin_at(d.desk);
  const help = needs_staff(d, row);
  const good = row && row.outcome === 'answered' && row.judged === 'valid';
  return el('li', { class: 'desk ' + (d.staff_called ? 'call' : help ? 'help' : good ? 'good' : row ? 'busy' : '') },
    el('div', { class: 'first' },
      el('h3', { tabindex: -1, 'data-key': 'desk ' + d.desk, 'data-number': n }, `${n}. ${d.desk}`),
      d.kind === 'reader' && el('span', { class: d.reader === 'working' ? 'quiet' : 'mark warn' },
        'リーダー：' + (reader_words[d.reader] ?? d.reader))),
    d.staff_called && el('div', { class: 'row' }, el('p', { class: 'mark warn' }, '職員を呼んでいます'),
      button('attend ' + d.desk, '向かいます', () =>
        say('desks.attend', { desk: d.desk }, `${d.desk} に向かいます。`), 'main')),
    d.kind === 'reader' && checkin_part(row), visual_part(d, live.shown.visuals.get(d.desk), row), day_part(d));
}

// -- the page --------------------------------------------------------------------------------------------------------

/** Check-ins whose card is gone and that reception still has to finish. */
function left_over() {
  const shown = new Set();
  for (const name of live.shown.desks.keys()) shown.add(checkin_at(name)?.checkin);
  return [...live.shown.checkins.values()].filter((row) => row.state !== 'idle' && !shown.has(row.checkin));
}

function draw() {
  const focused = document.activeElement?.dataset?.key;
  const [from, to] = [document.activeElement?.selectionStart, document.activeElement?.selectionEnd];
  const by_name = (a, b) => a.desk.localeCompare(b.desk, 'ja', { numeric: true });
  const desks = [...live.shown.desks.values()].filter((d) => d.desk).sort(by_name);
  desks_list.replaceChildren(...desks.map((d, i) => desk_item(d, i + 1)));
  const rest = left_over();
  later_list.replaceChildren(...rest.map((row) =>
    el('li', { class: 'desk help' }, el('h3', {}, row.desk), checkin_part(row))));
  later.hidden = rest.length === 0;
  more_work.replaceChildren(typed_section(), today_section(), morning_section(), outage_section(), at_home_section(),
    withdrawal_section(),
    el('section', { 'aria-labelledby': 'h-new' }, el('h2', { id: 'h-new' }, '端末'), new_desk()));
  line.textContent = !live.there ? '接続していません' : live.shown.hub ? '接続中' : 'ハブと接続していません';
  line.className = live.there && live.shown.hub ? 'mark good' : 'mark warn';
  const again = focused && document.querySelector(`[data-key="${CSS.escape(focused)}"]`);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (typeof from === 'number' && again.type === 'text') again.setSelectionRange(from, to);
}

/** Jumps: 1–9 a desk, H who needs help, ? the list of keys. Not while something is typed. */
function on_key(e) {
  if (e.ctrlKey || e.altKey || e.metaKey || e.target.closest('input, select, textarea')) return;
  if (/^[1-9]$/.test(e.key)) document.querySelector(`[data-number="${e.key}"]`)?.focus();
  else if (e.key === 'h') document.querySelector('.desk.call h3, .desk.help h3')?.focus();
  else if (e.key === '?') {
    keys.open = !keys.open;
    keys.querySelector('summary').focus();
  }
}

const later = el('section', { 'aria-labelledby': 'later' }, el('h2', { id: 'later' }, 'カードを取られた方の受付'), later_list);
const keys = el('details', {}, el('summary', {}, 'キーボード操作（?）'), el('dl', {},
  el('dt', {}, '1–9'), el('dd', {}, '窓口へ移る'), el('dt', {}, 'h'), el('dd', {}, '職員を必要としている窓口へ移る'),
  el('dt', {}, 'Tab・Enter・Space'), el('dd', {}, '移動・決定')));
document.body.replaceChildren(banner(node),
  el('header', { class: 'top' }, el('h1', {}, '受付の画面'), line, links(live, node), el('span', { class: 'room' }),
    el('span', { class: 'quiet' }, node.account), el('button', { onclick: sign_out }, 'サインアウト')),
  el('main', {}, status, el('section', { 'aria-labelledby': 'all' }, el('h2', { id: 'all' }, '窓口'), desks_list),
    later, more_work, keys));
guard(live, 'desks.list');
document.addEventListener('keydown', on_key);
live.addEventListener('change', draw);
live.addEventListener('line', draw);
setInterval(() => {
  for (const e of document.querySelectorAll('[data-since]')) e.textContent = long(seconds(Number(e.dataset.since)));
}, 1000);
draw();
live.open();
