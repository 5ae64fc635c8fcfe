// Quick guide ② and ③ in a real browser against real nodes: consent on マイナ在宅受付Web by the patient's own hand, staff who
// see it, the morning list decided by a person, and the end of a consent, which closes the viewing everywhere.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  complaints, open_browser, open_clinic, open_page, pictures, press, sees, sign_in, tab_to, wait_ms,
} from './support.mjs';

const hanako = { card: 'SIM000000000001', name: '見本　花子', insurer: '999901', symbol: '見本12', number: '3456',
  branch: '02', birth_date: '19840229' };
const jiro = { card: 'SIM000000000002', name: '架空　次郎', insurer: '06999902', symbol: '123', number: '7654321',
  branch: '00', birth_date: '19660912' };
const wrong_pin = '8305';
const today = () => new Date(Date.now() + 9 * 3600_000).toISOString().slice(0, 10);
const in_a_week = () => new Date(Date.now() + 9 * 3600_000 + 7 * 86_400_000).toISOString().slice(0, 10);

let clinic, browser, reception;
const addresses = {};
before(async () => {
  [clinic, browser] = await Promise.all([open_clinic(), open_browser()]);
  reception = await staff_page(clinic.reception);
  await reception.waitForSelector('.desk h3');
  await reception.evaluate(() => {
    window.print = () => { window.printed = document.querySelector('.sheet').textContent; };
  });
});
after(async () => {
  await browser?.close();
  await clinic?.close();
});

async function staff_page(address, account, password = clinic.password) {
  const page = await open_page(browser, address, { viewport: { width: 1280, height: 900 }, bypassCSP: true });
  await sign_in(page, password, account);
  return page;
}
const open_fold = (page, words) => page.locator('summary', { hasText: words }).first().click();

async function looks_good(page, name) {
  assert.deepEqual(await complaints(page), []);
  await page.screenshot({ path: path.join(pictures, `visits.${name}.png`), fullPage: true });
  assert.deepEqual(page.wrong, []);
}

/** The program's own commands, as the staff's account. */
function uketsuke(...words) {
  return new Promise((done) => {
    const program = spawn(process.env.UKETSUKE_PROGRAM, [...words, '--run', clinic.sockets, '--as', 'Staff01']);
    let said = '';
    program.stdout.on('data', (d) => { said += d; });
    program.stderr.on('data', (d) => { said += d; });
    program.once('exit', (status) => done({ status, said }));
    program.stdin.end(clinic.password + '\n');
  });
}

/** A phone at the patient's home. */
function open_phone(address) {
  return open_page(browser, address, { viewport: { width: 390, height: 844 }, bypassCSP: true });
}

async function obtain(how, words) {
  await press(reception, `${words}のアドレスを表示`);
  await reception.locator('.card h3', { hasText: words }).waitFor();
  await reception.waitForFunction(() => document.querySelector('img.qr-code')?.naturalWidth > 0);
  addresses[how] = await reception.locator('.card a.address').getAttribute('href');
}

async function answer(phone, kinds) {
  for (const [n, yes] of kinds.entries()) {
    await phone.getByText(`${n + 1} / ${kinds.length}`, { exact: false }).waitFor();
    await phone.locator(`[data-key=${yes ? 'yes' : 'no'}]`).click();
  }
  await sees(phone, 'review');
}

/** From the review to the card on the phone; a second press too soon is none. */
async function identify(phone, who, pin) {
  await sees(phone, 'review');
  await phone.waitForTimeout(750);
  await phone.locator('[data-key=next]').click();
  await type_pin(phone, pin);
  await phone.locator('#held').selectOption(who.card);
  await phone.waitForTimeout(750);
  await phone.locator('[data-key=hold]').click();
}
async function type_pin(phone, pin) {
  await sees(phone, 'pin');
  for (const digit of pin) await phone.locator(`.pad [data-key="${digit}"]`).click();
  await phone.locator('#pin-done').click();
  await sees(phone, 'card');
}

async function look() {
  await press(reception, '同意登録の完了を確認する');
  await reception.getByText('全国のシステムの回答を待っています。', { exact: false }).waitFor();
  await reception.getByText('全国のシステムの回答を待っています。', { exact: false }).waitFor({ state: 'detached' });
}
const consent_row = (who) => reception.getByRole('region', { name: '同意登録の表' }).locator('tr', { hasText: who.name });

