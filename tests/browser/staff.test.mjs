// What staff do at reception's page, in a real browser against real nodes: visual check, patients who are stuck, typed
// questions, answers beside what is kept, the day's list and receipts, an outage, the beginning and end of a day.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  complaints, open_browser, open_clinic, open_page, pictures, press, sees, sign_in, tab_to,
} from './support.mjs';

const registered = 'SIM000000000003', unregistered = 'SIM000000000011';
const original = [['insurer', '06999902'], ['symbol', '123'], ['number', '7654321'], ['birth_date', '19660912']];
let clinic, browser, reception;
before(async () => {
  [clinic, browser] = await Promise.all([open_clinic(), open_browser()]);
  const screen = { viewport: { width: 1280, height: 900 }, bypassCSP: true };
  reception = await open_page(browser, clinic.reception, screen);
  await sign_in(reception, clinic.password);
  await reception.waitForSelector('.desk h3');
  await reception.evaluate(() => {
    window.print = () => { window.printed = document.querySelector('.sheet').textContent; };
  });
});
after(async () => {
  await browser?.close();
  await clinic?.close();
});

const desk_item = (n) => reception.locator('.desk', { has: reception.locator(`h3[data-key="desk desk-${n}"]`) });
const at_desk = (n, name) => desk_item(n).getByRole('button', { name, exact: true });
const open_fold = (words) => reception.locator('summary', { hasText: words }).first().click();

async function looks_good(name) {
  assert.deepEqual(await complaints(reception), []);
  await reception.screenshot({ path: path.join(pictures, `reception.${name}.png`), fullPage: true });
}

async function consent(patient) {
  await sees(patient, 'give_consents');
  await press(patient, '3つの情報すべてに同意する');
  await sees(patient, 'provide_information');
  await press(patient, '提供する');
  await press(patient, '提供しない');
}

test('a visual check goes in the guide\'s order by keyboard alone, and the desk goes back by itself', async () => {
  const patient = await open_page(browser, clinic.desk(1));
  await sees(patient, 'place_card');
  await reception.keyboard.press('1');
  await tab_to(reception, '目視確認モードに切替');
  await sees(patient, 'show_card');
  await at_desk(1, '顔写真とご本人が一致しました').waitFor();
  await looks_good('comparing');
  await reception.keyboard.press('1');
  await tab_to(reception, '顔写真とご本人が一致しました');
  await sees(patient, 'place_card');
  await desk_item(1).getByText('確認者：Staff01').waitFor();
  await clinic.rig(1, 'place ' + unregistered);
  await consent(patient);
  await reception.waitForSelector('[name=number][data-key^="number "]');
  await desk_item(1).getByText('本人確認：目視（Staff01）').waitFor();
  assert.match(await desk_item(1).locator('[aria-current=step]').textContent(), /照会番号の登録/);
  await looks_good('visual_registration');
  await reception.locator('[data-key^="number "]').fill('0002001');
  await reception.keyboard.press('Enter');
  await sees(patient, 'take_card');
  await at_desk(1, '目視確認モードに切替').waitFor();
  await clinic.rig(1, 'lift');
  await sees(patient, 'place_card');
  await clinic.rig(1, 'place ' + unregistered);
  await sees(patient, 'choose_method'); // the next patient is nobody's to vouch for
  await clinic.rig(1, 'lift');
  await patient.context().close();
});

test('after a locked PIN only the same card is taken, and the patient reads that it is another one', async () => {
  const patient = await open_page(browser, clinic.desk(2));
  await clinic.rig(2, 'place ' + unregistered);
  await sees(patient, 'choose_method');
  await at_desk(2, '目視確認モードに切替').click(); // staff help before a try is lost
  await sees(patient, 'show_card');
  await clinic.rig(2, 'lift');
  await at_desk(2, '顔写真とご本人が一致しました').click();
  await sees(patient, 'place_card');
  await clinic.rig(2, 'place ' + registered);
  await sees(patient, 'not_same_card');
  await desk_item(2).getByText('先ほどと違うカードです', { exact: false }).first().waitFor();
  await clinic.rig(2, 'lift');
  await at_desk(2, 'やめる（無人運転に戻す）').click();
  await at_desk(2, '目視確認モードに切替').waitFor();
  await sees(patient, 'place_card');
  await patient.context().close();
});

test('a stuck patient is sent to another desk and goes on there', async () => {
  const [here, there] = [await open_page(browser, clinic.desk(1)), await open_page(browser, clinic.desk(2))];
  await sees(here, 'place_card');
  await clinic.rig(1, 'place ' + registered);
  await sees(here, 'choose_method');
  await desk_item(1).locator('summary', { hasText: '別の窓口に移す' }).click();
  await at_desk(1, '移す').click();
  await sees(here, 'go_to_desk');
  assert.match(await here.textContent('h1'), /desk-2/);
  await clinic.rig(1, 'lift');
  await sees(here, 'place_card');
  await clinic.rig(2, 'place ' + registered);
  await sees(there, 'choose_method');
  await clinic.rig(2, 'lift');
  await sees(there, 'place_card');
  await Promise.all([here, there].map((page) => page.context().close()));
});

test('somebody without a card is asked about by what stands on the original', async () => {
  await open_fold('カードなしで来られた方');
  const form = reception.locator('form', { has: reception.locator('[data-key="insurer desk"]') });
  await form.getByRole('button', { name: '照会する' }).click();
  assert.equal(await form.locator('[data-key="seen desk"]').evaluate((e) => e.validity.valueMissing), true, 'unseen');
  await form.locator('[data-key="seen desk"]').check();
  for (const [name, text] of original)
    await form.locator(`[data-key="${name} desk"]`).fill(text);
  await form.getByRole('button', { name: '照会する' }).click();
  await reception.locator('.card', { hasText: '次にすること' }).waitFor();
  await looks_good('typed');
  await open_fold('カードなしで来られた方');
});

