// The records' page: 薬剤情報等・特定健診情報検索 and 閲覧. Only patients whose consent is in force are found; what is shown
// stands here as long as its consent does, and is kept nowhere.
import { Live, el } from '/live.js';
import { banner, guard, links, sign_out, signed_in } from '/sign_in.js';
import { contents_of } from '/record_tables.js';

const kind_words = { drugs: '薬剤情報', treatment: '診療情報', surgery: '手術情報', checkup: '特定健診情報' };
const care_words = { outpatient: '来院', home_visit: '訪問診療等', online: 'オンライン診療等', emergency: '救急時' };
const conditions = [['name', '氏名（カナ可）', 20], ['reference_number', '照会番号', 12],
  ['birth_date', '生年月日（例 19660912）', 9], ['insurer', '保険者番号', 9], ['symbol', '記号', 8], ['number', '番号', 8],
  ['branch', '枝番', 3]];

const live = new Live('records');
const node = await signed_in('薬剤情報等・特定健診情報');
const status = el('div', { role: 'status', 'aria-live': 'polite' });
const found = el('tbody');
const views = el('div', { class: 'stack' });
const open_views = new Map(); // by question: {section, ends}

/** 32 hexadecimal digits: the moment, then chance. */
function fresh_id() {
  const chance = crypto.getRandomValues(new Uint8Array(10));
  return Date.now().toString(16).padStart(12, '0') + [...chance].map((b) => b.toString(16).padStart(2, '0')).join('');
}

/** yyyyMMddHHmmss in Japan → milliseconds; nothing: until it is withdrawn. */
function moment_of(text) {
  const p = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  return p ? Date.parse(`${p[1]}-${p[2]}-${p[3]}T${p[4]}:${p[5]}:${p[6]}+09:00`) : null;
}
const moment_words = (text) => (moment_of(text) === null ? '取り消されるまで'
  : new Date(moment_of(text)).toLocaleString('ja-JP',
    { dateStyle: 'short', timeStyle: 'short', timeZone: 'Asia/Tokyo' }) + ' まで');
const person = (v) => (typeof v === 'string' && v ? v : '—');

// -- 検索 ---------------------------------------------------------------------------------------------------------

const fields = conditions.map(([name, words, size]) => [name, words, el('input', { name, size, maxlength: 40,
  autocomplete: 'off', inputmode: /number|date|insurer|branch/.test(name) && name !== 'number' ? 'numeric' : null })]);
const care = el('select', { name: 'how' }, el('option', { value: '' }, 'すべて'),
  Object.entries(care_words).slice(0, 3).map(([value, words]) => el('option', { value }, words)));

async function search() {
  const body = Object.fromEntries(fields.map(([name, , field]) => [name, field.value.trim()]));
  if (care.value) body.how = [care.value];
  try {
    const { body: list } = await live.say('screen.search_records', body);
    found.replaceChildren(...list.patients.map(row_of));
    status.textContent = list.patients.length === 0
      ? '条件に合う患者さんはいません。同意が有効な患者さんだけが検索されます。'
      : `${list.patients.length} 人${list.more ? '（ほかにもいます。条件を足してください）' : ''}`;
  } catch (why) {
    found.replaceChildren();
    status.textContent = why.text ?? 'いまは検索できません。接続を待っています。';
  }
}

function row_of(p) {
  return el('tr', { 'data-patient': p.patient }, el('th', { scope: 'row' }, person(p.name)),
    el('td', {}, person(p.reference_number)), el('td', {}, person(p.birth_date)),
    el('td', {}, el('div', { class: 'row' }, p.kinds.map((k) => el('button', {
      'aria-label': `${person(p.name)} さんの${kind_words[k.kind]}を閲覧`, onclick: (e) => obtain(p, k, e.currentTarget) },
    `${kind_words[k.kind]}（${care_words[k.how]}・${moment_words(k.open_until)}）`)))));
}

// -- 閲覧 ---------------------------------------------------------------------------------------------------------

