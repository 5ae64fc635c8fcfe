// The monitor's page: the journal as it grows, filtered and replayed from any index; desks and how long steps take. It
// sees no person: names and numbers are blotted out before they leave the node.
import { Live, el } from '/live.js';
import { banner, sign_out, signed_in } from '/sign_in.js';

const rows_max = 500, read_every_ms = 1000;
const live = new Live('monitor');
const node = await signed_in('監視の画面');

let next = 1, head = 0, following = true, reading = false;
const filter = { topic: '', desk: '', checkin: '' };
const body = el('tbody');
const place = el('p', { class: 'quiet', role: 'status' });
const desks = el('tbody');
const devices = el('ul', { class: 'events' });
const charts = el('div', { class: 'charts' });
const national = el('p', { class: 'mark' }, '確認中');

function row_of(e) {
  const at = new Date(e.time_ms);
  return el('tr', {}, el('td', {}, e.index), el('td', {}, at.toLocaleTimeString('ja-JP')), el('td', {}, e.topic),
    el('td', {}, e.desk), el('td', {}, e.checkin ? e.checkin.slice(-6) : ''),
    el('td', { class: 'wide' }, JSON.stringify(e.body)));
}

const fits = (e) => (!filter.desk || e.desk === filter.desk) && (!filter.checkin || e.checkin?.endsWith(filter.checkin));

async function read() {
  if (reading || !following || !live.there) return;
  reading = true;
  try {
    for (let more = true; more && following;) {
      const topics = filter.topic ? [filter.topic] : [];
      const page = await live.say('screen.read_events', { from: next, limit: 200, topics });
      for (const e of page.events) if (fits(e)) body.prepend(row_of(e));
      while (body.childElementCount > rows_max) body.lastElementChild.remove();
      next = page.next;
      head = page.head;
      more = next <= head;
    }
    place.textContent = `記録 ${head} まで表示しました。`;
  } catch (why) {
    place.textContent = why.text ?? '接続を待っています。';
  }
  reading = false;
}

function again(from) {
  next = Math.max(1, from);
  body.replaceChildren();
  following = true;
  pause.textContent = '止める';
  read();
}

// -- health, whatever the table is filtered by -----------------------------------------------------------------------

const watched = ['line.', 'node.', 'desk.', 'eligibility.', 'checkin.'];
const taken = { // of the last ones, in ms
  question: { title: '照会の応答時間', ms: [] }, patient: { title: 'カードを置いてから結果が出るまで', ms: [] },
  identity: { title: '本人確認にかかった時間', ms: [] },
};
const begun = new Map(); // questions and check-ins that are not over
let watched_next = null, watching = false;

function take(kind, key, time_ms) {
  if (!begun.has(key)) return;
  taken[kind].ms.push(time_ms - begun.get(key));
  begun.delete(key);
  if (taken[kind].ms.length > 60) taken[kind].ms.shift();
}

function note(words, e, good) {
  devices.prepend(el('li', { class: good ? 'mark good' : 'mark warn' },
    `${new Date(e.time_ms).toLocaleTimeString('ja-JP')} ${e.desk ? e.desk + ' ' : ''}${words}`));
  while (devices.childElementCount > 20) devices.lastElementChild.remove();
}

const of_interest = {
  'line.lost': (e) => { national.textContent = '接続できません'; note('全国のシステムとの接続が切れました', e, false); },
  'line.restored': (e) => { national.textContent = '接続中'; note('全国のシステムとの接続が戻りました', e, true); },
  'node.started': (e) => note('ハブを起動しました', e, true),
  'node.actor_restarted': (e) => note(`${e.body.actor} を再起動しました（${e.body.reason}）`, e, false),
  'desk.reader_attached': (e) => note(`カードリーダー ${e.body.model} がつながりました`, e, true),
  'desk.reader_detached': (e) => note(`カードリーダーが使えません（${e.body.error}）`, e, false),
  'desk.mode_switched': (e) => note(e.body.mode === 'visual_check' ? '目視確認モード' : '無人運転モード', e, true),
  'eligibility.question_asked': (e) => begun.set(e.body.question, e.time_ms),
  'eligibility.answered': (e) => {
    national.textContent = '接続中';
    take('question', e.body.question, e.time_ms);
  },
  'eligibility.question_refused': (e) => take('question', e.body.question, e.time_ms),
  'eligibility.reference_number_registered': (e) => take('question', e.body.question, e.time_ms),
  'checkin.card_placed': (e) => {
    begun.set('placed ' + e.checkin, e.time_ms);
    begun.set('identity ' + e.checkin, e.time_ms);
  },
  'checkin.identity_proven': (e) => take('identity', 'identity ' + e.checkin, e.time_ms),
  'checkin.answer_shown': (e) => take('patient', 'placed ' + e.checkin, e.time_ms),
  'checkin.ended': (e) => ['placed ', 'identity '].forEach((kind) => begun.delete(kind + e.checkin)),
};

const span = (ms) => (ms < 10_000 ? `${ms} ミリ秒` : `${Math.round(ms / 1000)} 秒`);

