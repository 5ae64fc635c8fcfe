// The accounts' page, in the steps of the quick guide: アカウント管理（登録） and （更新） for those who administer accounts,
// パスワード変更 for everybody.
import { Live, el } from '/live.js';
import { banner, code_slip, guard, links, sign_out, signed_in } from '/sign_in.js';
import { password_fields, slip } from '/passwords.js';

export const kind_words = {
  master: 'マスタアカウント', master_reset: 'マスタアカウントリセット用アカウント', administration: '管理アカウント',
  general: '一般アカウント', medical_viewing: '医療情報閲覧アカウント', link_application: '連携アプリ用アカウント',
  web_api: 'WebAPI用アカウント', face_authentication: '顔認証用アカウント',
};
const standing_words = { registered: '初期パスワード未取得', initial: '初期パスワードのまま', active: '利用中',
  deleted: '削除済み' };
const day = (ms) => (ms ? new Date(ms).toLocaleString('ja-JP', { dateStyle: 'short', timeStyle: 'short' }) : '—');

const live = new Live('accounts');
const node = await signed_in('アカウント管理');
const status = el('div', { role: 'status', 'aria-live': 'polite' });
const shown_once = el('div', { class: 'stack' });
let drawn_for = null;

/** Says it; the answer, or nothing when it was refused, which is then told. */
async function say(topic, body, done) {
  try {
    const answer = await live.say(topic, body);
    status.textContent = done;
    return answer.body ?? {};
  } catch (why) {
    status.textContent = why.text ?? 'いまは送れません。接続を待っています。';
    return null;
  }
}

// -- アカウント登録 -------------------------------------------------------------------------------------------------

async function receive(account) {
  const shown = await say('account.receive_password', { account }, `${account} の初期パスワードを取得しました。`);
  if (!shown) return;
  const made = slip('初期パスワード', [['ユーザID', shown.account], ['初期パスワード', shown.password]]);
  shown_once.replaceChildren(made);
  made.querySelector('button').focus();
  search();
}

function registering(kinds) {
  const account = el('input', { name: 'new-account', required: true, maxlength: 32, autocomplete: 'off',
    autocapitalize: 'none', spellcheck: 'false', 'aria-describedby': 'id-rule' });
  const kind = el('select', { name: 'new-kind' }, kinds.map((k) => el('option', { value: k }, kind_words[k])));
  return el('section', { 'aria-labelledby': 'h-register' }, el('h2', { id: 'h-register' }, 'アカウント管理（登録）'),
    el('p', { class: 'quiet', id: 'id-rule' }, 'ユーザIDは3〜32文字の英数字と . _ -。大文字と小文字は区別しません。'),
    el('form', { class: 'row', onsubmit: async (e) => {
      e.preventDefault();
      const done = await say('account.register', { account: account.value, kind: kind.value },
        `${account.value} を登録しました。続けてパスワードを取得してください。`);
      if (!done) return account.focus();
      const name = account.value;
      account.value = '';
      const next = el('button', { class: 'main', onclick: () => receive(name) }, `${name} のパスワードを取得`);
      shown_once.replaceChildren(next);
      next.focus();
      search();
    } }, el('label', {}, 'ユーザID', account), el('label', {}, 'アカウントの種類', kind),
    el('button', { class: 'main' }, '登録を実行')), shown_once);
}

// -- アカウント情報更新・パスワード初期化・アカウント削除 -----------------------------------------------------------

const begins = el('input', { name: 'begins', maxlength: 32, autocomplete: 'off', spellcheck: 'false' });
const wanted_kind = el('select', { name: 'kind' });
const deleted = el('input', { type: 'checkbox', name: 'deleted' });
const found = el('tbody');
const found_count = el('p', { class: 'quiet', role: 'status' });
const confirmation = el('div');

async function search() {
  const body = { begins: begins.value.trim(), deleted: deleted.checked, limit: 100 };
  if (wanted_kind.value) body.kinds = [wanted_kind.value];
  try {
    const { body: list } = await live.say('account.search', body);
    found.replaceChildren(...(list?.accounts ?? []).map(row_of));
    found_count.textContent = `${list?.accounts?.length ?? 0} 件${list?.more ? '（ほかにもあります。条件を足してください）' : ''}`;
  } catch (why) {
    found_count.textContent = why.text ?? 'いまは検索できません。';
  }
}

/** Asks once more before what cannot be taken back. */
function confirm(words, button, act) {
  const from = document.activeElement;
  const close = () => {
    confirmation.replaceChildren();
    if (from?.isConnected) from.focus();
  };
  confirmation.replaceChildren(el('div', { class: 'card', role: 'alertdialog', 'aria-label': words,
    onkeydown: (e) => e.key === 'Escape' && close() }, el('p', {}, words),
  el('div', { class: 'row' }, el('button', { class: 'main', onclick: async () => {
    await act();
    close();
    search();
  } }, button), el('button', { onclick: close }, 'やめる'))));
  confirmation.querySelector('button:last-child').focus();
}

