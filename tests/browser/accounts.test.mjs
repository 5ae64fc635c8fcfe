// Accounts in real browsers against a real hub: registering, the first password, what each kind may, how sessions end;
// and medical information that stands on a page as long as its consent does.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { complaints, open_browser, open_clinic, open_page, pictures, sign_in, wait_ms } from './support.mjs';

const size = { viewport: { width: 1280, height: 900 }, bypassCSP: true };
let clinic, browser;
before(async () => {
  [clinic, browser] = await Promise.all([open_clinic(), open_browser()]);
});
after(async () => {
  await browser?.close();
  await clinic?.close();
});

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const signed_out = (page) => page.waitForSelector('form.sign-in [name=account]');

async function enter(address, account, password) {
  const page = await open_page(browser, address, size);
  await sign_in(page, password, account);
  return page;
}

/** Says it on the page's own line, as its script would; the name of the error, or "done". */
function say(page, topic, body = {}) {
  return page.evaluate(async ([topic, body]) => {
    const { Live } = await import('/live.js');
    const live = new Live(location.pathname.slice(1));
    const there = new Promise((yes) => live.addEventListener('line', () => live.there && yes()));
    live.open();
    await there;
    const said = await live.say(topic, body).then(() => 'done', (why) => why.name);
    live.close();
    return said;
  }, [topic, body]);
}

let shown = '';
const chosen = 'sakura-no-ki-2026';

test('an account is registered, its password received once and changed at the first sign-in', async () => {
  const page = await enter(clinic.accounts, 'Kanri01', clinic.administration);
  await page.waitForSelector('#h-register');
  assert.deepEqual(await complaints(page), []);
  // By keyboard alone.
  await page.focus('[name=new-account]');
  await page.keyboard.type('Suzuki01');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Suzuki01 のパスワードを取得' }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForSelector('.slip');
  shown = await page.locator('.slip dd').nth(1).textContent();
  assert.match(shown, /^[0-9a-zA-Z]{5}(-[0-9a-zA-Z]{5}){3}$/);
  assert.deepEqual(await complaints(page), []);
  await page.screenshot({ path: path.join(pictures, 'accounts.slip.png') });
  await press(page, '控えました。閉じる');
  await page.reload();
  await page.waitForSelector('tbody tr');
  assert.ok(!(await page.textContent('body')).includes(shown), 'shown once');
  await page.screenshot({ path: path.join(pictures, 'accounts.png') });

  const staff = await enter(clinic.reception, 'suzuki01', shown); // IDs are told apart without regard to case
  await staff.waitForSelector('.guard form');
  assert.equal(await staff.locator('.desk').count(), 0, 'nothing is shown before the password is changed');
  assert.deepEqual(await complaints(staff), []);
  await staff.screenshot({ path: path.join(pictures, 'accounts.first.png') });
  for (const typed of [shown, 'short', 'short']) {
    await staff.keyboard.type(typed);
    await staff.keyboard.press('Tab');
  }
  await staff.keyboard.press('Enter');
  await staff.getByText('このパスワードは使えません').waitFor();
  await staff.fill('.guard [name=from]', shown);
  await staff.fill('.guard [name=to]', chosen);
  await staff.fill('.guard [name=again]', chosen);
  await staff.keyboard.press('Enter');
  await staff.waitForSelector('.desk h3');
  assert.deepEqual(staff.wrong, []);

  // Deleted at the accounts' page: the open page closes within a second, its cookie opens nothing.
  await page.getByRole('button', { name: 'Suzuki01 を削除' }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Suzuki01 を削除' }).click();
  const cookies = await staff.context().cookies();
  const begun = Date.now();
  await press(page, '削除を実行');
  await page.getByText('Suzuki01 を削除しました').waitFor();
  await signed_out(staff);
  console.log(`    closed after ${Date.now() - begun} ms`);
  await staff.context().addCookies(cookies);
  await staff.reload();
  await signed_out(staff);
  await page.context().close();
  await staff.context().close();
});

test('signing out everywhere ends every browser of the account, and a replayed cookie is refused', async () => {
  const one = await enter(clinic.accounts, 'Staff01', clinic.password);
  const other = await enter(clinic.monitor, 'Staff01', clinic.password);
  await other.waitForSelector('tbody tr');
  const cookies = await other.context().cookies();
  assert.equal(cookies.length, 1);
  assert.ok(cookies[0].httpOnly && cookies[0].sameSite === 'Strict');
  await press(one, 'すべての端末からサインアウト');
  await signed_out(one);
  await signed_out(other);
  await other.context().addCookies(cookies);
  await other.reload();
  await signed_out(other);
  await one.context().close();
  await other.context().close();
});

test('another site posts nothing, and a wrong password and an unknown ID read alike', async () => {
  const page = await open_page(browser, clinic.reception, size);
  await signed_out(page);
  const origin = new URL(clinic.reception).origin;
  for (const target of ['/sign-in', '/sign-out', '/reset-master']) {
    const answer = await fetch(origin + target, { method: 'POST', body: '{}',
      headers: { Origin: 'http://evil.example', 'Content-Type': 'application/json' } });
    assert.equal(answer.status, 403, target);
  }
  const said = [];
  for (const account of ['Staff01', 'Nobody01', '\u0007', 'x'.repeat(64)]) {
    await page.fill('[name=account]', account);
    await page.fill('[name=password]', 'wrong');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => !document.querySelector('form.sign-in button').disabled);
    said.push(await page.textContent('[role=alert]'));
    await page.evaluate(() => { document.querySelector('[role=alert]').textContent = ''; });
  }
  assert.equal(new Set(said).size, 1, said.join(' | '));
  await page.context().close();
});

