// Reception's page: every desk and its check-in, what to say and what to do next. Everything works by keyboard: keys
// are listed on the page. What is typed into a form survives whatever the node says meanwhile.
import { Live, el } from '/live.js';
import { banner, guard, links, sign_out, signed_in } from '/sign_in.js';
import { card_of, checklists, state_words } from '/cards.js';

const live = new Live('reception');
const node = await signed_in('受付の画面');
const status = el('div', { role: 'status', 'aria-live': 'polite' });
const desks_list = el('ul', { class: 'desks' });
const later_list = el('ul', { class: 'desks' });
const line = el('span', { class: 'mark' });
const drafts = new Map(); // what is being typed, by field and check-in
const seconds = (since) => Math.max(0, Math.round((Date.now() - since) / 1000));
const long = (s) => (s < 60 ? `${s} 秒` : `${Math.floor(s / 60)} 分`);

async function say(topic, body, done) {
  try {
    await live.say(topic, body);
    status.textContent = done;
    return true;
  } catch (why) {
    status.textContent = why.text ?? 'いまは送れません。接続を待っています。';
    return false;
  }
}

// -- one desk --------------------------------------------------------------------------------------------------------

/** The newest open check-in of a desk. Ids are ordered by time. */
function checkin_at(desk) {
  let newest = null;
  for (const row of live.shown.checkins.values())
    if (row.desk === desk && row.state !== 'idle' && (!newest || row.checkin > newest.checkin)) newest = row;
  return newest;
}

function needs_staff(d, row) {
  return d.staff_called || (row && (row.state === 'at_window' || row.state === 'registration'));
}

function number_form(row) {
  const key = 'number ' + row.checkin;
  const field = el('input', { name: 'number', 'data-key': key, maxlength: 50, size: 14, autocomplete: 'off',
    required: true, oninput: () => drafts.set(key, field.value) });
  field.value = drafts.get(key) ?? '';
  return el('form', { class: 'row', onsubmit: (e) => {
    e.preventDefault();
    say('checkin.register_reference_number', { checkin: row.checkin, number: field.value }, '照会番号を登録します。')
      .then((ok) => ok && drafts.delete(key));
  } }, el('label', {}, '照会番号', field), el('button', { class: 'main', 'data-key': 'register ' + row.checkin }, '登録する'),
  el('button', { type: 'button', 'data-key': 'skip ' + row.checkin, onclick: () =>
    say('checkin.skip_reference_number', { checkin: row.checkin }, '照会番号は登録しません。') }, '登録しない'));
}

const person_fields = [
  ['insurer', '保険者番号', 8], ['symbol', '記号', 20], ['number', '番号', 20], ['branch', '枝番', 2],
  ['birth_date', '生年月日（例 19660912）', 8],
];

/** 健康保険証等での資格確認: what stands on the original, typed; asked at once, or when the line is back. */
function typed_form(row) {
  const fields = person_fields.map(([name, words, size]) => {
    const key = name + ' ' + row.checkin;
    const field = el('input', { name, 'data-key': key, maxlength: size, size: Math.min(size + 2, 14),
      autocomplete: 'off', required: name !== 'symbol' && name !== 'branch',
      inputmode: name === 'symbol' ? null : 'numeric',
      oninput: () => drafts.set(key, field.value) });
    field.value = drafts.get(key) ?? '';
    return [name, field, el('label', {}, words, field)];
  });
  const tick = (name, words, needed) => {
    const key = name + ' ' + row.checkin;
    const box = el('input', { type: 'checkbox', 'data-key': key, required: needed,
      onchange: () => drafts.set(key, box.checked) });
    box.checked = Boolean(drafts.get(key));
    return [box, el('label', { class: 'tick' }, box, words)];
  };
  const [, seen] = tick('seen', '原本を確認しました', true);
  const [limit_box, limit] = tick('limit', '限度額情報の提供に同意あり', false);
  const key = 'typed ' + row.checkin;
  const more = el('details', { ontoggle: () => drafts.set(key, more.open) },
    el('summary', { 'data-key': key }, '健康保険証等で確認（来院・通常）'),
    el('form', { class: 'row', onsubmit: (e) => {
      e.preventDefault();
      const person = Object.fromEntries(fields.map(([name, field]) => [name, field.value]));
      person.insurer = person.insurer.padStart(8, ' ');
      say('checkin.keep_walk_in', { checkin: row.checkin, person, limit: limit_box.checked ? 'given' : 'refused' },
        '内容を控えました。照会の結果はこの画面に出ます。');
    } }, seen, fields.map(([, , label]) => label), limit, el('button', { class: 'main' }, '照会する')));
  more.open = Boolean(drafts.get(key));
  return more;
}

