// 朝の変更一覧: what changed since the last answer, each row accepted or put off by a person; who is expected today, in
// the colour of how they stand; how this night's requests fare. And 同意取消照会, the end of a home visit's consent.
import { el } from '/live.js';
import { button, day_and_time, drafts, field, fold, fresh_id, heads, page, personal, print_sheet,
  written_day } from '/staff_tools.js';

const change_words = { insurer: '保険者・記号番号', validity: '資格有効性', burden_ratio: '負担割合', limit_class: '限度額区分',
  certificate_ending: '証の期限', medical_ticket: '医療券', consent_given: '同意登録', consent_ended: '同意の期限切れ',
  consent_withdrawn: '同意の取消' };
const ended_words = { none: '', period_over: '診療形態ごとの期限', cancelled_by_institution: '医療機関による取消',
  cancelled_by_patient: '患者による取消', purpose_changed: '用途変更による取消' };
const validity_words = { none: '回答なし', valid: '有効', invalid: '無効', newer_exists: '新しい資格あり', no_match: '該当なし',
  several: '複数該当', valid_unregistered: '有効（未登録）' };
const decided_words = { open: '未対応', accepted: '反映', deferred: 'あとで' };
const stand_words = { not_asked: ['未照会', ''], under_way: ['照会中', ''], unchanged: ['変更なし', 'good'],
  to_decide: ['変更あり・未対応', 'warn'], deferred: ['変更あり・あとで', 'warn'], accepted: ['変更を反映済', 'good'],
  not_answered: ['回答なし', 'warn'] };
const care_words = { outpatient: '外来', home_visit: '訪問診療等', online: 'オンライン診療等' };
const batch_words = { planned: '計画済', written: '作成済', saved: '手作業のアップロード待ち', uploading: 'アップロード中',
  doubtful: 'アップロードの成否不明', accepted: '受付済', collecting: '結果確認中', answered: '取込中', listed: '一覧済',
  failed: '失敗', asking: '個別に照会中' };
const kind_words = { eligibility: '資格確認', home_visit_persons: '訪問診療等', online_persons: 'オンライン診療等',
  home_visit_consented: '訪問診療等の同意者', online_consented: 'オンライン診療等の同意者', medical_assistance: '医療扶助の医療券' };

let changes = null, visits = null, batches = null;

/** Every row of a list that comes in pieces. */
async function all_of(topic, wanted) {
  let whole = null;
  for (;;) {
    const { body } = await page.live.say(topic, { ...wanted, first: whole ? whole.rows.length : 0 });
    whole = whole ? { ...body, rows: [...whole.rows, ...body.rows] } : body;
    if (body.rows.length === 0 || whole.rows.length >= body.total) return whole;
  }
}

async function read() {
  try {
    changes = await all_of('batch.list_changes', { open_only: false, desk: '' });
    visits = await all_of('visit.list', { day: '' });
    batches = (await page.live.say('batch.list')).body.rows;
  } catch (why) {
    page.tell(why.text ?? '一覧を読めません。接続を待っています。');
  }
  page.draw();
}

async function decide(row, how) {
  if (!await page.say('batch.decide_change', { change: row.change, how }, `${decided_words[how]}にしました。`)) return;
  read();
}

const words_of = (row) => change_words[row.what] + (row.ended === 'none' ? '' : `（${ended_words[row.ended]}）`);
const told = (row, text) => (row.what === 'validity' ? validity_words[text] ?? text
  : row.what === 'burden_ratio' && text ? `${Number(text) / 10} 割`
    : row.what.startsWith('consent') ? (text === '1' ? '同意あり' : text ? '同意なし' : '—') : text || '—');

function change_item(row) {
  const open = row.how !== 'accepted';
  const who = personal(row.name) || personal(row.number) || '（氏名の控えなし）';
  return el('tr', { class: row.how === 'open' ? 'differs' : '', 'data-change': row.change },
    el('td', {}, row.desk || '—'), el('td', {}, written_day(row.day)), el('th', { scope: 'row' }, who),
    el('td', {}, personal(row.number)), el('td', {}, words_of(row)),
    el('td', {}, told(row, personal(row.kept))), el('td', {}, told(row, personal(row.came))),
    el('td', { class: open ? 'mark warn' : 'mark good' }, decided_words[row.how],
      row.decided_by && ` ${row.decided_by}`, row.decided_ms > 0 && ` ${day_and_time(row.decided_ms)}`),
    el('td', {}, open && el('div', { class: 'row' },
      button('accept ' + row.change, '反映', () => decide(row, 'accepted'), 'main'),
      row.how === 'open' && button('defer ' + row.change, 'あとで', () => decide(row, 'deferred')))));
}

