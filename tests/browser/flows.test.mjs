// Check-ins in real browsers against real nodes: hub, two desks with emulated readers, the simulated national system.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  complaints, open_browser, open_clinic, open_page, pictures, press, sees, sign_in, tab_to,
} from './support.mjs';

const unregistered = 'SIM000000000001', another = 'SIM000000000002', mistyping = 'SIM000000000009';
let clinic, browser;
before(async () => {
  [clinic, browser] = await Promise.all([open_clinic(), open_browser()]);
});
after(async () => {
  await browser?.close();
  await clinic?.close();
});

async function enter_pin(page, pin = '1234') {
  for (const digit of pin) await press(page, digit);
  await press(page, '決定');
}

/** From the laid card to the last question, all in Japanese. */
async function walk_to_consents(page, desk, person) {
  await sees(page, 'place_card');
  await clinic.rig(desk, 'place ' + person);
  await sees(page, 'choose_method');
  await press(page, '暗証番号を入力');
  await sees(page, 'enter_pin');
  await enter_pin(page);
  await sees(page, 'give_consents');
}

async function answer_everything(page) {
  await press(page, '3つの情報すべてに同意する');
  await sees(page, 'provide_information');
  await press(page, '提供する');
  await press(page, '提供しない');
}

async function leave(page, desk) {
  await sees(page, 'take_card');
  await clinic.rig(desk, 'lift');
  await sees(page, 'place_card');
}

async function open_reception() {
  const page = await open_page(browser, clinic.reception, { viewport: { width: 1280, height: 900 }, bypassCSP: true });
  await sign_in(page, clinic.password);
  await page.waitForSelector('.desk h3');
  return page;
}

test('a PIN check-in ends with a reference number, one wrong PIN on the way, and no digit anywhere', async () => {
  const patient = await open_page(browser, clinic.desk(1)), reception = await open_reception();
  const frames = [];
  patient.on('websocket', (ws) => ws.on('framereceived', (f) => frames.push(String(f.payload))));
  await patient.reload();
  await sees(patient, 'place_card');
  await clinic.rig(1, 'place ' + unregistered);
  await sees(patient, 'choose_method');
  await press(patient, '暗証番号を入力');
  await sees(patient, 'enter_pin');
  await enter_pin(patient, '9753');
  await sees(patient, 'wrong_pin');
  await enter_pin(patient);
  await sees(patient, 'give_consents');
  await press(patient, '同意する');
  await press(patient, '同意しない');
  await press(patient, '前にもどる');
  await press(patient, '同意する');
  await press(patient, '同意しない');
  await sees(patient, 'provide_information');
  await press(patient, '提供する');
  await press(patient, '提供しない');
  await reception.waitForSelector('[name=number][data-key^="number "]');
  assert.match(await reception.locator('.card').first().textContent(), /資格 有効/);
  assert.deepEqual(await complaints(reception), []);
  await reception.screenshot({ path: path.join(pictures, 'reception.registration.png') });
  await reception.locator('[data-key^="number "]').fill('0001234');
  await reception.getByRole('button', { name: '登録する' }).click();
  await leave(patient, 1);
  assert.ok(frames.length > 5);
  const but_ids = (f) => f.replaceAll('0001234', '').replace(/"[0-9a-f]{32}"|\d{6,}/g, '');
  for (const f of frames) assert.ok(!/9753|1234/.test(but_ids(f)), f);
  assert.ok(!/資格|valid/.test(frames.join('')), 'the patient never reads a validity');
  assert.deepEqual(patient.wrong, []);
  await patient.context().close();
  await reception.context().close();
});

