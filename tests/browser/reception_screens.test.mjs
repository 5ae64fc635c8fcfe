// Reception's page in every state of a check-in and a visual check, as the page draws it: axe-core finds nothing, the
// keyboard reaches everything, and a picture of each is kept. What the node would say is said by this test.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { complaints, open_browser, open_clinic, open_page, pictures } from './support.mjs';

const id = (n) => '019000000000000000000000000000' + n.toString(16).padStart(2, '0');
const desk = (name, more = {}) => ({ desk: { desk: name, open: true, mode: 'unattended', reader: 'working',
  reader_model: 'RC-S300', kind: 'reader', has_display: true, update_pending: false, ...more }, staff_called: false,
opening: ['power_terminal', 'power_reader', 'sign_in'], closing: ['see_update', 'shut_down', 'reader_off'] });
const row = (more) => ({ desk: 'desk-1', checkin: id(1), sequence: 1, state: 'choosing',
  outcome: 'open', judged: 'none',
  name: '', reference_number: '', error: '', question: null, begun_ms: Date.now(), since_ms: Date.now(), method: 'pin',
  vouched_by: '', pin_blocked: false, forgotten: false, ...more });
const answered = { outcome: 'answered', question: id(9), name: '見本　花子' };

const screens = {
  waiting: {},
  choosing: { row: {} },
  deciding: { row: { state: 'deciding', method: 'face' } },
  awaiting_number: { row: { state: 'awaiting_number', method: 'face' } },
  comparing: { row: { state: 'comparing' }, visual: { stage: 'comparing', same_card: true } },
  awaiting_card: { visual: { stage: 'awaiting_card', vouched_by: 'suzuki' } },
  vouched: { row: { state: 'consenting', vouched_by: 'suzuki' }, visual: { stage: 'under_way', vouched_by: 'suzuki' } },
  other_card: { row: { state: 'taking_card', error: 'other_card' }, visual: { stage: 'awaiting_card' } },
  pin_blocked: { row: { state: 'at_window', pin_blocked: true } },
  registration: { row: { ...answered, state: 'registration', judged: 'valid' } },
  invalid: { row: { ...answered, state: 'at_window', judged: 'invalid' } },
  newer_exists: { row: { ...answered, state: 'at_window', judged: 'newer_exists' } },
  no_match: { row: { ...answered, state: 'at_window', judged: 'no_match' } },
  several: { row: { ...answered, state: 'at_window', judged: 'several' } },
  unregistered: { row: { ...answered, state: 'at_window', judged: 'valid_unregistered' } },
  unknown: { row: { state: 'at_window', outcome: 'unknown', question: id(9) } },
  not_asked: { row: { state: 'at_window', outcome: 'not_asked', error: 'line_down' } },
  refused: { row: { state: 'at_window', outcome: 'refused', error: 'line_refused', question: id(9) } },
  expired: { row: { state: 'at_window', error: 'certificate_expired' } },
  forgotten: { row: { ...answered, state: 'taking_card', judged: 'valid', forgotten: true } },
  certified: { desk: { kind: 'certified', mode: 'visual_check', reader: 'unknown' } },
  home_visit: { desk: { kind: 'home_visit', open: false, reader: 'unknown' } },
};
const candidate = { record: { patient: id(7), name: '見本　花子', birth_date: '19840229', reference_number: '0001234' },
  differences: [{ field: 'address', weight: 'note', kept: '旧町1', came: '新町2' },
    { field: 'burden_ratio', weight: 'warn', kept: '020', came: '030' }] };
const answers = {
  'patient.find_match': { by: 'card', why: 'none', record: id(7), candidates: [candidate],
    answered: { name: '見本　花子', kana: 'ﾐﾎﾝ ﾊﾅｺ', birth_date: '19840229', address: '新町2', reference_number: '' } },
  'line.list_registrations': { rows: [{ number: '0001299' }, { number: '0001300' }] },
  'line.list_waiting': { line_up: false, rows: [{ checkin: id(3), question: null, patient: id(4), desk: 'desk-2',
    begun_ms: Date.now(), still: 'details', outcome: 'not_asked', judged: 'none', error: '', name: '', changed: [] }] },
};
const today = [{ checkin: id(5), question: id(6), desk: 'desk-1', time_ms: Date.now(), name: '見本　花子',
  reference_number: '0001234', method: 'visual', vouched_by: 'suzuki', outcome: 'answered', judged: 'valid',
  verified_before: true, open: false, how: 'completed', forgotten: true, consents: { surgery: 'given',
    treatment: 'given', drugs: 'given', checkup: 'refused', limit: 'given', specified_disease: 'refused',
    language: 'ja',
    text_version: '1', time_ms: Date.now() } }];

/** Speaks for the node: what is shown, and what every question is answered with. */
async function scripted(page, name) {
  const screen = screens[name];
  await page.route('**/node.json', (r) => r.fulfill({ json: { node: 'hub', simulated: true, pages: [], methods: ['pin'],
    account: 'suzuki' } }));
  await page.routeWebSocket(/\/live\/reception$/, (ws) => {
    ws.onMessage((text) => {
      const { n, topic } = JSON.parse(text);
      const rows = topic === 'screen.read_today' ? { rows: today, more: false } : {};
      ws.send(JSON.stringify({ n, ok: true, body: answers[topic], ...rows }));
    });
    ws.send(JSON.stringify({ seq: 1, snapshot: { page: 'reception', node: 'hub', account: 'suzuki', hub: true,
      desks: [desk('desk-1', screen.desk), desk('desk-2')], checkins: screen.row ? [row(screen.row)] : [],
      visuals: screen.visual ? [{ desk: 'desk-1', sequence: 1, same_card: false, vouched_by: '',
        ...screen.visual }] : [],
    } }));
  });
}

let clinic, browser;
before(async () => {
  [clinic, browser] = await Promise.all([open_clinic(), open_browser()]);
});
after(async () => {
  await browser?.close();
  await clinic?.close();
});

async function open_folds(page) {
  for (let n = 0; n < 12; ++n) { // one brings others
    const folded = page.locator('details:not([open]) > summary');
    if (await folded.count() === 0) return;
    await folded.first().click();
  }
}

for (const name of Object.keys(screens))
  test(`reception at ${name}: axe-core finds nothing when everything is opened`, async () => {
    const page = await open_page(browser, 'about:blank', { viewport: { width: 1280, height: 900 }, bypassCSP: true });
    await scripted(page, name);
    await page.goto(clinic.reception);
    await page.waitForSelector('.desk h3');
    await page.screenshot({ path: path.join(pictures, `reception.at_${name}.png`) });
    await open_folds(page);
    assert.deepEqual(await complaints(page), []);
    await page.screenshot({ path: path.join(pictures, `reception.at_${name}.open.png`), fullPage: true });
    await page.setViewportSize({ width: 320, height: 640 }); // 400 % zoom
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} pixels too wide at 400 % zoom`);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
  });

test('what was typed survives whatever the node says meanwhile', async () => {
  const page = await open_page(browser, 'about:blank', { viewport: { width: 1280, height: 900 } });
  await scripted(page, 'not_asked');
  await page.goto(clinic.reception);
  await page.locator('.desk summary', { hasText: '健康保険証等で確認' }).click();
  await page.locator('.desk [name=number]').fill('7654');
  await page.locator('.desk [data-key^="seen "]').check();
  await page.locator('.desk summary', { hasText: '窓口の設定' }).first().click(); // draws everything anew
  assert.equal(await page.locator('.desk [name=number]').inputValue(), '7654');
  assert.ok(await page.locator('.desk [data-key^="seen "]').isChecked());
  await page.context().close();
});
