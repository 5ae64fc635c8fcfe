// Signing in and out of the staff's pages. The password is sent once and kept nowhere.
import { about, el } from '/live.js';
import { password_fields, slip } from '/passwords.js';

async function post(path, body) {
  return fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
}

/** Why it was refused, in the node's words; the development account has none. */
async function reason(answer) {
  const said = await answer.json().catch(() => null);
  if (said?.text) return said;
  const words = { 401: 'ユーザIDまたはパスワードが違います。',
    429: '続けて間違えました。30秒ほど待ってから、もう一度お試しください。' };
  return { text: words[answer.status] ?? 'サインインできません。しばらくしてから、もう一度お試しください。' };
}

/** Resolves with who this node is, once somebody is signed in. */
export async function signed_in(title) {
  for (;;) {
    const node = await about();
    if (node.account) return node;
    await ask(node, title);
  }
}

function ask(node, title) {
  return new Promise((done) => {
    const why = el('p', { role: 'alert' });
    const account = el('input', { name: 'account', autocomplete: 'username', required: true, maxlength: 64,
      autocapitalize: 'none', spellcheck: 'false' });
    const password = el('input', { name: 'password', type: 'password', autocomplete: 'current-password',
      required: true, maxlength: 128 });
    const code = el('input', { name: 'code', inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: 6,
      pattern: '[0-9]{6}', size: 8 });
    const code_part = el('label', { hidden: true }, '認証コード（認証アプリの6桁）', code);
    const button = el('button', { class: 'main' }, 'サインイン');
    const form = el('form', { class: 'sign-in', onsubmit: async (e) => {
      e.preventDefault();
      button.disabled = true;
      const typed = { account: account.value, password: password.value, code: code.value };
      const answer = await post('/sign-in', typed).catch(() => null);
      button.disabled = false;
      if (answer?.ok) return done();
      const said = answer ? await reason(answer) : { text: '接続できません。' };
      why.textContent = said.text;
      code.value = '';
      if (said.name === 'code_needed') { // the password was right: it stays for the code
        code_part.hidden = false;
        code.required = true;
        return code.focus();
      }
      password.value = '';
      password.focus();
    } }, el('h1', {}, title), el('label', {}, 'ユーザID', account), el('label', {}, 'パスワード', password), code_part,
    button, why);
    document.body.replaceChildren(banner(node), el('main', {}, form, node.accounts && reset_form()));
    account.focus();
  });
}

/** マスタアカウントのリセット, with the secret that is kept offline. What it shows is shown once. */
function reset_form() {
  const why = el('p', { role: 'alert' });
  const secret = el('input', { name: 'secret', type: 'password', autocomplete: 'off', required: true, maxlength: 128 });
  const shown = el('div');
  return el('details', { class: 'sign-in' }, el('summary', {}, 'マスタアカウントのリセット'),
    el('form', { class: 'stack', onsubmit: async (e) => {
      e.preventDefault();
      const answer = await post('/reset-master', { secret: secret.value }).catch(() => null);
      secret.value = '';
      why.textContent = '';
      if (!answer?.ok) {
        why.textContent = answer ? (await reason(answer)).text : '接続できません。';
        return secret.focus();
      }
      const made = await answer.json();
      shown.replaceChildren(slip('初期パスワード', [['ユーザID', made.master], ['初期パスワード', made.password]]),
        slip('次のリセット用の秘密（封をして保管）',
          [['ユーザID', made.master_reset], ['秘密', made.reset_secret]]));
      shown.querySelector('button').focus();
    } }, el('p', { class: 'quiet' }, '保管してある秘密を入力します。マスタアカウントのパスワードが初期化されます。'),
    el('label', {}, 'リセット用の秘密', secret), el('button', {}, 'リセットを実行'), why), shown);
}

export async function sign_out() {
  await post('/sign-out', {});
  location.reload();
}

export function banner(node) {
  return node.simulated ? el('aside', { class: 'simulated' }, '模擬（SIMULATED）：患者・カード・全国のシステムは本物ではありません') : '';
}

// -- while somebody is signed in -------------------------------------------------------------------------------------

