// Signing in and out of the staff's pages. The password is sent once and kept nowhere.
import { about, el } from '/live.js';

async function post(path, body) {
  return fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
}

const reasons = {
  401: 'アカウント名かパスワードが違います。',
  429: '続けて間違えました。30秒ほど待ってから、もう一度お試しください。',
};

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
    const account = el('input', { name: 'account', autocomplete: 'username', required: true });
    const password = el('input', { name: 'password', type: 'password', autocomplete: 'current-password',
      required: true });
    const form = el('form', { class: 'sign-in', onsubmit: async (e) => {
      e.preventDefault();
      const answer = await post('/sign-in', { account: account.value, password: password.value });
      password.value = '';
      if (answer.ok) return done();
      why.textContent = reasons[answer.status] ?? 'サインインできません。';
      password.focus();
    } }, el('h1', {}, title), el('label', {}, 'アカウント', account), el('label', {}, 'パスワード', password),
    el('button', { class: 'main' }, 'サインイン'), why);
    document.body.replaceChildren(banner(node), el('main', {}, form));
    account.focus();
  });
}

export async function sign_out() {
  await post('/sign-out', {});
  location.reload();
}

export function banner(node) {
  return node.simulated ? el('aside', { class: 'simulated' }, '模擬（SIMULATED）：患者・カード・全国のシステムは本物ではありません') : '';
}