test('the last try is asked about once more, and a double press of 決定 is no answer', async () => {
  const page = await open_page(browser, clinic.desk(1));
  await sees(page, 'place_card');
  await clinic.rig(1, 'place ' + mistyping);
  await sees(page, 'choose_method');
  await press(page, '暗証番号を入力');
  await sees(page, 'enter_pin');
  await enter_pin(page, '9753');
  await sees(page, 'wrong_pin');
  await enter_pin(page, '9753');
  await page.getByText('次に間違えると').waitFor();
  await enter_pin(page, '9753');
  await sees(page, 'last_try');
  await page.evaluate(() => [...document.querySelectorAll('button')]
    .find((b) => b.textContent === 'この番号で続ける').click());
  await press(page, '番号を入力し直す'); // she noticed it herself
  const warned = await page.locator('main').getAttribute('data-shown');
  assert.equal(warned, 'last_try');
  await enter_pin(page);
  await page.getByRole('button', { name: 'この番号で続ける' }).waitFor();
  await page.waitForTimeout(800);
  await press(page, 'この番号で続ける');
  await sees(page, 'give_consents');
  await press(page, '終了する');
  await leave(page, 1);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('a card that lies upside down is asked to be turned, and an old one to be exchanged', async () => {
  const page = await open_page(browser, clinic.desk(1));
  await sees(page, 'place_card');
  const cards = [['upside_down', 'turn_card', /裏返す/], ['juki_card', 'other_card', /使えません/]];
  for (const [kind, shown, words] of cards) {
    await clinic.rig(1, `place ${mistyping} as ${kind}`);
    await sees(page, shown);
    assert.match(await page.textContent('main'), words);
    await clinic.rig(1, 'lift');
    await sees(page, 'place_card');
  }
  await page.context().close();
});

test('a switched language and a reload in the middle lose no progress', async () => {
  const page = await open_page(browser, clinic.desk(1));
  await walk_to_consents(page, 1, another);
  await press(page, '同意する');
  await page.click('nav [data-language=en]');
  assert.match(await page.textContent('.step'), /2 of 3/);
  await page.click('nav [data-language=ko]');
  assert.match(await page.textContent('.step'), /2 \/ 3/);
  await page.click('nav [data-language=en]');
  await page.reload();
  await sees(page, 'give_consents');
  assert.equal(await page.textContent('h1'), 'Your consent');
  assert.equal(await page.locator('.official[lang=ja]').count(), 1);
  await press(page, 'I agree to all three');
  await sees(page, 'provide_information');
  await press(page, 'Stop');
  await leave(page, 1);
  assert.equal(await page.getAttribute('html', 'lang'), 'ja', 'the next patient is greeted in Japanese');
  await page.context().close();
});

test('a hub killed in the middle of the questions asks them again, and the check-in ends well', async () => {
  const page = await open_page(browser, clinic.desk(1)), reception = await open_reception();
  await walk_to_consents(page, 1, unregistered);
  await press(page, '3つの情報すべてに同意する');
  await sees(page, 'provide_information');
  clinic.kill('hub');
  await sees(page, 'give_consents'); // half an answer is no consent
  await answer_everything(page);
  await leave(page, 1); // the number came with the answer
  await sign_in(reception, clinic.password); // a sign-in is not remembered on disk
  await reception.waitForSelector('.desk h3');
  await page.context().close();
  await reception.context().close();
});

test('a desk killed while its patient chooses shows the same question again', async () => {
  const page = await open_page(browser, clinic.desk(2));
  await sees(page, 'place_card');
  clinic.kill('desk-2');
  await page.waitForSelector('main:not([data-shown=place_card])');
  await sees(page, 'place_card');
  await page.context().close();
});

test('two desks at once do not mix', async () => {
  const pages = await Promise.all([open_page(browser, clinic.desk(1)), open_page(browser, clinic.desk(2))]);
  await Promise.all(pages.map((page, n) => walk_to_consents(page, n + 1, n ? another : unregistered)));
  await press(pages[1], '終了する');
  await leave(pages[1], 2);
  await sees(pages[0], 'give_consents');
  await answer_everything(pages[0]);
  await leave(pages[0], 1);
  await Promise.all(pages.map((page) => page.context().close()));
});

test('the patient calls staff, and reception sees it until somebody goes', async () => {
  const page = await open_page(browser, clinic.desk(1)), reception = await open_reception();
  await sees(page, 'place_card');
  await press(page, '職員を呼ぶ');
  await page.getByText('職員を呼びました').waitFor();
  await reception.waitForSelector('.desk.call');
  assert.deepEqual(await complaints(reception), []);
  await reception.screenshot({ path: path.join(pictures, 'reception.call.png') });
  await reception.keyboard.press('h');
  await reception.keyboard.press('Tab');
  await reception.keyboard.press('Enter');
  await reception.waitForSelector('.desk.call', { state: 'detached' });
  await page.context().close();
  await reception.context().close();
});

test('a whole check-in is done by keyboard alone, at the desk and at reception', async () => {
  const page = await open_page(browser, clinic.desk(2)), reception = await open_reception();
  await sees(page, 'place_card');
  await clinic.rig(2, 'place ' + another);
  await sees(page, 'choose_method');
  await tab_to(page, '暗証番号を入力');
  await sees(page, 'enter_pin');
  await page.keyboard.type('1234');
  await page.keyboard.press('Enter');
  await sees(page, 'give_consents');
  await tab_to(page, '同意する');
  await page.getByText('2 / 3').waitFor();
  await tab_to(page, '同意しない');
  await page.getByText('3 / 3').waitFor();
  await tab_to(page, '同意する');
  await sees(page, 'provide_information');
  await tab_to(page, '提供しない');
  await page.getByText('2 / 2').waitFor();
  await tab_to(page, '提供しない');
  await reception.waitForSelector('.desk.help');
  await reception.keyboard.press('h');
  const registering = await reception.locator('.desk.help [name=number][data-key^="number "]').count();
  if (registering) {
    await reception.keyboard.press('Tab');
    await reception.keyboard.type('K-77');
    await reception.keyboard.press('Enter');
  } else
    await tab_to(reception, '窓口の対応を終える');
  await sees(page, 'take_card');
  await clinic.rig(2, 'lift');
  await sees(page, 'place_card');
  await page.context().close();
  await reception.context().close();
});

test('the monitor shows the journal and no person in it', async () => {
  const page = await open_page(browser, clinic.monitor, { viewport: { width: 1280, height: 900 }, bypassCSP: true });
  await sign_in(page, clinic.password);
  await page.getByText('checkin.consents_recorded').first().waitFor();
  await page.fill('[name=topic]', 'eligibility.');
  await page.keyboard.press('Enter');
  await page.getByText('eligibility.answered').first().waitFor();
  assert.equal(await page.getByText('checkin.card_placed').count(), 0);
  assert.ok(!(await page.textContent('main')).includes('0001234'));
  assert.deepEqual(await complaints(page), []);
  await page.screenshot({ path: path.join(pictures, 'monitor.png') });
  await page.context().close();
});

test('no PIN is in any file that the clinic wrote', () => {
  const folder = path.join(clinic.folder, 'data', 'logs');
  for (const file of fs.readdirSync(folder))
    assert.ok(!fs.readFileSync(path.join(folder, file), 'utf8').includes('9753'), file);
});