test('staff show and print the address of the web reception, as a link and as a code', async () => {
  await open_fold(reception, '同意取得（マイナ在宅受付Web）');
  await obtain('home_visit', '訪問診療等');
  await looks_good(reception, 'address');
  await press(reception, '案内を印刷');
  await reception.waitForFunction(() => window.printed?.includes('同意登録のお願い'));
  await reception.emulateMedia({ media: 'print' });
  assert.ok(await reception.evaluate(() => document.querySelector('.sheet img').naturalWidth > 0));
  await reception.screenshot({ path: path.join(pictures, 'visits.leaflet.png'), fullPage: true });
  await reception.emulateMedia({ media: null });
  await obtain('online', 'オンライン診療等');
  assert.notEqual(addresses.online, addresses.home_visit);
});

test('at home the patient chooses, reviews, types the PIN, holds the card, reads that it is registered', async () => {
  const phone = await open_phone(addresses.home_visit);
  await sees(phone, 'welcome');
  await phone.getByText('職員の方へ').click();
  await looks_good(phone, 'home.welcome');
  await phone.locator('[data-key=begin]').click();
  await sees(phone, 'choose');
  await looks_good(phone, 'home.choose');
  await answer(phone, [true, true, false, true]);
  await phone.getByRole('button', { name: '特定健診等情報を選び直す' }).click();
  await phone.locator('[data-key=yes]').click();
  await sees(phone, 'review');
  assert.equal(await phone.locator('dd.yes').count(), 4);
  await looks_good(phone, 'home.review');
  await identify(phone, hanako, wrong_pin);
  await phone.getByText('暗証番号が違います。', { exact: false }).waitFor();
  await phone.getByText('あと 2 回', { exact: false }).waitFor();
  await looks_good(phone, 'home.wrong_pin');
  await type_pin(phone, '1234');
  await looks_good(phone, 'home.card');
  await phone.waitForTimeout(750);
  await phone.locator('[data-key=hold]').click();
  await sees(phone, 'done');
  await phone.getByText(`${hanako.name} さんの同意を登録しました。`).waitFor();
  await looks_good(phone, 'home.done');
  assert.equal(await phone.evaluate(() => sessionStorage.length + localStorage.length), 0);
  await phone.context().close();
});

test('staff see that it is registered, with the name, and give the reference number', async () => {
  await look();
  await consent_row(hanako).getByText('同意登録完了').waitFor();
  await consent_row(hanako).getByText('訪問診療等').waitFor();
  await looks_good(reception, 'registered');
  await consent_row(hanako).locator('[name=number]').fill('0003001');
  await reception.keyboard.press('Enter');
  await consent_row(hanako).getByText('0003001（登録中・登録済）').waitFor();
  for (const until = Date.now() + wait_ms; ;) {
    const { said } = await uketsuke('reference', 'list');
    if (/0003001\s+登録済/.test(said)) break;
    assert.ok(Date.now() < until, said);
  }
});

test('an online consultation begins at its app\'s link, with its day, and by keyboard alone', async () => {
  const phone = await open_phone(`${addresses.online}&day=${in_a_week()}`);
  await sees(phone, 'welcome');
  const said = new Date(in_a_week() + 'T00:00:00').toLocaleDateString('ja-JP', { dateStyle: 'full' });
  await phone.getByText(said).waitFor();
  await looks_good(phone, 'online.welcome');
  await tab_to(phone, 'はじめる');
  for (const words of ['同意する', '同意する', '同意しない']) {
    await phone.waitForFunction(() => document.activeElement.tagName === 'H1');
    await tab_to(phone, words);
  }
  await tab_to(phone, '提供しない');
  await sees(phone, 'review');
  await phone.getByText(said).waitFor();
  await phone.waitForTimeout(750);
  await tab_to(phone, 'この内容で進む');
  await sees(phone, 'pin');
  await phone.keyboard.type('1234');
  await phone.keyboard.press('Enter');
  await sees(phone, 'card');
  await phone.locator('#held').selectOption(jiro.card);
  await phone.waitForTimeout(750);
  await tab_to(phone, 'カードをかざす');
  await sees(phone, 'done');
  await phone.getByText(said).waitFor();
  await looks_good(phone, 'online.done');
  await phone.context().close();
});