function say_card(row) {
  const card = card_of(row);
  if (!card) return null;
  return el('div', { class: 'card' }, el('p', { class: card.good ? 'mark good' : 'mark warn' }, card.mark),
    !card.good && el('p', { class: 'say' }, '「' + card.say + '」'), el('p', {}, '次にすること：' + card.next),
    row.error && el('p', { class: 'quiet' }, row.error));
}

function checkin_part(row) {
  if (!row) return [el('p', { class: 'quiet' }, '患者さんを待っています。')];
  const personal = (v) => (typeof v === 'string' && v ? v : null);
  return [
    el('p', {}, el('span', { class: 'mark' }, state_words[row.state] ?? row.state), ' ',
      el('span', { class: 'quiet', 'data-since': row.seen_ms }, long(seconds(row.seen_ms)))),
    (personal(row.name) || personal(row.reference_number)) && el('dl', {},
      personal(row.name) && [el('dt', {}, '氏名'), el('dd', {}, row.name)],
      personal(row.reference_number) && [el('dt', {}, '照会番号'), el('dd', {}, row.reference_number)]),
    say_card(row),
    row.state === 'registration' && number_form(row),
    row.state === 'at_window' && typed_form(row),
    row.state === 'at_window' && el('div', { class: 'row' }, el('button', { class: 'main',
      'data-key': 'finish ' + row.checkin,
      onclick: () => say('checkin.finish_at_window', { checkin: row.checkin }, 'カードの返却を案内します。') },
    '窓口の対応を終える')),
  ];
}

function mode_part(d) {
  const visual = d.mode === 'visual_check';
  return [
    visual && el('p', { class: 'mark warn' }, '目視確認モード：終わったら無人運転モードに戻してください'),
    el('div', { class: 'row' },
      el('button', { 'data-key': 'mode ' + d.desk, onclick: () => say('desks.switch_mode',
        { desk: d.desk, mode: visual ? 'unattended' : 'visual_check' },
        visual ? `${d.desk} を無人運転モードに戻しました。` : `${d.desk} を目視確認モードにしました。`) },
      visual ? '無人運転モードに切替' : '目視確認モードに切替'),
      el('button', { 'data-key': 'open ' + d.desk, onclick: () => say(d.open ? 'desks.close' : 'desks.open',
        { desk: d.desk }, d.open ? `${d.desk} の業務を終了しました。` : `${d.desk} の業務を開始しました。`) },
      d.open ? '業務終了' : '業務開始')),
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
      el('span', { class: d.reader === 'working' ? 'quiet' : 'mark warn' },
        'リーダー：' + (reader_words[d.reader] ?? d.reader))),
    d.staff_called && el('div', { class: 'row' }, el('p', { class: 'mark warn' }, '職員を呼んでいます'),
      el('button', { class: 'main', 'data-key': 'attend ' + d.desk, onclick: () =>
        say('desks.attend', { desk: d.desk }, `${d.desk} に向かいます。`) }, '向かいます')),
    checkin_part(row), mode_part(d));
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
  line.textContent = !live.there ? '接続していません' : live.shown.hub ? '接続中' : 'ハブと接続していません';
  line.className = live.there && live.shown.hub ? 'mark good' : 'mark warn';
  const again = focused && document.querySelector(`[data-key="${CSS.escape(focused)}"]`);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (typeof from === 'number' && again.type !== 'checkbox') again.setSelectionRange(from, to);
}

function checklist(kind, part, words) {
  return el('fieldset', {}, el('legend', {}, `${kind.name} ${words}`), kind[part].map((text) =>
    el('label', { class: 'tick' }, el('input', { type: 'checkbox' }), text)));
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
const day = el('details', {}, el('summary', {}, '業務開始時・終了時に行うこと'), el('div', { class: 'desks' },
  Object.values(checklists).flatMap((kind) =>
    [checklist(kind, 'opening', '業務開始前'), checklist(kind, 'closing', '業務終了時')])));

document.body.replaceChildren(banner(node),
  el('header', { class: 'top' }, el('h1', {}, '受付の画面'), line, links(live, node), el('span', { class: 'room' }),
    el('span', { class: 'quiet' }, node.account), el('button', { onclick: sign_out }, 'サインアウト')),
  el('main', {}, status, el('section', { 'aria-labelledby': 'all' }, el('h2', { id: 'all' }, '窓口'), desks_list),
    later, day, keys));
guard(live, 'desks.list');
document.addEventListener('keydown', on_key);
live.addEventListener('change', draw);
live.addEventListener('line', draw);
setInterval(() => {
  for (const e of document.querySelectorAll('[data-since]')) e.textContent = long(seconds(Number(e.dataset.since)));
}, 1000);
draw();
live.open();
