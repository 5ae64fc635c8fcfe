// 在宅での同意取得: the address of マイナ在宅受付Web as a link and a 二次元コード, shown and printed; who has registered their
// consent there; and the 照会番号 of those who have none yet.
import { el } from '/live.js';
import { button, drafts, field, fold, fresh_id, page, personal, print_sheet, time } from '/staff_tools.js';

const care_words = { home_visit: '訪問診療等', online: 'オンライン診療等' };
const look_again_ms = 1_000, look_for_ms = 120_000;
const found_words = { consent_given: ['同意登録完了', 'good'], consent_withdrawn: ['同意は取り消されました', 'warn'],
  consent_ended: ['同意の期限切れ', 'warn'] };

let given = null; // {how, url}
let found = null; // rows of the last look, or {waiting}
const numbers = new Map(); // what was sent for registration just now, by patient

// -- the address -----------------------------------------------------------------------------------------------------

async function obtain(how, renew) {
  const answer = await page.say('consent.obtain_url', { how, renew }, renew
    ? '新しいアドレスにしました。古いアドレスと二次元コードは使えません。' : 'アドレスを表示しました。');
  if (answer) given = { how, url: answer.body.url };
  drafts.delete('renew-sure');
  page.draw();
}

/** With the day that was booked, if it is known: whoever opens the address need not choose it. */
function address() {
  const day = drafts.get('booked-day');
  return given.how === 'online' && day ? `${given.url}&day=${day}` : given.url;
}

function code_of(url) {
  return el('img', { class: 'qr-code', src: '/qr-code.svg?of=' + encodeURIComponent(url), width: 240, height: 240,
    alt: `マイナ在宅受付Web（${care_words[given.how]}）の二次元コード` });
}

/** What the patient takes in the hand. */
function leaflet() {
  const online = given.how === 'online';
  const day = online && drafts.get('booked-day');
  return [
    el('h2', {}, `${care_words[given.how]}を受けられる方へ：同意登録のお願い`),
    el('p', {}, '二次元コードをスマートフォンで読み取り、マイナ在宅受付Webを開いてください。'), code_of(address()),
    el('p', { class: 'address' }, address()),
    day && el('p', {}, `診療予約日：${new Date(day + 'T00:00:00').toLocaleDateString('ja-JP', { dateStyle: 'full' })}`),
    el('ol', {}, [
      online ? '診療予約日を確認し、手術情報・薬剤情報・特定健診情報・限度額情報等の閲覧同意を選択します。'
        : '手術情報・薬剤情報・特定健診情報・限度額情報等の閲覧同意の内容を選択します。',
      'マイナンバーカードの暗証番号（4桁）を入力し、カードを読み取ります。',
      '「同意登録完了」と表示されたら終わりです。',
    ].map((words) => el('li', {}, words))),
    el('p', {}, 'ご用意いただくもの：マイナンバーカード、4桁の暗証番号（利用者証明用電子証明書）'),
  ];
}

/** A picture that is still on its way would be missing on paper. */
async function print_leaflet() {
  const sheet = leaflet();
  const picture = sheet.find((part) => part?.tagName === 'IMG');
  try {
    await picture.decode();
    print_sheet(sheet);
  } catch {
    page.tell('二次元コードを読み込めませんでした。もう一度お試しください。');
  }
}

function shown_address() {
  if (!given) return null;
  const day = el('input', { type: 'date', 'data-key': 'booked-day', onchange: () => {
    drafts.set('booked-day', day.value);
    page.draw();
  } });
  day.value = drafts.get('booked-day') ?? '';
  const sure = el('input', { type: 'checkbox', 'data-key': 'renew-sure', onchange: () => {
    drafts.set('renew-sure', sure.checked);
    page.draw();
  } });
  sure.checked = Boolean(drafts.get('renew-sure'));
  const renew = button('renew', '新しいアドレスに替える', () => obtain(given.how, true));
  renew.disabled = !sure.checked;
  return el('div', { class: 'card' }, el('h3', {}, `マイナ在宅受付Web（${care_words[given.how]}）`),
    given.how === 'online' && el('div', { class: 'row' }, el('label', {}, '診療予約日（分かっているとき）', day)),
    code_of(address()),
    el('p', {}, el('a', { href: address(), target: '_blank', rel: 'noopener', class: 'address' }, address())),
    el('div', { class: 'row' }, button('print-leaflet', '案内を印刷', print_leaflet, 'main')),
    fold('renew-fold', 'アドレスを替える', () => [
      el('p', {}, '替えると、これまでに配ったアドレスと二次元コードは使えなくなります。'),
      el('label', { class: 'tick' }, sure, 'これまでのものが使えなくなることを確認しました'),
      el('div', { class: 'row' }, renew)]));
}