/** RFC 4180; no formula for a spreadsheet to run. */
const cell = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;

function save_csv() {
  const rows = [['窓口', '予定日', '診察券番号', '氏名', '変更', '前回', '今回', '対応', '対応者'], ...changes.rows.map((r) =>
    [r.desk, r.day, personal(r.number), personal(r.name), words_of(r),
      told(r, personal(r.kept)), told(r, personal(r.came)), decided_words[r.how], r.decided_by])];
  const text = '\ufeff' + rows.map((r) => r.map(cell).join(',') + '\r\n').join('');
  const link = el('a', { href: URL.createObjectURL(new Blob([text], { type: 'text/csv' })), download: '変更一覧.csv' });
  link.click();
  URL.revokeObjectURL(link.href);
}

/** For whoever goes out without a screen, and for the folder of the day. */
function print_changes() {
  print_sheet([el('h2', {}, '変更一覧（来院・訪問前の確認）'),
    el('p', {}, `${day_and_time(Date.now())}　変更 ${changes.total} 件、未対応 ${changes.open} 件`),
    el('table', {}, heads(['窓口', '予定日', '氏名', '診察券番号', '変更', '前回', '今回', '対応']), el('tbody', {},
      changes.rows.map((r) => el('tr', {}, [r.desk || '—', written_day(r.day), personal(r.name), personal(r.number),
        words_of(r), told(r, personal(r.kept)), told(r, personal(r.came)),
        decided_words[r.how] + (r.decided_by ? ` ${r.decided_by}` : '')].map((text) => el('td', {}, text))))))]);
}

function print_expected() {
  print_sheet([el('h2', {}, '本日の予定'), el('p', {}, `${day_and_time(Date.now())}　${visits.total} 件`),
    el('table', {}, heads(['氏名', '診察券番号', '窓口', '診療区分', '事前の照会']), el('tbody', {},
      visits.rows.map((r) => el('tr', {}, [personal(r.name), personal(r.number), r.desk || '—',
        care_words[r.how] + (r.standing ? '・定期' : ''), stand_words[r.stands][0]].map((text) =>
        el('td', {}, text))))))]);
}

function change_table() {
  if (!changes) return el('p', { class: 'quiet' }, '読み込んでいます。');
  return [
    el('p', { class: changes.open > 0 ? 'mark warn' : 'mark good' }, `変更 ${changes.total} 件、未対応 ${changes.open} 件`
      + (changes.unanswered > 0 ? `、回答のない方 ${changes.unanswered} 人` : '')),
    el('div', { class: 'row' }, button('changes-again', '読み直す', read), button('changes-csv', 'CSVで保存', save_csv),
      button('changes-print', '一覧を印刷', print_changes)),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '変更一覧の表' },
      el('table', {}, heads(['窓口', '予定日', '氏名', '診察券番号', '変更', '前回', '今回', '対応', '操作']),
        el('tbody', {}, changes.rows.map(change_item)))),
  ];
}

function expected_item(row) {
  const [words, kind] = stand_words[row.stands];
  return el('tr', { class: kind === 'warn' ? 'differs' : '' }, el('th', { scope: 'row' }, personal(row.name) || '—'),
    el('td', {}, personal(row.number)), el('td', {}, row.desk || '—'),
    el('td', {}, care_words[row.how] + (row.standing ? '・定期' : '')), el('td', { class: 'mark ' + kind }, words));
}

function expected_table() {
  if (!visits) return el('p', { class: 'quiet' }, '読み込んでいます。');
  return [el('p', {}, `本日の予定 ${visits.total} 件`), el('div', { class: 'row' }, button('visits-again', '読み直す', read),
    button('visits-print', '予定を印刷', print_expected)),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '本日の予定の表' },
      el('table', {}, heads(['氏名', '診察券番号', '窓口', '診療区分', '事前の照会']),
        el('tbody', {}, visits.rows.map(expected_item))))];
}

