// 健康保険証等での資格確認: what stands on the original, typed; for a check-in that could not be asked, or for somebody
// without a card.
import { el } from '/live.js';
import { choice, drafts, field, fold, fresh_id, page, personal, tick } from '/staff_tools.js';
import { outcome_cards, validity_cards } from '/cards.js';

const person_fields = [
  ['insurer', '保険者番号', 8], ['symbol', '記号', 20], ['number', '番号', 20], ['branch', '枝番', 2],
  ['birth_date', '生年月日（例 19660912）', 8],
];
const cares = [['outpatient', '通常'], ['home_visit', '訪問診療等'], ['online', 'オンライン診療等'], ['emergency', '救急']];

/** @p seen_words: what staff say they have checked before they ask. */
function person_form(of, submit, more, seen_words = '原本を確認しました') {
  const fields = person_fields.map(([name, words, size]) => {
    const input = field(name + ' ' + of, { name, maxlength: size, size: Math.min(size + 2, 14),
      required: name !== 'symbol' && name !== 'branch', inputmode: name === 'symbol' ? null : 'numeric',
      pattern: name === 'birth_date' ? '[0-9]{8}' : null });
    return [name, input, el('label', {}, words, input)];
  });
  const [, seen] = tick('seen ' + of, seen_words, { required: true });
  const [limit_box, limit] = tick('limit ' + of, '限度額情報の提供に同意あり');
  return el('form', { class: 'row', onsubmit: (e) => {
    e.preventDefault();
    const person = Object.fromEntries(fields.map(([name, input]) => [name, input.value]));
    person.insurer = person.insurer.padStart(8, ' ');
    submit({ person, limit: limit_box.checked ? 'given' : 'refused' });
  } }, seen, fields.map(([, , label]) => label), limit, more,
  el('button', { class: 'main', 'data-key': 'ask ' + of }, '照会する'));
}

/** Of a check-in that nobody could be asked about. */
export function typed_part(row) {
  const of = row.checkin;
  return fold('typed ' + of, '健康保険証等で確認（資格確認書等）', () => person_form(of, (body) =>
    page.say('checkin.keep_walk_in', { checkin: row.checkin, ...body }, '内容を控えました。照会の結果はこの画面に出ます。')));
}

let last = null; // the report on the last typed question, or {waiting: true}

function forget_typed(of) {
  for (const key of [...drafts.keys()]) if (key.endsWith(' ' + of)) drafts.delete(key);
}

async function ask(body) {
  last = { waiting: true };
  page.draw();
  const ids = { question: fresh_id(), checkin: null, patient: fresh_id() };
  const answer = await page.say('eligibility.ask_typed', { ...ids, desk: '', background: false, ...body }, '照会しました。');
  last = answer?.body ?? null;
  if (last) forget_typed('desk');
  page.draw();
}

function told() {
  if (!last) return null;
  if (last.waiting) return el('p', { class: 'mark' }, '照会しています。');
  const card = last.outcome === 'answered' ? validity_cards[last.judged] : outcome_cards[last.outcome];
  const number = personal(last.reference_number) || '未登録';
  return el('div', { class: 'card' },
    el('p', { class: card?.good ? 'mark good' : 'mark warn' }, card?.mark ?? last.outcome),
    personal(last.name) && el('p', {}, `氏名：${personal(last.name)}　照会番号：${number}`),
    card && !card.good && el('p', { class: 'say' }, '「' + card.say + '」'), card && el('p', {}, '次にすること：' + card.next));
}

/** For whoever came without a card; and 患者情報の再照会（個別） of those who are at home. */
export function typed_section() {
  const kind = choice('care desk', cares);
  kind.addEventListener('change', () => page.draw());
  const at_home = kind.value === 'home_visit' || kind.value === 'online';
  const booked = kind.value === 'online'
    && field('booked desk', { type: 'date', 'aria-label': '診療予約日（空欄は今日）' });
  const submit = (body) => ask({ ...body, kind: kind.value,
    ...(booked && booked.value ? { appointment: booked.value.replaceAll('-', '') } : {}) });
  return el('section', { 'aria-labelledby': 'h-typed' }, el('h2', { id: 'h-typed' }, '健康保険証等で確認・個別の照会'),
    fold('typed-desk', 'カードなしで来られた方・ご自宅の方', () => [
      person_form('desk', submit, [el('label', {}, '診療区分', kind),
        booked && el('label', {}, '診療予約日（空欄は今日）', booked)],
      at_home ? '番号と生年月日が正しいことを確認しました' : undefined),
      el('p', { class: 'quiet' }, at_home
        ? '患者さんの同意（マイナ在宅受付Web）が有効なら、診療・薬剤・健診の情報も閲覧できるようになります。'
        : 'この確認では、診療・薬剤・健診の情報は閲覧できません。'), told()]));
}