test('who comes by the code chooses the day, and no day that is past', async () => {
  const phone = await open_phone(addresses.online);
  await sees(phone, 'welcome');
  await phone.locator('[data-key=begin]').click();
  await sees(phone, 'day');
  await phone.locator('#day').fill('2020-01-01');
  await phone.locator('[data-key=next]').click();
  await phone.getByText('診療予約日をもう一度お確かめください。', { exact: false }).waitFor();
  await looks_good(phone, 'online.day');
  await phone.locator('#day').fill(in_a_week());
  await phone.locator('[data-key=next]').click();
  await sees(phone, 'choose');
  await phone.context().close();
});

test('an address that leads nowhere says so, and what to do', async () => {
  const phone = await open_phone(addresses.home_visit.replace(/at=.*/, 'at=h0000000000000000'));
  await sees(phone, 'unknown_address');
  await looks_good(phone, 'home.unknown_address');
  await phone.context().close();
});

test('the morning list is decided by a person, and colours today\'s list', async () => {
  await look(); // the online consent, too
  await consent_row(jiro).getByText('オンライン診療等').waitFor();
  await open_fold(reception, '同意取得（マイナ在宅受付Web）');
  const file = path.join(clinic.folder, 'visits.csv');
  const day = today().replaceAll('-', '');
  const row = (n, p, how) => [n, p.name, '', p.insurer, p.symbol, p.number, p.branch, p.birth_date, '', how, day,
    '', '', '', ''].join(',') + '\n';
  fs.writeFileSync(file, 'number,name,kana,insurer,symbol,card_number,branch,birth_date,medical_assistance,care,day,'
    + 'until,repeats,desk,cancelled\n' + row('0003001', hanako, 'home_visit') + row('0003002', jiro, 'online'));
  const imported = await uketsuke('batch', 'import', file);
  assert.equal(imported.status, 0, imported.said);
  await open_fold(reception, '本日の予定');
  const expected = (p) => reception.getByRole('region', { name: '本日の予定の表' }).locator('tr', { hasText: p.name });
  await expected(hanako).getByText('変更あり・未対応').waitFor();
  assert.match(await expected(hanako).getAttribute('class'), /differs/);
  await open_fold(reception, '朝の変更一覧');
  const change = (p) => reception.getByRole('region', { name: '変更一覧の表' }).locator('tr', { hasText: p.name });
  await change(hanako).getByText('同意登録').waitFor();
  await looks_good(reception, 'morning');
  await change(jiro).getByRole('button', { name: '反映' }).focus();
  await reception.keyboard.press('Enter');
  await change(jiro).getByText('反映 Staff01', { exact: false }).waitFor();
  await change(hanako).getByRole('button', { name: 'あとで' }).click();
  await change(hanako).getByText('あとで Staff01', { exact: false }).waitFor();
  await expected(jiro).getByText('変更を反映済').waitFor();
  assert.doesNotMatch(await expected(jiro).getAttribute('class') ?? '', /differs/);
  await expected(hanako).getByText('変更あり・あとで').waitFor();
  await looks_good(reception, 'decided');
  await reception.evaluate(() => { window.printed = null; });
  await press(reception, '一覧を印刷');
  const printed = await reception.waitForFunction(() => window.printed);
  for (const words of [hanako.name, jiro.name, '同意登録', 'あとで'])
    assert.ok((await printed.jsonValue()).includes(words), words);
  await reception.emulateMedia({ media: 'print' });
  await reception.screenshot({ path: path.join(pictures, 'visits.morning_on_paper.png'), fullPage: true });
  await reception.emulateMedia({ media: null });
  await open_fold(reception, '朝の変更一覧');
  await open_fold(reception, '本日の予定');
});

/** A page of medical information that shows somebody's drugs. */
async function view_drugs(who) {
  const page = await staff_page(clinic.records, 'Iryou01', clinic.viewing);
  await page.locator('[name=name]').fill(who.name);
  await page.locator('main form button.main').first().click();
  await page.getByRole('button', { name: `${who.name} さんの薬剤情報を閲覧` }).click();
  await page.locator('.view h3').waitFor();
  return page;
}