async function obtain(p, k, button, from_month = '', to_month = '') {
  button.disabled = true;
  status.textContent = `${kind_words[k.kind]}を取得しています。`;
  try {
    const question = fresh_id();
    const { body } = await live.say('records.obtain', { question, patient: p.patient, kind: k.kind, consent: k.consent,
      from_month, to_month });
    show(p, k, body);
    status.textContent = '';
  } catch (why) {
    status.textContent = why.text ?? '取得できませんでした。接続を待っています。';
    if (why.name === 'consent_missing') search();
  }
  button.disabled = false;
}

function close(question, words) {
  const view = open_views.get(question);
  if (!view) return;
  open_views.delete(question);
  const focused = view.section.contains(document.activeElement);
  view.section.remove();
  if (words) status.textContent = words;
  if (focused) fields[0][2].focus();
}

function period(p, k, shown) {
  if (k.kind === 'checkup') return null;
  const month = (words, value) => el('input', { type: 'month', 'aria-label': words,
    value: `${value.slice(0, 4)}-${value.slice(4)}` });
  const from = month('開始月', shown.from_month), to = month('終了月', shown.to_month);
  return el('form', { class: 'row', onsubmit: (e) => {
    e.preventDefault();
    close(shown.question);
    obtain(p, k, e.submitter, from.value.replace('-', ''), to.value.replace('-', ''));
  } }, from, '〜', to, el('button', {}, '期間を変えて閲覧'));
}

function show(p, k, shown) {
  const title = `${person(p.name)} さんの${kind_words[k.kind]}`;
  const heading = el('h3', { tabindex: -1 }, title);
  const section = el('section', { class: 'view', 'aria-label': title, 'data-question': shown.question },
    el('div', { class: 'first' }, heading,
      el('span', { class: 'quiet' }, `同意（記録 ${shown.consent}）・${moment_words(shown.open_until)}`),
      el('button', { onclick: () => close(shown.question) }, '閉じる')),
    period(p, k, shown), contents_of(title, k.kind, shown.found));
  for (const [question, view] of open_views) // shown once
    if (view.section.getAttribute('aria-label') === title) close(question);
  views.prepend(section);
  open_views.set(shown.question, { section, ends: moment_of(shown.open_until) });
  heading.focus();
}

// Withdrawal, expiry, another consent: the node says so. Without the node nobody could say so.
live.addEventListener('closed', (e) => close(e.detail, '同意が終了または更新されたため、表示を閉じました。'));
live.addEventListener('line', () => {
  if (live.there) return;
  for (const question of [...open_views.keys()]) close(question, '接続が切れたため、表示を閉じました。');
});
setInterval(() => {
  for (const [question, view] of open_views)
    if (view.ends !== null && Date.now() >= view.ends) close(question, '同意の期限が来たため、表示を閉じました。');
}, 250);

// -- the page -------------------------------------------------------------------------------------------------------

document.body.replaceChildren(banner(node),
  el('header', { class: 'top' }, el('h1', {}, '薬剤情報等・特定健診情報'), links(live, node), el('span', { class: 'room' }),
    el('span', { class: 'quiet' }, node.account), el('button', { onclick: sign_out }, 'サインアウト')),
  el('main', {}, el('section', { 'aria-labelledby': 'h-search', class: 'stack' },
    el('h2', { id: 'h-search' }, '検索'),
    el('p', { class: 'quiet' }, '患者さんから同意を取得している場合のみ、検索・閲覧できます。閲覧は記録されます。'),
    el('form', { class: 'row', onsubmit: (e) => {
      e.preventDefault();
      search();
    } }, fields.map(([, words, field]) => el('label', {}, words, field)), el('label', {}, '診療区分', care),
    el('button', { class: 'main' }, '検索')), status,
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '検索結果' }, el('table', {},
      el('thead', {}, el('tr', {}, ['氏名', '照会番号', '生年月日', '閲覧できる情報'].map((words) =>
        el('th', { scope: 'col' }, words)))), found))),
  el('section', { 'aria-labelledby': 'h-view', class: 'stack' }, el('h2', { id: 'h-view' }, '閲覧'), views)));
guard(live, 'records.obtain');
live.open();