/** The table of rights as the README prints it: topic → kind → may. */
function table_of_rights() {
  const readme = fs.readFileSync(new URL('../../actors/account_admin/README.md', import.meta.url), 'utf8');
  const rows = readme.slice(readme.indexOf('| command |')).split('\n').filter((l) => l.startsWith('|'))
    .map((l) => l.split('|').slice(1, -1).map((c) => c.trim()));
  const kinds = rows[0].slice(2);
  return rows.slice(2).map(([topic, without, ...may]) =>
    ({ topic, without, may: Object.fromEntries(kinds.map((k, n) => [k, may[n] === '✓'])) }));
}

test('over HTTP no kind of account may more than the table says, on any page', async () => {
  // An enrolled code would be asked for by the tests that follow; leaving ends the page that asks.
  const left_out = ['account.sign_out', 'account.enrol_code'];
  const rights = table_of_rights().filter((r) => r.without !== 'anybody' && !left_out.includes(r.topic));
  assert.ok(rights.length > 40);
  const text = fs.readFileSync(path.join(clinic.folder, 'data', 'config', 'accounts'), 'utf8');
  const password = Object.fromEntries(text.trim().split('\n').map((l) => l.split(' ')));
  const lacking = ['right_missing', 'not_signed_in', 'not_allowed', 'unknown_topic'];
  const wrong = [];
  for (const [account, kind] of [['Master01', 'master'], ['Kanri01', 'administration'], ['Staff01', 'general'],
    ['Iryou01', 'medical_viewing']]) {
    const page = await enter(clinic.reception, account, password[account]);
    const said = await page.evaluate(async (topics) => {
      const { Live } = await import('/live.js');
      const all = {};
      for (const place of ['reception', 'accounts', 'records', 'monitor']) {
        const live = new Live(place);
        const there = new Promise((yes) => live.addEventListener('line', () => live.there && yes()));
        live.open();
        await there;
        for (const topic of topics) {
          const answer = await live.say(topic, {}).then(() => 'done', (why) => why.name);
          (all[topic] ??= []).push(answer);
        }
        live.close();
      }
      return all;
    }, rights.map((r) => r.topic));
    for (const r of rights)
      for (const answer of said[r.topic])
        if (!r.may[kind] && !lacking.includes(answer)) wrong.push(`${kind} ${r.topic}: ${answer}`);
    for (const topic of ['account.change_password', ...(kind === 'general' ? ['desks.list'] : [])])
      assert.ok(said[topic].some((answer) => !lacking.includes(answer)), `${kind} may ${topic}: ${said[topic]}`);
    await page.context().close();
  }
  assert.deepEqual(wrong, []);
});

test('an account that is not for reception sees neither desks nor check-ins', async () => {
  const page = await enter(clinic.reception, 'Kanri01', clinic.administration);
  await page.getByText('この画面の情報を見ることができません').waitFor();
  assert.equal(await page.locator('.desk').count(), 0);
  assert.equal(await say(page, 'screen.search_records'), 'not_allowed');
  assert.equal(await page.locator('nav a', { hasText: '薬剤' }).count(), 0);
  await page.context().close();
});

test('medical information is shown within its consent, and leaves every page with its withdrawal', async () => {
  const asked = JSON.parse(execFileSync(process.env.UKETSUKE_PROGRAM, ['ask', '--run', clinic.sockets,
    '--as', 'Staff01', '--insurer', '999901', '--symbol', '訪101', '--number', '10101', '--branch', '01',
    '--birth', '19390303', '--care', 'home_visit', '--json'], { input: clinic.password, encoding: 'utf8' }));
  assert.equal(asked.outcome, 'answered');
  const pages = [];
  for (let n = 0; n < 2; ++n) {
    const page = await enter(clinic.records, 'Iryou01', clinic.viewing);
    await page.fill('[name=number]', '10101');
    await page.keyboard.press('Enter');
    await page.waitForSelector('tr[data-patient]');
    await page.getByRole('button', { name: /薬剤情報を閲覧/ }).click();
    await page.waitForSelector('.view h4, .view p');
    pages.push(page);
  }
  const [page] = pages;
  assert.deepEqual(await complaints(page), []);
  const checkup = page.getByRole('button', { name: /特定健診情報を閲覧/ });
  if (await checkup.count() > 0) {
    await checkup.click();
    await page.waitForFunction(() => document.querySelectorAll('.view').length === 2);
    assert.deepEqual(await complaints(page), []);
  }
  await page.screenshot({ path: path.join(pictures, 'records.png'), fullPage: true });
  const patient = await page.getAttribute('tr[data-patient]', 'data-patient');
  await page.fill('[name=number]', '99999');
  await page.keyboard.press('Enter');
  await page.getByText('条件に合う患者さんはいません').waitFor();
  const begun = Date.now();
  await clinic.say('Staff01', clinic.password, 'consent.withdraw', { patient,
    question: Date.now().toString(16).padStart(12, '0') + '00000000000000000b01',
    person: { insurer: '  999901', symbol: '訪101', number: '10101', branch: '01', birth_date: '19390303' } });
  for (const one of pages) await one.waitForFunction(() => document.querySelectorAll('.view').length === 0);
  console.log(`    closed ${Date.now() - begun} ms after the withdrawal was said, sign-in included`);
  for (const one of pages) {
    await one.fill('[name=number]', '10101');
    await one.keyboard.press('Enter');
    await one.getByText('条件に合う患者さんはいません').waitFor({ timeout: wait_ms });
    assert.deepEqual(one.wrong, []);
    await one.context().close();
  }
});
