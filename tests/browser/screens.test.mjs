// Every screen of the patient's page in every language, as the page draws it: axe-core finds nothing, nothing is cut
// off, and a picture of each is kept. What the node would say is said by this test; the files come from a real node.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { complaints, languages, open_browser, open_clinic, open_page, pictures, sees } from './support.mjs';

const checkin = '0190000000000000000000000000000a';
const screens = {
  closed: {}, place_card: { checkin: null }, choose_method: {}, please_wait: {}, enter_pin: { tries_left: 3 },
  wrong_pin: { tries_left: 2 },
  wrong_pin_1: { shown: 'wrong_pin', tries_left: 1 }, last_try: { tries_left: 1 }, give_consents: {},
  give_consents_2: { shown: 'give_consents', press: 1 }, give_consents_3: { shown: 'give_consents', press: 2 },
  provide_information: {}, provide_information_2: { shown: 'provide_information', press: 1 }, asking: {},
  come_to_window: {}, take_card: {}, card_forgotten: {}, see_reception: {}, turn_card: {}, other_card: {},
  show_card: {}, not_same_card: {}, go_to_desk: { desk: 'desk-2' },
  show_face: {}, enter_check_number: {}, wrong_check_number: { shown: 'enter_check_number', note: 'wrong_number' },
  wait_for_staff: {}, enter_pin_after_face: { shown: 'enter_pin', tries_left: 3, note: 'face_not_confirmed' },
  enter_pin_face_delayed: { shown: 'enter_pin', tries_left: 3, note: 'face_delayed' },
  time_short: { shown: 'choose_method', waits_ms: 20_000 },
};

/** Speaks for the node: show(prompt) puts it on the page. */
async function scripted(page) {
  let socket = null, seq = 0;
  await page.route('**/node.json', (r) => r.fulfill({ json: { node: 'desk-1', simulated: true, pages: [],
    methods: ['face', 'pin'] } }));
  await page.routeWebSocket(/\/live\/patient$/, (ws) => {
    socket = ws;
    seq = 1;
    ws.onMessage((m) => m.startsWith('pin ') || ws.send(JSON.stringify({ n: JSON.parse(m).n, ok: true })));
    ws.send(JSON.stringify({ seq, snapshot: { page: 'patient', node: 'desk-1', hub: true,
      prompt: { checkin: null, sequence: 1, shown: 'place_card', tries_left: -1, waits_ms: 0 } } }));
  });
  return (name) => {
    const { press, ...more } = screens[name];
    const prompt = { checkin, sequence: ++seq, shown: name, tries_left: -1, waits_ms: 0, note: 'none', ...more };
    socket.send(JSON.stringify({ seq, prompt }));
    return prompt.shown;
  };
}

let clinic, browser;
before(async () => {
  [clinic, browser] = await Promise.all([open_clinic(), open_browser()]);
});
after(async () => {
  await browser?.close();
  await clinic?.close();
});

async function draw(page, show, name) {
  const shown = show(name);
  await sees(page, shown);
  for (let n = 0; n < (screens[name].press ?? 0); ++n) await page.locator('.choices button').first().click();
}

for (const language of languages)
  test(`axe-core finds nothing on any screen in ${language}, and nothing is cut off`, async () => {
    const page = await open_page(browser, 'about:blank', { bypassCSP: true, reducedMotion: 'reduce' });
    const show = await scripted(page);
    await page.goto(clinic.desk(1));
    await sees(page, 'place_card');
    const found = [];
    for (const name of Object.keys(screens)) {
      await draw(page, show, name);
      await page.click(`nav [data-language="${language}"]`);
      const kept = await page.evaluate(() => document.activeElement.dataset.language);
      if (kept !== language) found.push(`${name}: the focus left the language button`);
      if (name === 'card_forgotten') await page.waitForSelector('p[role=alert]');
      for (const c of await complaints(page)) found.push(`${name}: ${c}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) found.push(`${name}: ${wide} pixels wider than the screen`);
      const tall = await page.evaluate(() => document.documentElement.scrollHeight - innerHeight);
      if (tall > 0) found.push(`${name}: ${tall} pixels are below the edge`);
      const official = /^(give_consents|provide_information)/.test(name) && language !== 'ja';
      if (official !== (await page.locator('.official[lang=ja]').count() === 1)) found.push(`${name}: official text`);
      await page.screenshot({ path: path.join(pictures, `${name}.${language}.png`) });
    }
    assert.deepEqual(found, []);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
  });

test('every screen fits one that lies without scrolling, and at 400 % zoom scrolls in one direction only', async () => {
  const page = await open_page(browser, 'about:blank', { reducedMotion: 'reduce' });
  const show = await scripted(page);
  await page.goto(clinic.desk(1));
  await sees(page, 'place_card');
  for (const [width, height, language] of [[1280, 800, 'en'], [1280, 800, 'ja'], [320, 640, 'ja']]) {
    await page.setViewportSize({ width, height });
    for (const name of Object.keys(screens)) {
      await draw(page, show, name);
      await page.click(`nav [data-language="${language}"]`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} at ${width}: ${wide} pixels too wide`);
      if (width > height) {
        const tall = await page.evaluate(() => document.documentElement.scrollHeight - innerHeight);
        assert.ok(tall <= 0, `${name}: ${tall} pixels are below the edge of a screen that lies`);
      }
      const small = await page.evaluate(() => [...document.querySelectorAll('main button, #staff')]
        .filter((b) => b.getBoundingClientRect().height < 44 || b.getBoundingClientRect().width < 44).length);
      assert.equal(small, 0, `${name}: a button too small for a finger`);
      assert.equal(await page.locator('#staff').count(), 1, `${name}: staff cannot be called`);
      await page.screenshot({ path: path.join(pictures, `${name}.${width}.${language}.png`) });
    }
  }
  await page.context().close();
});

test('without a face engine there is no face button, and with one there is', async () => {
  for (const methods of [['pin'], ['face', 'pin']]) {
    const page = await open_page(browser, 'about:blank');
    const show = await scripted(page);
    const told = { node: 'desk-1', simulated: false, pages: [], methods };
    await page.route('**/node.json', (r) => r.fulfill({ json: told }));
    await page.goto(clinic.desk(1));
    await sees(page, 'place_card');
    await draw(page, show, 'choose_method');
    assert.equal(await page.getByRole('button', { name: '顔認証を行う' }).count(), methods.length - 1);
    assert.equal(await page.locator('.simulated').count(), 0);
    await page.context().close();
  }
});

test('a warned patient gets more time by one press', async () => {
  const page = await open_page(browser, 'about:blank');
  const show = await scripted(page);
  await page.goto(clinic.desk(1));
  await sees(page, 'place_card');
  await draw(page, show, 'time_short');
  await page.getByRole('button', { name: 'もっと時間がほしい' }).click();
  await draw(page, show, 'choose_method');
  assert.equal(await page.locator('.time').count(), 0);
  await page.context().close();
});