// -- who has consented -----------------------------------------------------------------------------------------------

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Asks the national system who has consented, waits for its answer, and shows what it brought. */
async function look() {
  const answer = await page.say('batch.send', { why: ['web_consent'] }, '全国のシステムに同意登録を確認しています。');
  if (!answer) return;
  found = { waiting: true };
  page.draw();
  const mine = new Set(answer.body.batches ?? []);
  const care_of = new Map(); // by batch
  try {
    const until = Date.now() + look_for_ms;
    for (let open = true; open && Date.now() < until;) {
      await pause(look_again_ms);
      const { rows } = (await page.live.say('batch.list')).body;
      for (const b of rows) care_of.set(b.batch, b.kind.replace('_consented', ''));
      const asked = rows.filter((b) => mine.size === 0 ? b.kind.endsWith('_consented') : mine.has(b.batch));
      open = asked.some((b) => !['listed', 'failed', 'doubtful'].includes(b.now));
      for (const b of asked) mine.add(b.batch);
      if (asked.some((b) => b.now === 'failed' || b.now === 'doubtful')) throw new Error('failed');
    }
    await read(mine, care_of);
  } catch (why) {
    found = null;
    page.tell(why.text ?? '確認できませんでした。しばらくしてから、もう一度お試しください。');
  }
  page.draw();
}

async function read(batches, care_of) {
  const rows = [];
  for (let more = true; more;) {
    const { body } = await page.live.say('batch.list_changes', { open_only: false, desk: '', first: rows.length });
    rows.push(...body.rows);
    more = body.rows.length > 0 && rows.length < body.total;
  }
  const consents = rows.filter((r) => r.what in found_words);
  const fresh = consents.filter((r) => batches.has(r.batch));
  for (const r of consents) r.how = care_of.get(r.batch);
  const said = fresh.length === 0 ? '新しい同意登録はありません。患者さんの画面に「同意登録完了」と出ているか、お確かめください。'
    : `新しく ${fresh.length} 件：` + fresh.map((r) => `${personal(r.name) || '（氏名なし）'} さん`).join('、');
  found = { rows: consents.sort((a, b) => b.noticed_ms - a.noticed_ms).slice(0, 50), said };
  page.tell(said);
}

/** As at the desk: the clinic's own number for a patient who has none yet. */
async function register(row, number) {
  const wanted = { registration: fresh_id(), patient: row.patient, number, person: {} };
  const answer = await page.say('line.register_numbers', { rows: [wanted] }, `照会番号 ${number} を登録します。`);
  if (!answer) return;
  if (answer.body.refused?.length) return page.tell('この照会番号は登録できません。半角の英数字・記号で、50字までです。');
  drafts.delete('home-number ' + row.patient);
  numbers.set(row.patient, number);
  page.draw();
}

function number_cell(row) {
  if (personal(row.number)) return personal(row.number);
  if (numbers.has(row.patient)) return `${numbers.get(row.patient)}（登録中・登録済）`;
  if (row.what !== 'consent_given') return '—';
  const input = field('home-number ' + row.patient, { name: 'number', maxlength: 50, size: 12, required: true,
    'aria-label': `${personal(row.name)} さんの照会番号` });
  return el('form', { class: 'row', onsubmit: (e) => {
    e.preventDefault();
    register(row, input.value.trim());
  } }, input, el('button', { 'data-key': 'home-register ' + row.patient }, '登録する'));
}

function consent_table() {
  if (!found) return null;
  if (found.waiting) return el('p', { class: 'mark' }, '全国のシステムの回答を待っています。1分ほどかかることがあります。');
  if (found.rows.length === 0) return el('p', { class: 'mark' }, found.said);
  const frame = { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '同意登録の表' };
  return [el('p', { class: 'mark' }, found.said), el('div', frame, el('table', {},
    el('thead', {}, el('tr', {}, ['確認した時刻', '氏名', '診療区分', '同意', '照会番号'].map((h) =>
      el('th', { scope: 'col' }, h)))),
    el('tbody', {}, found.rows.map((row) => el('tr', {}, el('td', {}, time(row.noticed_ms)),
      el('th', { scope: 'row' }, personal(row.name) || '—'), el('td', {}, care_words[row.how] ?? '—'),
      el('td', { class: 'mark ' + found_words[row.what][1] }, found_words[row.what][0]),
      el('td', {}, number_cell(row)))))))];
}

function content() {
  return [
    el('p', {}, 'アドレスか二次元コードを患者さんに渡すか、職員が開いて、同意内容の選択をご案内ください。'),
    el('div', { class: 'row' }, Object.entries(care_words).map(([how, words]) =>
      button('address ' + how, `${words}のアドレスを表示`, () => obtain(how, false)))),
    shown_address(),
    el('div', { class: 'row' }, button('look', '同意登録の完了を確認する', look, 'main')),
    consent_table(),
  ];
}

export function at_home_section() {
  return el('section', { 'aria-labelledby': 'h-home' }, el('h2', { id: 'h-home' }, '訪問診療等・オンライン診療等'),
    fold('at-home', '同意取得（マイナ在宅受付Web）と照会番号の登録', content));
}
