// Passwords on the staff's pages: changing the own one, and what is shown once, to be printed.
import { el } from '/live.js';

/** パスワード変更: old, new, new once more. @p done is called when it was changed. */
export function password_fields(live, title, done) {
  const why = el('p', { role: 'alert' });
  const field = (name, autocomplete) => el('input', { name, type: 'password', autocomplete, required: true,
    maxlength: 128 });
  const from = field('from', 'current-password');
  const to = field('to', 'new-password'), again = field('again', 'new-password');
  const button = el('button', { class: 'main' }, '変更を実行');
  const form = el('form', { class: 'sign-in', onsubmit: async (e) => {
    e.preventDefault();
    why.textContent = to.value === again.value ? '' : '新しいパスワードが一致しません。';
    if (why.textContent) return again.focus();
    button.disabled = true;
    try {
      await live.say('account.change_password', { from: from.value, to: to.value });
      form.reset();
      done();
    } catch (e) {
      why.textContent = e.text ?? '接続を待っています。もう一度お試しください。';
      from.focus();
    }
    button.disabled = false;
  } }, el('h2', {}, title), el('p', { class: 'quiet' }, '12文字以上。よくある言葉やユーザIDは使えません。'),
  el('label', {}, '現在のパスワード', from), el('label', {}, '新しいパスワード', to),
  el('label', {}, '新しいパスワード（もう一度）', again), button, why);
  return form;
}

/** What is shown once, ready to be printed: nothing else of the page is. @p rows: [words, value]. */
export function slip(title, rows, done = () => {}) {
  const made = el('section', { class: 'slip', 'aria-label': title }, el('h3', {}, title),
    el('dl', {}, rows.map(([words, v]) => [el('dt', {}, words), el('dd', {}, v)])),
    el('p', { class: 'quiet' }, 'この画面を閉じると、もう表示できません。'),
    el('div', { class: 'row no-print' }, el('button', { type: 'button', onclick: () => window.print() }, '印刷する'),
      el('button', { type: 'button', class: 'main', onclick: () => {
        made.remove();
        done();
      } }, '控えました。閉じる')));
  return made;
}
