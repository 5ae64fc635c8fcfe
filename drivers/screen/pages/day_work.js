// 業務開始時・終了時に行うこと at each desk, by what stands there, and what that is. The steps are the node's
// (actors/desks/checklist); here are their words.
import { el } from '/live.js';
import { button, choice, drafts, fold, page, tick } from '/staff_tools.js';

const words = {
  power_terminal: '資格確認端末の電源を入れる', power_reader: '顔認証付きカードリーダー（カードリーダー）の電源を入れる',
  sign_in: '資格確認端末にログインする', see_update: '画面に更新が必要な旨の表示がないか、確かめる',
  complete_restart: '更新があるので再起動し、再起動の完了を確かめる', shut_down: '資格確認端末をシャットダウンする',
  reader_off: '顔認証付きカードリーダー（カードリーダー）の電源を切る',
  keep_terminal_on: '画面表示できない資格確認端末の電源は、切らない',
};
export const kinds = [['reader', '来院：この受付のカードリーダー'], ['certified', '来院：顔認証付きカードリーダー'],
  ['home_visit', '訪問診療等'], ['online', 'オンライン診療等']];

function forget_ticks(desk) {
  for (const key of [...drafts.keys()]) if (key.startsWith('step ' + desk + ' ')) drafts.delete(key);
}

function list(d) {
  const opening = !d.open;
  const steps = (opening ? d.opening : d.closing) ?? [];
  const boxes = steps.map((step) => tick(`step ${d.desk} ${step}`, words[step] ?? step, { onchange: page.draw }));
  const all = boxes.every(([box]) => box.checked);
  const act = async () => {
    const said = opening ? `${d.desk} の業務を開始しました。` : `${d.desk} の業務を終了しました。`;
    if (await page.say(opening ? 'desks.open' : 'desks.close', { desk: d.desk }, said)) forget_ticks(d.desk);
    page.draw();
  };
  const note = (pending) => page.say('desks.note_update', { desk: d.desk, pending }, pending
    ? '更新があります。再起動が完了するまで、業務は終了できません。' : '再起動の完了を記録しました。');
  return [
    el('fieldset', {}, el('legend', {}, opening ? '業務開始前に行うこと' : '業務終了時に行うこと'),
      boxes.map(([, label]) => label)),
    !opening && d.has_display && el('div', { class: 'row' }, d.update_pending
      ? button('update ' + d.desk, '再起動が完了した', () => note(false))
      : button('update ' + d.desk, '画面に更新の表示がある', () => note(true))),
    el('div', { class: 'row' }, el('button', { type: 'button', class: 'main', 'data-key': 'open ' + d.desk,
      disabled: !all, onclick: act }, opening ? '業務開始' : '業務終了'),
    !all && el('span', { class: 'quiet' }, 'すべて確かめると押せます。')),
  ];
}

function description(d) {
  const kind = choice('kind ' + d.desk, kinds, { value: d.kind });
  const [display, label] = tick('display ' + d.desk, '端末に画面がある', { checked: d.has_display });
  return [el('div', { class: 'row' }, el('label', {}, '窓口の種類', kind), label,
    button('describe ' + d.desk, '変更する', () => page.say('desks.describe',
      { desk: d.desk, kind: kind.value, has_display: display.checked }, `${d.desk} の設定を変えました。`)))];
}

export function day_part(d) {
  return [fold('day ' + d.desk, d.open ? '業務終了' : '業務開始（まだ開始していません）', () => list(d)),
    fold('about ' + d.desk, '窓口の設定', () => description(d))];
}

/** Terminals that no node of ours stands for: certified readers, home visits, online consultations. */
export function new_desk() {
  const key = 'new-desk';
  const kind = choice('new-kind', kinds.slice(1));
  const name = el('input', { 'data-key': key, name: 'desk', maxlength: 40, size: 16, required: true,
    pattern: '[a-z0-9_\\-]+', title: '半角の英小文字・数字・_・-', autocomplete: 'off',
    oninput: () => drafts.set(key, name.value) });
  name.value = drafts.get(key) ?? '';
  return fold('new', '端末を加える', () => el('form', { class: 'row', onsubmit: async (e) => {
    e.preventDefault();
    const body = { desk: name.value, kind: kind.value, has_display: true };
    if (await page.say('desks.describe', body, `${name.value} を加えました。`)) drafts.delete(key);
    page.draw();
  } }, el('label', {}, '名前（例 terminal-1）', name), el('label', {}, '種類', kind),
  el('button', { class: 'main', 'data-key': 'add-desk' }, '加える')));
}
