// 目視確認 at a desk, in the quick guide's order; and the reminder at terminals whose mode is switched by hand.
import { el } from '/live.js';
import { button, page } from '/staff_tools.js';

const begin = (desk, any_card) => page.say('checkin.begin_visual_check', { desk, any_card },
  `${desk} を目視確認モードにしました。カードの顔写真とご本人を見比べてください。`);
const back = (desk) => page.say('checkin.end_visual_check', { desk }, `${desk} を無人運転モードに戻しました。`);

function steps(now) {
  const all = ['患者さんを窓口へ案内', '目視確認モードに切替', '顔写真を目視で確認', 'マイナンバーカードを置いてもらう',
    '同意・提供する情報を選んでもらう', '結果確認・照会番号の登録（無人運転モードには自動で戻ります）'];
  return el('ol', { class: 'steps' }, all.map((words, n) =>
    el('li', { class: n < now ? 'done' : n === now ? 'now' : '', 'aria-current': n === now ? 'step' : null }, words)));
}

const after_consents = ['asking', 'registration', 'registering', 'at_window', 'taking_card'];

function own_reader(d, check, row) {
  const { desk } = d;
  const stage = check?.stage ?? 'none';
  if (stage === 'none')
    return [el('div', { class: 'row' }, button('visual ' + desk, '目視確認モードに切替', () => begin(desk, false)))];
  const note = el('p', { class: 'mark' }, '目視確認モード（この患者さんだけ）');
  if (stage === 'comparing')
    return [note, steps(2), check.same_card && el('p', {}, '先ほど本人確認ができなかったカードだけを受け付けます。'),
      el('div', { class: 'row' },
        button('vouch ' + desk, '顔写真とご本人が一致しました', () => page.say('checkin.vouch', { desk },
          'カードを置いてもらってください。'), 'main'),
        button('visual-end ' + desk, '一致しない・やめる（無人運転に戻す）', () => back(desk)),
        check.same_card && button('visual-other ' + desk, '別の患者さんです', async () => {
          if (await back(desk)) await begin(desk, true);
        }))];
  if (stage === 'awaiting_card')
    return [note, steps(3), el('p', {}, `確認者：${check.vouched_by}`), el('div', { class: 'row' },
      button('visual-end ' + desk, 'やめる（無人運転に戻す）', () => back(desk)))];
  return [note, steps(after_consents.includes(row?.state) ? 5 : 4), el('p', {}, `確認者：${check.vouched_by}`)];
}

function certified(d) {
  const visual = d.mode === 'visual_check';
  const switched = (mode, words) => page.say('desks.switch_mode', { desk: d.desk, mode }, words);
  if (!visual)
    return [el('div', { class: 'row' }, button('terminal ' + d.desk, '端末を目視確認モードに切り替えた', () =>
      switched('visual_check', `${d.desk} の端末は目視確認モードです。終わったら戻してください。`)))];
  return [el('p', { class: 'mark warn', role: 'alert' },
    '端末が目視確認モードのままです。次の患者さんが顔認証を使えません。終わったら端末を無人運転モードに戻してください。'),
  el('div', { class: 'row' }, button('terminal ' + d.desk, '端末を無人運転モードに戻した', () =>
    switched('unattended', `${d.desk} の端末は無人運転モードです。`), 'main'))];
}

/** @param d a desk @param check its visual check, as the node shows it @param row its check-in, if there is one */
export function visual_part(d, check, row) {
  if (d.kind === 'reader') return own_reader(d, check, row);
  return d.kind === 'certified' ? certified(d) : [];
}
