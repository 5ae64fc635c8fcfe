// What reception does about a face: decides what the engine could not tell, goes and types what the reader cannot read.
import { el } from '/live.js';

/** @param say as in reception.js. Nothing when this check-in wants neither. */
export function face_part(row, say) {
  if (row.state === 'awaiting_number')
    return el('div', { class: 'card' }, el('p', { class: 'mark warn' }, '照合番号Bが必要です'),
      el('p', {}, '次にすること：窓口の画面で、カードに印刷された照合番号B（14桁）を入力します。入力しないときは暗証番号をご案内します。'));
  if (row.state !== 'deciding') return null;
  const decide = (same_person, words) => () => say('checkin.decide_face', { checkin: row.checkin, same_person }, words);
  return el('div', { class: 'card' }, el('p', { class: 'mark warn' }, '顔認証：機械では判断できません'),
    el('p', { class: 'say' }, '「お顔とカードの写真を確認させてください。」'),
    el('p', {}, '次にすること：窓口で患者さんの顔とカードの写真を見比べて決めます。決めた人は記録されます。'),
    el('div', { class: 'row' },
      el('button', { class: 'main', 'data-key': 'same ' + row.checkin,
        onclick: decide(true, '本人と確認しました。') }, '本人である'),
      el('button', { 'data-key': 'other ' + row.checkin,
        onclick: decide(false, '暗証番号をご案内します。') }, '本人と確認できない')));
}