test('a withdrawal is searched, confirmed and made, and closes the viewing on every page', async () => {
  const views = [await view_drugs(hanako), await view_drugs(hanako)];
  await looks_good(views[0], 'viewing');
  await open_fold(reception, '閲覧同意の取消');
  for (const name of ['insurer', 'number', 'branch', 'birth_date'])
    await reception.locator(`[data-key="find ${name}"]`).fill(hanako[name]);
  await reception.keyboard.press('Enter');
  const card = reception.locator('.card', { hasText: hanako.name }).filter({ hasText: '同意日時' });
  const go = card.getByRole('button', { name: '同意を取り消す' });
  await go.waitFor();
  assert.ok(await go.isDisabled(), 'nobody was confirmed');
  await looks_good(reception, 'withdrawal');
  clinic.freeze('centre'); // nobody knows how it ends: the viewing ends all the same
  await card.getByText('対象の患者さんであることを確認しました').click();
  await go.click();
  for (const page of views) {
    await page.locator('.view').waitFor({ state: 'detached' });
    await page.getByText('同意が終了または更新されたため、表示を閉じました。').waitFor();
  }
  await reception.locator('p.mark', { hasText: '取消の結果は確認中です' }).waitFor();
  await looks_good(reception, 'withdrawn');
  clinic.thaw('centre');
  await views[0].locator('main form button.main').first().click();
  await views[0].getByText('条件に合う患者さんはいません。', { exact: false }).waitFor();
  for (const page of views) await page.context().close();
});

test('a patient ends an online consent on the web, and the next inquiry finds it', async () => {
  const view = await view_drugs(jiro); // through the same gate as at the desk
  const phone = await open_phone(addresses.online);
  await sees(phone, 'welcome');
  await press(phone, '登録した同意を取り消す');
  await looks_good(phone, 'home.ending');
  await identify(phone, jiro, '1234');
  await sees(phone, 'done');
  await phone.getByText(`${jiro.name} さんの同意を取り消しました。`).waitFor();
  await phone.context().close();
  await open_fold(reception, '同意取得（マイナ在宅受付Web）');
  await look();
  await consent_row(jiro).getByText('同意は取り消されました').waitFor();
  await view.locator('.view').waitFor({ state: 'detached' });
  await looks_good(reception, 'ended_by_patient');
  await view.context().close();
});

test('a web reception that dies keeps addresses and consents, and the patient goes on where they were', async () => {
  const phone = await open_phone(addresses.home_visit);
  await sees(phone, 'welcome');
  await phone.locator('[data-key=begin]').click();
  await phone.locator('[data-key=yes]').click();
  await phone.getByText('2 / 4', { exact: false }).waitFor();
  await phone.evaluate(() => { // it may be back before anybody has looked
    const told = () => document.body.textContent.includes('通信が途切れました。');
    const watched = { subtree: true, childList: true };
    new MutationObserver(() => { window.was_lost ||= told(); }).observe(document.body, watched);
    window.is_back = () => window.was_lost && !told();
  });
  clinic.kill('centre');
  await phone.waitForFunction(() => window.is_back());
  for (const n of [2, 3, 4]) {
    await phone.getByText(`${n} / 4`, { exact: false }).waitFor();
    await phone.locator('[data-key=no]').click();
  }
  await identify(phone, hanako, '1234');
  await sees(phone, 'done');
  assert.equal(await phone.locator('dd.yes').count(), 1);
  await phone.context().close();
  await look(); // given anew after the clinic's withdrawal
  await consent_row(hanako).first().getByText('同意登録完了').waitFor();
});

test('the last try is asked about first, and a locked PIN is told where to go', async () => {
  const phone = await open_phone(addresses.home_visit);
  await sees(phone, 'welcome');
  await phone.locator('[data-key=begin]').click();
  await answer(phone, [false, false, false, false]);
  await identify(phone, jiro, wrong_pin);
  await phone.getByText('あと 2 回', { exact: false }).waitFor();
  for (const next of ['pin', 'last_try']) {
    await type_pin(phone, wrong_pin);
    await phone.waitForTimeout(750);
    await phone.locator('[data-key=hold]').click();
    await sees(phone, next);
  }
  await looks_good(phone, 'home.last_try');
  await phone.waitForTimeout(750);
  await phone.locator('[data-key=go]').click();
  await sees(phone, 'pin_blocked');
  await looks_good(phone, 'home.pin_blocked');
  const logs = path.join(clinic.folder, 'data', 'logs');
  for (const log of fs.readdirSync(logs))
    assert.doesNotMatch(fs.readFileSync(path.join(logs, log), 'utf8'), /(^|[^0-9])8305([^0-9]|$)/, log);
});