function chart_of({ title, ms }) {
  const top = Math.max(100, ...ms);
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (share) => span(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  const words = ms.length ? `直近 ${ms.length} 件：中央値 ${at(0.5)}、95% ${at(0.95)}、最大 ${at(1)}` : 'まだありません。';
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const attributes = { viewBox: '0 0 600 120', role: 'img', 'aria-label': `${title}：${words}` };
  for (const [k, v] of Object.entries(attributes)) svg.setAttribute(k, v);
  ms.forEach((one, n) => {
    const bar = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    const height = Math.max(1, (one / top) * 110);
    const place_of = { x: n * 10, y: 120 - height, width: 8, height, fill: '#0a4a7d' };
    for (const [k, v] of Object.entries(place_of)) bar.setAttribute(k, v);
    svg.append(bar);
  });
  return el('figure', {}, el('figcaption', {}, el('h3', {}, title), el('p', { class: 'quiet' }, words)), svg);
}

/** The last few thousand events, then everything that comes: what is measured forgets nothing of today. */
async function watch() {
  if (watching || !live.there) return;
  watching = true;
  try {
    if (watched_next === null) {
      const { head: newest } = await live.say('screen.read_events', { from: 1, limit: 1 });
      watched_next = Math.max(1, newest - 3000);
    }
    for (let more = true; more;) {
      const page = await live.say('screen.read_events', { from: watched_next, limit: 200, topics: watched });
      for (const e of page.events) of_interest[e.topic]?.(e);
      more = page.next <= page.head;
      if (page.next !== watched_next) charts.replaceChildren(...Object.values(taken).map(chart_of));
      watched_next = page.next;
    }
  } catch {
    // The table says that the connection is lost; this goes on where it stopped.
  }
  watching = false;
}

function draw() {
  desks.replaceChildren(...[...live.shown.desks.values()].map((d) => el('tr', {}, el('td', {}, d.desk),
    el('td', {}, d.open ? '業務中' : '業務外'), el('td', {}, d.mode === 'visual_check' ? '目視確認' : '無人運転'),
    el('td', {}, d.reader), el('td', {}, d.reader_model), el('td', {}, d.staff_called ? '呼び出し中' : ''))));
  line.textContent = !live.there ? '接続していません' : live.shown.hub ? '接続中' : 'ハブと接続していません';
  line.className = live.there && live.shown.hub ? 'mark good' : 'mark warn';
}

const line = el('span', { class: 'mark' });
const topic = el('input', { name: 'topic', placeholder: 'checkin.', size: 20, autocomplete: 'off' });
const desk = el('input', { name: 'desk', placeholder: 'desk-1', size: 10, autocomplete: 'off' });
const checkin = el('input', { name: 'checkin', size: 8, autocomplete: 'off' });
const from = el('input', { name: 'from', type: 'number', min: 1, value: 1 });
const pause = el('button', { type: 'button', onclick: () => {
  following = !following;
  pause.textContent = following ? '止める' : '続ける';
  read();
} }, '止める');
const heads = (names) => el('thead', {}, el('tr', {}, names.map((n) => el('th', { scope: 'col' }, n))));

document.body.replaceChildren(banner(node),
  el('header', { class: 'top' }, el('h1', {}, '監視の画面'), line, el('span', { class: 'room' }),
    el('span', { class: 'quiet' }, node.account), el('button', { onclick: sign_out }, 'サインアウト')),
  el('main', {},
    el('section', { 'aria-labelledby': 'h-desks' }, el('h2', { id: 'h-desks' }, '窓口'),
      el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '窓口の表' },
        el('table', {}, heads(['窓口', '業務', 'モード', 'リーダー', '機種', '呼び出し']), desks))),
    el('section', { 'aria-labelledby': 'h-line' }, el('h2', { id: 'h-line' }, '全国のシステム'), national),
    el('section', { 'aria-labelledby': 'h-devices' }, el('h2', { id: 'h-devices' }, '機器とシステムの動き'), devices),
    el('section', { 'aria-labelledby': 'h-time' }, el('h2', { id: 'h-time' }, 'かかった時間'), charts),
    el('section', { 'aria-labelledby': 'h-events' }, el('h2', { id: 'h-events' }, '記録'),
      el('form', { class: 'row', onsubmit: (e) => {
        e.preventDefault();
        Object.assign(filter, { topic: topic.value.trim(), desk: desk.value.trim(), checkin: checkin.value.trim() });
        again(Number(from.value) || 1);
      } }, el('label', {}, '種類（先頭一致）', topic), el('label', {}, '窓口', desk),
      el('label', {}, '受付（末尾）', checkin), el('label', {}, '番号から（再生）', from),
      el('button', { class: 'main' }, '読み直す'), pause), place,
      el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '記録の表' },
        el('table', {}, heads(['番号', '時刻', '種類', '窓口', '受付', '内容']), body)))));
live.addEventListener('change', draw);
live.addEventListener('line', () => {
  draw();
  read();
  watch();
});
setInterval(() => {
  read();
  watch();
}, read_every_ms);
draw();
charts.replaceChildren(...Object.values(taken).map(chart_of));
live.open();
