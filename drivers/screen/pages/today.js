// 本日の受付: who arrived, how it went, who was verified this month already; and the receipt of a patient's consents.
import { el } from '/live.js';
import { button, day_and_time, fold, heads, page, personal, print_sheet, time } from '/staff_tools.js';
import { outcome_cards, validity_cards } from '/cards.js';

const methods = { pin: '暗証番号', face: '顔認証', visual: '目視', '': '—' };
const endings = { completed: '終了', card_removed: '途中でカードを取られた', timed_out: '時間切れ',
  stopped_by_patient: '患者さんが終了', wrong_card: '使えないカード', pin_blocked: '暗証番号ロック',
  reader_lost: 'リーダーの異常', interrupted: '中断', moved: '別の窓口へ' };
const kinds = [['surgery', '手術情報の閲覧'], ['treatment', '診療情報の閲覧'], ['drugs', '薬剤情報の閲覧'],
  ['checkup', '特定健診情報の閲覧'], ['limit', '限度額情報の提供'], ['specified_disease', '特定疾病療養受療証情報の提供']];
const choices = { given: '同意する・提供する', refused: '同意しない・提供しない', not_chosen: '選択なし' };

let rows = null, reading = false;

async function read() {
  if (reading) return;
  reading = true;
  try {
    for (let more = true; more;) {
      const answer = await page.live.say('screen.read_today');
      rows = answer.rows;
      more = answer.more;
    }
  } catch (why) {
    page.tell(why.text ?? '一覧を読めません。接続を待っています。');
  }
  reading = false;
  page.draw();
}

/** Green is for a confirmed eligibility alone: who took the card away was neither confirmed nor refused. */
function result_of(row) {
  if (row.outcome === 'open') return { mark: row.open ? '受付中' : endings[row.how] ?? row.how, look: 'mark' };
  const card = (row.outcome === 'answered' ? validity_cards[row.judged] : outcome_cards[row.outcome]) ?? {};
  return { mark: card.mark ?? (row.judged || row.outcome), look: card.good ? 'mark good' : 'mark warn' };
}

function receipt(row) {
  const c = row.consents;
  return [
    el('h2', {}, '同意内容の控え'), el('p', {}, `受付日時：${day_and_time(row.time_ms)}　窓口：${row.desk}`),
    el('p', {}, `氏名：${personal(row.name) || '＿＿＿＿＿＿＿＿'}　照会番号：${personal(row.reference_number) || '未登録'}`),
    el('p', {}, `本人確認：${methods[row.method]}${row.vouched_by ? `（確認した職員：${row.vouched_by}）` : ''}`),
    el('table', {}, el('tbody', {}, kinds.map(([key, words]) =>
      el('tr', {}, el('th', { scope: 'row' }, words), el('td', {}, choices[c[key]]))))),
    el('p', {}, `同意した日時：${day_and_time(c.time_ms)}　画面の言語：${c.language || '—'}（文の版 ${c.text_version || '—'}）`),
    el('p', {}, 'この情報は、あなたの診察や健康管理のために使用します。'),
  ];
}

function item(row) {
  const result = result_of(row);
  const name = personal(row.name) || '（氏名は照会の後に出ます）';
  return el('tr', {}, el('td', {}, time(row.time_ms)), el('th', { scope: 'row' }, name),
    el('td', {}, personal(row.reference_number)), el('td', {}, row.desk), el('td', {}, methods[row.method]),
    el('td', { class: result.look }, result.mark),
    el('td', {}, row.verified_before ? '済' : ''), el('td', {}, row.forgotten ? '取り忘れあり' : ''),
    el('td', {}, row.consents && button('receipt ' + row.checkin, '同意の控えを印刷', () => print_sheet(receipt(row)))));
}

function list() {
  if (!rows) return el('p', { class: 'quiet' }, '読み込んでいます。');
  const heading = ['時刻', '氏名', '照会番号', '窓口', '本人確認', '結果', '今月の確認', 'カード', '控え'];
  const verified = rows.filter((r) => r.outcome === 'answered').length;
  return [el('p', {}, `${rows.length} 件の受付、確認できた方 ${verified} 件`), el('div', { class: 'row' },
    button('today-again', '読み直す', read)), el('div', { class: 'scroll', tabindex: 0, role: 'region',
    'aria-label': '本日の受付の表' }, el('table', {}, heads(heading), el('tbody', {}, [...rows].reverse().map(item))))];
}

export function today_section() {
  return el('section', { 'aria-labelledby': 'h-today' }, el('h2', { id: 'h-today' }, '本日の受付'),
    fold('today', '一覧・同意の控え', list, read));
}