test('an answer stands beside what is kept, and a new patient is made from it', async () => {
  const patient = await open_page(browser, clinic.desk(1));
  await clinic.rig(1, 'place ' + unregistered);
  await sees(patient, 'choose_method');
  await at_desk(1, '目視確認モードに切替').click();
  await at_desk(1, '顔写真とご本人が一致しました').click();
  await consent(patient);
  await desk_item(1).locator('summary', { hasText: '登録と回答を並べて見る' }).click();
  await desk_item(1).locator('summary', { hasText: '新しい患者さんとして登録する' }).click();
  await desk_item(1).locator('[data-key^="new-number "]').waitFor();
  await looks_good('new_patient');
  await desk_item(1).locator('[data-key^="new-number "]').fill('0002001');
  await desk_item(1).locator('button[data-key^="new "]').click();
  await reception.getByText('新しい患者さんを登録しました。').waitFor();
  await clinic.rig(1, 'lift');
  await sees(patient, 'place_card');
  await patient.context().close();
});

test('the day\'s list tells who came and who vouched, and prints what was consented', async () => {
  await open_fold('一覧・同意の控え');
  const row = reception.locator('tr', { hasText: '練習' }).last();
  await row.getByText('目視').waitFor();
  const green = await reception.locator('td.mark.good').allTextContents();
  assert.ok(green.length > 0 && green.every((words) => /有効/.test(words)), 'green is for a confirmed eligibility alone');
  await looks_good('today');
  await row.getByRole('button', { name: '同意の控えを印刷' }).click();
  const printed = await reception.evaluate(() => window.printed);
  for (const words of ['同意内容の控え', '手術情報の閲覧', '同意する・提供する', '確認した職員：Staff01'])
    assert.ok(printed.includes(words), words);
  await open_fold('一覧・同意の控え');
});

test('in an outage the details are kept, and settled when the line is back', async () => {
  const patient = await open_page(browser, clinic.desk(2));
  await sees(patient, 'place_card');
  clinic.freeze('centre');
  await clinic.rig(2, 'place ' + registered);
  await sees(patient, 'choose_method');
  await press(patient, '暗証番号を入力');
  await sees(patient, 'come_to_window');
  await desk_item(2).getByText('未照会（接続できません）').waitFor();
  await desk_item(2).locator('summary', { hasText: '健康保険証等で確認' }).click();
  await desk_item(2).locator('[data-key^="seen "]').check();
  for (const [name, text] of original)
    await desk_item(2).locator(`[data-key^="${name} "]`).fill(text);
  await looks_good('outage');
  await desk_item(2).getByRole('button', { name: '照会する' }).click();
  await reception.getByText('内容を控えました', { exact: false }).waitFor();
  await at_desk(2, '窓口の対応を終える').click();
  await sees(patient, 'take_card');
  await clinic.rig(2, 'lift');
  await open_fold('照会できなかった方の一覧');
  await reception.getByText('まだ済んでいない方 1 件').waitFor();
  await reception.getByRole('button', { name: '申立書を印刷' }).click();
  await reception.waitForFunction(() => window.printed?.includes('申立'));
  clinic.thaw('centre');
  for (let tries = 0; tries < 60 && !(await reception.getByText('まだ済んでいない方 0 件').count()); ++tries) {
    await reception.locator('[data-key="outage-again"]').click();
    await reception.waitForTimeout(250);
  }
  await reception.getByText('まだ済んでいない方 0 件').waitFor();
  await looks_good('settled');
  await open_fold('照会できなかった方の一覧');
  await patient.context().close();
});

test('a day begins and ends when everything was seen to, and not before an update is complete', async () => {
  await desk_item(1).locator('summary', { hasText: '業務開始' }).click();
  const begin = desk_item(1).locator('[data-key="open desk-1"]');
  assert.ok(await begin.isDisabled());
  const tick_all = async () => {
    for (let n = 0; n < await desk_item(1).locator('fieldset input').count(); ++n)
      await desk_item(1).locator('fieldset input').nth(n).check();
  };
  await tick_all();
  await begin.click();
  await desk_item(1).locator('legend', { hasText: '業務終了時に行うこと' }).waitFor();
  await desk_item(1).getByRole('button', { name: '画面に更新の表示がある' }).click();
  await desk_item(1).getByText('更新があるので再起動し').waitFor();
  await tick_all();
  await looks_good('closing');
  await begin.click();
  await reception.getByText('更新が終わっていません', { exact: false }).waitFor();
  await desk_item(1).getByRole('button', { name: '再起動が完了した' }).click();
  await desk_item(1).getByRole('button', { name: '画面に更新の表示がある' }).waitFor();
  await begin.click();
  await desk_item(1).locator('legend', { hasText: '業務開始前に行うこと' }).waitFor();
});

test('a certified terminal is switched at the terminal, and staff are reminded until it is switched back', async () => {
  await open_fold('端末を加える');
  await reception.locator('[data-key="new-desk"]').fill('terminal-1');
  await press(reception, '加える');
  await press(reception, '端末を目視確認モードに切り替えた');
  await reception.getByText('端末が目視確認モードのままです', { exact: false }).waitFor();
  await looks_good('certified');
  await press(reception, '端末を無人運転モードに戻した');
  await reception.getByText('端末が目視確認モードのままです', { exact: false }).waitFor({ state: 'detached' });
  assert.deepEqual(reception.wrong, []);
});
