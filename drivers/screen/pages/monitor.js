// The monitor's page: the journal as it grows, filtered and replayed from any index; desks and how long steps take. It
// sees no person: names and numbers are blotted out before they leave the node.
import { Live, el } from '/live.js';
import { banner, guard, links, sign_out, signed_in } from '/sign_in.js';

const rows_max = 500, read_every_ms = 1000;
const live = new Live('monitor');
const node = await signed_in('監視の画面');

let next = 1, head = 0, following = true, reading = false;
let filter = '';
const asked_ms = new Map(); // question → when it was asked
const taken_ms = []; // of the last questions
const body = el('tbody');
const place = el('p', { class: 'quiet', role: 'status' });
const desks = el('tbody');
const chart = el('div');

function row_of(e) {
  const at = new Date(e.time_ms);
  return el('tr', {}, el('td', {}, e.index), el('td', {}, at.toLocaleTimeString('ja-JP')), el('td', {}, e.topic),
    el('td', {}, e.desk), el('td', {}, e.checkin ? e.checkin.slice(-6) : ''),
    el('td', { class: 'wide' }, JSON.stringify(e.body)));
}

/** How long the national system took, from the events of each question. */
function measure(e) {
  const question = e.body?.question;
  if (e.topic === 'eligibility.question_asked') asked_ms.set(question, e.time_ms);
  if (!/^eligibility\.(answered|question_refused|reference_number_registered)$/.test(e.topic)) return;
  if (!asked_ms.has(question)) return;
  taken_ms.push(e.time_ms - asked_ms.get(question));
  asked_ms.delete(question);
  if (taken_ms.length > 60) taken_ms.shift();
}

function draw_chart() {
  const top = Math.max(100, ...taken_ms);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 600 120');
  svg.setAttribute('role', 'img');
  const sorted = [...taken_ms].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0, most = sorted.at(-1) ?? 0;
  svg.setAttribute('aria-label', `照会の応答時間：中央値 ${middle} ミリ秒、最大 ${most} ミリ秒`);
  taken_ms.forEach((ms, n) => {
    const bar = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    const height = Math.max(1, (ms / top) * 110);
    const place_of = { x: n * 10, y: 120 - height, width: 8, height, fill: '#0a4a7d' };
    for (const [k, v] of Object.entries(place_of)) bar.setAttribute(k, v);
    svg.append(bar);
  });
  chart.replaceChildren(svg, el('p', { class: 'quiet' },
    taken_ms.length ? `直近 ${taken_ms.length} 件：中央値 ${middle} ms、最大 ${most} ms` : 'まだ照会はありません。'));
}

async function read() {
  if (reading || !following || !live.there) return;
  reading = true;
  try {
    for (let more = true; more && following;) {
      const topics = filter ? [filter] : [];
      const page = await live.say('screen.read_events', { from: next, limit: 200, topics });
      for (const e of page.events) {
        measure(e);
        body.prepend(row_of(e));
      }
      while (body.childElementCount > rows_max) body.lastElementChild.remove();
      next = page.next;
      head = page.head;
      more = next <= head;
    }
    draw_chart();
    place.textContent = `記録 ${head} まで表示しました。`;
  } catch (why) {
    place.textContent = why.text ?? '接続を待っています。';
  }
  reading = false;
}

function again(from) {
  next = Math.max(1, from);
  body.replaceChildren();
  taken_ms.length = 0;
  asked_ms.clear();
  following = true;
  pause.textContent = '止める';
  read();
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
const from = el('input', { name: 'from', type: 'number', min: 1, value: 1 });
const pause = el('button', { type: 'button', onclick: () => {
  following = !following;
  pause.textContent = following ? '止める' : '続ける';
  read();
} }, '止める');
const heads = (names) => el('thead', {}, el('tr', {}, names.map((n) => el('th', { scope: 'col' }, n))));

document.body.replaceChildren(banner(node),
  el('header', { class: 'top' }, el('h1', {}, '監視の画面'), line, links(live, node), el('span', { class: 'room' }),
    el('span', { class: 'quiet' }, node.account), el('button', { onclick: sign_out }, 'サインアウト')),
  el('main', {},
    el('section', { 'aria-labelledby': 'h-desks' }, el('h2', { id: 'h-desks' }, '窓口'),
      el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '窓口の表' },
        el('table', {}, heads(['窓口', '業務', 'モード', 'リーダー', '機種', '呼び出し']), desks))),
    el('section', { 'aria-labelledby': 'h-time' }, el('h2', { id: 'h-time' }, '照会の応答時間'), chart),
    el('section', { 'aria-labelledby': 'h-events' }, el('h2', { id: 'h-events' }, '記録'),
      el('form', { class: 'row', onsubmit: (e) => {
        e.preventDefault();
        filter = topic.value.trim();
        again(Number(from.value) || 1);
      } }, el('label', {}, '種類（先頭一致）', topic), el('label', {}, '番号から', from),
      el('button', { class: 'main' }, '読み直す'), pause), place,
      el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '記録の表' },
        el('table', {}, heads(['番号', '時刻', '種類', '窓口', '受付', '内容']), body)))));
guard(live, 'monitor.ask_status');
live.addEventListener('change', draw);
live.addEventListener('line', () => {
  draw();
  read();
});
setInterval(read, read_every_ms);
draw();
draw_chart();
live.open();