function batch_table() {
  if (!batches) return el('p', { class: 'quiet' }, '読み込んでいます。');
  return [el('div', { class: 'row' }, button('batches-again', '読み直す', read)),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '一括照会の表' },
      el('table', {}, heads(['計画', '種類', '状態', '件数', '回答', '変更', '受付番号']), el('tbody', {}, batches.map((b) =>
        el('tr', {}, el('th', { scope: 'row' }, day_and_time(b.planned_ms)), el('td', {}, kind_words[b.kind]),
          el('td', { class: ['failed', 'doubtful'].includes(b.now) ? 'mark warn' : '' }, batch_words[b.now]),
          el('td', {}, b.rows > 0 ? String(b.rows) : '—'), el('td', {}, b.rows > 0
            ? el('progress', { max: b.rows, value: b.answered, 'aria-label': `回答 ${b.answered} / ${b.rows}` }) : '',
          ` ${b.answered}`), el('td', {}, String(b.changes)), el('td', {}, b.reception_number))))))];
}

export function morning_section() {
  return el('section', { 'aria-labelledby': 'h-morning' }, el('h2', { id: 'h-morning' }, '来院・訪問前の確認'),
    fold('changes', '朝の変更一覧', change_table, read), fold('visits', '本日の予定', expected_table, read),
    fold('batches', '一括照会の進み具合', batch_table, read));
}

// -- 同意取消照会 --------------------------------------------------------------------------------------------------

let consented = null; // who was found
const withdrawn_words = { answered: '同意を取り消しました。閲覧は終了しています。',
  refused: '全国のシステムは取消を受け付けませんでした。こちらでの閲覧は終了しています。' };
let ended_how = ''; // what came of the last search or withdrawal, beside the form
const search_fields = [['insurer', '保険者番号', 9], ['number', '番号', 12], ['branch', '枝番', 3],
  ['birth_date', '生年月日（例 19480517）', 9]];

function tell(words) {
  ended_how = words;
  page.tell(words);
  page.draw();
}

async function find(person) {
  ended_how = '';
  const answer = await page.say('consent.find', { person }, '', () => { consented = null; });
  if (!answer) return;
  consented = answer.body;
  tell(consented.rows.length === 0 ? '同意している患者さんは見つかりません。番号と生年月日をもう一度お確かめください。'
    : `${consented.rows.length} 人。資格情報から対象の患者さんであることを確認してください。`);
}

async function withdraw(row) {
  const withdrawal = { question: fresh_id(), patient: row.patient, desk: '', person: row.person };
  const answer = await page.say('consent.withdraw', withdrawal,
    '閲覧は終了しました。');
  consented = null;
  if (answer) tell(withdrawn_words[answer.body?.outcome] ?? '閲覧は終了しました。取消の結果は確認中です。');
  page.draw();
}

function found_item(row) {
  const seen = 'seen ' + row.patient;
  const p = row.person && typeof row.person === 'object' ? row.person : {};
  const go = button('withdraw ' + row.patient, '同意を取り消す', () => withdraw(row), 'main');
  go.disabled = !drafts.get(seen);
  const box = el('input', { type: 'checkbox', 'data-key': seen, onchange: () => {
    drafts.set(seen, box.checked);
    page.draw();
  } });
  box.checked = Boolean(drafts.get(seen));
  return el('div', { class: 'card' }, el('dl', {}, [
    ['氏名', personal(row.name) || '—'], ['診察券番号', personal(row.number) || '—'],
    ['保険者番号', p.insurer], ['記号・番号・枝番', [p.symbol, p.number, p.branch].filter(Boolean).join(' ')],
    ['生年月日', written_day(p.birth_date)], ['同意日時', written_day(row.consented)]].map(([k, v]) =>
    [el('dt', {}, k), el('dd', {}, v || '—')])),
  el('label', { class: 'tick' }, box, '対象の患者さんであることを確認しました'), el('div', { class: 'row' }, go));
}

function search_form() {
  const inputs = search_fields.map(([name, words, size]) => [words,
    field('find ' + name, { name, size, maxlength: 20, inputmode: name === 'number' ? null : 'numeric' })]);
  return [el('form', { class: 'row', onsubmit: (e) => {
    e.preventDefault();
    find(Object.fromEntries(search_fields.map(([name], n) => [name, inputs[n][1].value.trim()])));
  } }, inputs.map(([words, input]) => el('label', {}, words, input)),
  el('button', { 'data-key': 'find-go' }, '検索')), ended_how && el('p', { class: 'mark' }, ended_how),
  consented?.rows.map(found_item)];
}

export function withdrawal_section() {
  return el('section', { 'aria-labelledby': 'h-withdraw' }, el('h2', { id: 'h-withdraw' }, '同意取消照会（訪問診療等）'),
    fold('withdrawal', '訪問診療等の終了時：閲覧同意の取消', search_form));
}