function update_form(a) {
  const suspended = el('input', { type: 'checkbox' }), emergency = el('input', { type: 'checkbox' });
  const until = el('input', { type: 'date', name: 'until' });
  suspended.checked = a.suspended;
  emergency.checked = a.emergency_viewing;
  if (a.until_ms) until.value = new Date(a.until_ms - 1 + 9 * 3600_000).toISOString().slice(0, 10);
  const form = el('form', { class: 'card', 'aria-label': `${a.account} の更新`, onsubmit: async (e) => {
    e.preventDefault();
    // The whole day counts, in Japan.
    const until_ms = until.value ? Date.parse(until.value + 'T00:00:00+09:00') + 24 * 3600_000 : 0;
    const done = await say('account.update', { account: a.account, suspended: suspended.checked,
      emergency_viewing: emergency.checked, until_ms }, `${a.account} を更新しました。`);
    if (!done) return;
    confirmation.replaceChildren();
    search();
  } }, el('h3', {}, `${a.account} の更新`), el('label', { class: 'tick' }, suspended, '利用を停止する'),
  a.kind === 'medical_viewing' && el('label', { class: 'tick' }, emergency, '救急時閲覧権限（二要素が必要になります）'),
  el('label', {}, '有効期限（空欄は無期限）', until),
  el('div', { class: 'row' }, el('button', { class: 'main' }, '更新を実行'),
    el('button', { type: 'button', onclick: () => confirmation.replaceChildren() }, 'やめる')));
  confirmation.replaceChildren(form);
  suspended.focus();
}

function row_of(a) {
  const gone = a.standing === 'deleted';
  const marks = [standing_words[a.standing], a.suspended && '停止中', a.emergency_viewing && '救急時閲覧'];
  return el('tr', {}, el('th', { scope: 'row' }, a.account), el('td', {}, kind_words[a.kind]),
    el('td', {}, marks.filter(Boolean).join('・')), el('td', {}, a.until_ms ? day(a.until_ms - 1) : '—'),
    el('td', {}, day(a.signed_in_ms)), el('td', {}, a.sessions),
    el('td', {}, !gone && el('div', { class: 'row' },
      a.standing === 'registered' && el('button', { onclick: () => receive(a.account) }, 'パスワードを取得'),
      el('button', { 'aria-label': `${a.account} を更新`, onclick: () => update_form(a) }, '更新'),
      el('button', { 'aria-label': `${a.account} のパスワードを初期化`, onclick: () => confirm(
        `${a.account} のパスワードを初期化します。いまのパスワードとサインインは直ちに無効になります。`, '初期化を実行',
        () => say('account.reset', { account: a.account }, `${a.account} を初期化しました。パスワードを取得してください。`)) },
      '初期化'),
      el('button', { 'aria-label': `${a.account} を削除`, onclick: () => confirm(
        `${a.account} を削除します。同じユーザIDは二度と使えません。`, '削除を実行',
        () => say('account.delete', { account: a.account }, `${a.account} を削除しました。`)) }, '削除'))));
}

function searching(kinds) {
  wanted_kind.replaceChildren(el('option', { value: '' }, 'すべて'),
    ...kinds.map((k) => el('option', { value: k }, kind_words[k])));
  const heads = ['ユーザID', '種類', '状態', '有効期限', '最後のサインイン', 'サインイン中', '操作'];
  return el('section', { 'aria-labelledby': 'h-update', class: 'stack' },
    el('h2', { id: 'h-update' }, 'アカウント管理（更新）'),
    el('form', { class: 'row', onsubmit: (e) => {
      e.preventDefault();
      search();
    } }, el('label', {}, 'ユーザID（先頭一致）', begins), el('label', {}, 'アカウントの種類', wanted_kind),
    el('label', { class: 'tick' }, deleted, '削除済みも表示'), el('button', { class: 'main' }, '検索')),
    found_count, confirmation,
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'アカウントの一覧' }, el('table', {},
      el('thead', {}, el('tr', {}, heads.map((words) => el('th', { scope: 'col' }, words)))), found)));
}

// -- one's own ------------------------------------------------------------------------------------------------------

function own() {
  const box = el('div');
  return el('section', { 'aria-labelledby': 'h-own', class: 'stack' }, el('h2', { id: 'h-own' }, 'ご自分のアカウント'),
    el('details', {}, el('summary', {}, 'パスワード変更'), password_fields(live, 'パスワード変更', () => {
      status.textContent = 'パスワードを変更しました。ほかの端末からはサインアウトしました。';
    })),
    el('details', {}, el('summary', {}, '二要素（認証コード）の登録'),
      el('p', {}, '登録すると、次のサインインから認証アプリの6桁のコードも必要になります。'),
      el('button', { onclick: async () => {
        const made = await say('account.enrol_code', {}, '認証アプリに鍵を登録してください。');
        if (!made) return;
        box.replaceChildren(code_slip(live.shown.who.account, made.secret));
        box.querySelector('button').focus();
      } }, '認証アプリの鍵を表示する'), box),
    el('div', { class: 'row' }, el('button', { onclick: () =>
      say('account.sign_out', { everywhere: true }, 'すべての端末からサインアウトします。') }, 'すべての端末からサインアウト')));
}

// -- the page -------------------------------------------------------------------------------------------------------

const title = el('span', { class: 'quiet' });
const main = el('main', {}, status);

/** Drawn anew only when what the account may do has changed: what is typed stays. */
function draw() {
  const who = live.shown.who;
  title.textContent = who ? `${who.account}（${kind_words[who.kind] ?? who.kind}）` : node.account;
  const key = who && !who.first ? JSON.stringify(who.administers) : null;
  if (key === drawn_for) return;
  drawn_for = key;
  main.replaceChildren(status, ...(key === null ? [] : [
    ...(who.administers.length ? [registering(who.administers), searching(who.administers)] : []), own()]));
  if (key !== null && who.administers.length) search();
}

document.body.replaceChildren(banner(node),
  el('header', { class: 'top' }, el('h1', {}, 'アカウント'), links(live, node), el('span', { class: 'room' }), title,
    el('button', { onclick: sign_out }, 'サインアウト')), main);
guard(live);
live.addEventListener('change', draw);
live.open();
