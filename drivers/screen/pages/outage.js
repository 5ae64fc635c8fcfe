// 障害時の受付: whom nobody could be asked about, what is still missing, what the answer changed; details are completed
// and the declaration is printed here.
import { el } from '/live.js';
import { button, fold, heads, page, personal, print_sheet, time } from '/staff_tools.js';
import { typed_part } from '/typed.js';
import { validity_cards } from '/cards.js';

const waits = { details: '内容の控えがまだありません', line: '接続が戻りしだい照会します', answer: '回答を待っています',
  nothing: '済みました' };

let list = null; // {line_up, rows}

async function read() {
  try {
    list = (await page.live.say('line.list_waiting', { open_only: false })).body;
  } catch (why) {
    page.tell(why.text ?? '一覧を読めません。接続を待っています。');
  }
  page.draw();
}

/** The gateway's page has no scripts; its words are taken over, its style is ours. */
async function print(checkin) {
  const answer = await page.say('line.print_declaration', { checkin }, '申立書を印刷します。');
  if (!answer) return;
  const form = new DOMParser().parseFromString(personal(answer.body.html), 'text/html');
  print_sheet([...form.body.children].filter((e) => !['SCRIPT', 'STYLE'].includes(e.tagName)));
}

function item(row) {
  const open = row.still !== 'nothing';
  const changed = Array.isArray(row.changed) ? row.changed.length : 0;
  const answered = row.outcome === 'answered' ? validity_cards[row.judged]?.mark : '';
  const settled = row.outcome === 'refused' ? 'エラー' : answered;
  return el('tr', {}, el('td', {}, time(row.begun_ms)), el('th', { scope: 'row' }, personal(row.name) || '（氏名の控えなし）'),
    el('td', {}, row.desk), el('td', { class: open ? 'mark warn' : 'mark good' }, waits[row.still]),
    el('td', {}, settled, changed > 0 && `（控えと違う項目 ${changed}）`),
    el('td', {}, row.checkin && button('declare ' + row.checkin, '申立書を印刷', () => print(row.checkin)),
      row.still === 'details' && row.checkin && typed_part(row)));
}

function ledger() {
  if (!list) return el('p', { class: 'quiet' }, '読み込んでいます。');
  const open = list.rows.filter((r) => r.still !== 'nothing').length;
  return [
    el('p', { class: list.line_up ? 'mark good' : 'mark warn' }, list.line_up
      ? '全国のシステムに接続しています。' : '全国のシステムに接続できません。内容を控えてください。'),
    el('p', {}, `まだ済んでいない方 ${open} 件`), el('div', { class: 'row' }, button('outage-again', '読み直す', read)),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': '障害時の受付の表' },
      el('table', {}, heads(['時刻', '氏名', '窓口', '状態', '結果', '書類']), el('tbody', {}, list.rows.map(item)))),
  ];
}

export function outage_section() {
  return el('section', { 'aria-labelledby': 'h-outage' }, el('h2', { id: 'h-outage' }, '障害時の受付'),
    fold('outage', '照会できなかった方の一覧', ledger, read));
}
