// An answer beside what the clinic keeps: old and new side by side, whose it is, a new patient from it; and numbers
// that may be registered.
import { el } from '/live.js';
import { button, drafts, field, fold, heads, page, personal, tick } from '/staff_tools.js';

const fields = { name: '氏名', kana: '氏名カナ', birth_date: '生年月日', sex: '性別', address: '住所', post_code: '郵便番号',
  reference_number: '照会番号', insurer: '保険者番号', symbol: '記号', number: '番号', branch: '枝番',
  insurer_name: '保険者名', relation: '本人・家族', burden_ratio: '負担割合', limit_class: '限度額区分',
  valid_to: '有効期限', public_expense: '公費' };
const weights = { note: '', warn: '要確認', block: '本人確認が必要' };
const stops = { nobody: '登録のある患者さんが見つかりません。新しい患者さんとして登録できます。',
  mismatch: '照会番号の患者さんと、ほかの内容が一致しません。', several: '当てはまる患者さんが複数います。自動では選びません。',
  answer_names_nobody: '回答に個人の情報がありません。' };

const found = new Map(); // by question: the match report, 'asked', or {why}

async function look(question) {
  if (found.has(question)) return;
  found.set(question, 'asked');
  try {
    found.set(question, (await page.live.say('patient.find_match', { question })).body);
  } catch (why) {
    if (why.name === 'line_lost') return void found.delete(question); // asked again with what is shown next
    found.set(question, { why: why.name === 'wrong_value' ? '照合は済んでいます。' : why.text });
  }
  page.draw();
}

async function decide(question, body, words) {
  const key = 'alike ' + question;
  if (await page.say('patient.decide_match', { question, although_alike: Boolean(drafts.get(key)), ...body }, words,
    (why) => why.name === 'possible_duplicate' && drafts.set('duplicate ' + question, true))) {
    found.delete(question);
    drafts.delete('side ' + question);
  }
  page.draw();
}

function differences(question, record, list) {
  const boxes = list.map((d) => [d.field, ...tick(`take ${question} ${record} ${d.field}`,
    el('span', { class: 'unseen' }, `${fields[d.field]}を回答の内容にする`), { checked: true })]);
  const table = el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '登録と回答の比較' },
    el('table', {}, heads(['項目', 'いまの登録', '今回の回答', '注意', '取り入れる']), el('tbody', {}, list.map((d, n) =>
      el('tr', { class: d.weight === 'note' ? '' : 'differs' }, el('th', { scope: 'row' }, fields[d.field] ?? d.field),
        el('td', {}, d.kept || '（空）'), el('td', {}, d.came || '（空）'),
        el('td', { class: 'mark warn' }, weights[d.weight]), el('td', {}, boxes[n][2]))))));
  return [table, () => boxes.filter(([, box]) => box.checked).map(([name]) => name)];
}

function candidate(question, c) {
  const { patient, name, birth_date, reference_number } = c.record;
  const [table, accepted] = differences(question, patient, c.differences);
  return el('div', { class: 'card' },
    el('p', {}, el('span', { class: 'mark' }, name), ` ${birth_date} 照会番号 ${reference_number || '未登録'}`),
    c.differences.length ? table : el('p', {}, '登録と同じ内容です。'),
    el('div', { class: 'row' }, button(`same ${question} ${patient}`, 'この患者さんです', () =>
      decide(question, { record: patient, accepted: accepted() }, '登録を更新しました。'), 'main')));
}

function new_patient(question, answered) {
  const number = field('new-number ' + question, { maxlength: 50, size: 14, value: answered.reference_number });
  const warned = drafts.get('duplicate ' + question);
  return fold('new-patient ' + question, '新しい患者さんとして登録する', () => el('form', { class: 'row', onsubmit: (e) => {
    e.preventDefault();
    if (warned) drafts.set('alike ' + question, true);
    decide(question, { record: null, accepted: [], reference_number: number.value }, '新しい患者さんを登録しました。');
  } }, el('dl', {}, ['name', 'kana', 'birth_date', 'address'].map((key) =>
    [el('dt', {}, fields[key]), el('dd', {}, answered[key] || '—')])),
  el('label', {}, '照会番号（診察券番号）', number),
  warned && el('p', { class: 'mark warn', role: 'alert' },
    '似た患者さんがいます。上の候補を確かめてください。別の方なら、もう一度押すと登録します。'),
  el('button', { class: 'main', 'data-key': 'new ' + question }, warned ? '別の方として登録する' : '登録する')));
}

function side_by_side(question) {
  const report = found.get(question);
  if (!report || report === 'asked') return el('p', { class: 'quiet' }, '読み込んでいます。');
  if (report.why) return el('p', {}, report.why);
  const candidates = Array.isArray(report.candidates) ? report.candidates : [];
  const answered = report.answered?.redacted || report.answered?.forgotten ? {} : report.answered;
  return [report.by === 'none' && el('p', { class: 'mark warn' }, stops[report.why] ?? '照合できません。'),
    candidates.map((c) => candidate(question, c)), new_patient(question, answered)];
}

/** The part of a check-in whose question was answered. */
export function answer_part(row) {
  if (row.outcome !== 'answered' || !row.question) return null;
  return fold('side ' + row.question, '登録と回答を並べて見る・新しい患者さんの登録', () => side_by_side(row.question),
    () => look(row.question));
}

// -- numbers ---------------------------------------------------------------------------------------------------------

let numbers = null; // registered ones, newest first; asked for once a registration is open

async function read_numbers() {
  if (numbers) return;
  numbers = [];
  const answer = await page.live.say('line.list_registrations').catch(() => null);
  if (!answer) return;
  numbers = answer.body.rows.map((r) => personal(r.number)).filter(Boolean);
  page.draw();
}

/** One after the greatest number given so far, as long as it was written. */
function next_number() {
  const given = (numbers ?? []).filter((n) => /^\d{1,15}$/.test(n));
  if (!given.length) return null;
  const greatest = given.reduce((a, b) => (Number(b) > Number(a) ? b : a));
  return String(Number(greatest) + 1).padStart(greatest.length, '0');
}

/** What may be registered for this check-in: [number, where it is from]. */
export function suggestions(row) {
  look(row.question);
  read_numbers();
  const report = found.get(row.question);
  const kept = (Array.isArray(report?.candidates) ? report.candidates : [])
    .filter((c) => c.record.reference_number).map((c) => [c.record.reference_number, `${c.record.name} の登録`]);
  const next = next_number();
  return next ? [...kept, [next, '次の番号']] : kept;
}

/** Registered just now: the next suggestion counts on from it. */
export function note_registered(number) {
  numbers = [number, ...(numbers ?? [])];
}