const in_use_every_ms = 30_000, warned_ms = 60_000;
const places = [['reception', '受付', 'desks.list'], ['records', '薬剤・健診情報', 'records.obtain'],
  ['monitor', '監視', 'monitor.ask_status'], ['accounts', 'アカウント', 'account.sign_out']];

/** The links that this account may follow, kept in the page's header. Without accounts: what the node offers. */
export function links(live, node) {
  const list = el('nav', { class: 'row', 'aria-label': '画面' });
  const draw = () => {
    const may = live.shown.who?.may;
    const open = ([name, , topic]) => node.pages.includes(name) && (!may || may.includes(topic));
    list.replaceChildren(...places.filter(open)
      .map(([name, words]) => el('a', { href: '/' + name, 'aria-current': name === live.kind && 'page' }, words)));
  };
  live.addEventListener('change', draw);
  draw();
  return list;
}

/**
 * Watches over a page whose line is @p live: an initial password is changed before anything else, a page that nobody
 * uses says that it will sign out, and a session that is over shows the sign-in again. @p needs: the topic without
 * whose right the page shows nothing.
 */
export function guard(live, needs) {
  const box = el('section', { class: 'guard', 'aria-label': 'サインインの続き' });
  const none = el('p', { role: 'status', class: 'mark warn notice' });
  const idle = el('p', { role: 'alert', class: 'mark warn notice' });
  document.body.querySelector('main').before(none, idle, box);
  let first = '', input_ms = Date.now(), said_ms = 0;

  live.addEventListener('change', () => {
    const who = live.shown.who;
    none.textContent = who && !who.first && needs && !who.may.includes(needs)
      ? 'この種類のアカウントでは、この画面の情報を見ることができません。' : '';
    if (!who || who.first === first) return;
    first = who.first;
    if (first === 'account.change_password') ask_change(live, box);
    else if (first === 'account.enrol_code') ask_enrol(live, box);
    else if (!box.querySelector('.keep')) box.replaceChildren();
    document.querySelector('main').inert = first !== '';
    box.role = first ? 'main' : 'region'; // what is inert is no landmark
  });
  live.addEventListener('line', async () => {
    if (live.there) return;
    const here = await about().catch(() => null);
    if (here && !here.account) location.reload();
  });
  const in_use = () => {
    input_ms = Date.now();
    idle.textContent = '';
    if (!live.there || !live.shown.who || input_ms < said_ms + in_use_every_ms) return;
    said_ms = input_ms;
    live.say('screen.in_use').catch(() => {});
  };
  for (const kind of ['keydown', 'pointerdown', 'wheel']) document.addEventListener(kind, in_use, { passive: true });
  setInterval(() => {
    const limit_ms = live.shown.who?.idle_ms;
    if (limit_ms && Date.now() > input_ms + limit_ms - warned_ms)
      idle.textContent = '操作がないため、まもなくサインアウトします。続けるには何かキーを押してください。';
  }, 1000);
}

function ask_change(live, box) {
  const form = password_fields(live, '初期パスワードを変更してください', () => {});
  box.replaceChildren(form);
  form.querySelector('input').focus();
}

function ask_enrol(live, box) {
  const why = el('p', { role: 'alert' });
  const button = el('button', { class: 'main', onclick: async () => {
    try {
      const { body } = await live.say('account.enrol_code');
      box.replaceChildren(code_slip(live.shown.who.account, body.secret, () => box.replaceChildren()));
      box.querySelector('button').focus();
    } catch (e) {
      why.textContent = e.text ?? '接続を待っています。';
    }
  } }, '認証アプリの鍵を表示する');
  box.replaceChildren(el('section', { class: 'sign-in' }, el('h2', {}, '二要素の登録'),
    el('p', {}, 'このアカウントでは、次のサインインから認証アプリの6桁のコードも必要です。'), button, why));
  button.focus();
}

/** The key for an authenticator, shown once. */
export function code_slip(account, secret, done) {
  const made = slip('認証アプリの鍵', [['ユーザID', account], ['鍵（Base32）', secret],
    ['形式', 'TOTP・SHA-1・6桁・30秒']], done);
  made.classList.add('keep');
  return made;
}
