// Face check-ins in a real browser with a fake camera, a card's photo on an emulated reader, and the engine's own
// process: accepted, never accepted, left to staff, given up for the PIN. Photos come from UKETSUKE_FACE_DIR; no
// picture with a face in it is kept.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  complaints, open_browser, open_clinic, open_page, pictures, press, sees, sign_in, wait_ms,
} from './support.mjs';

const faces = process.env.UKETSUKE_FACE_DIR;
const engine = spawnSync(process.env.UKETSUKE_PROGRAM, ['face-engine', '--help']).status === 0;
const skip = !faces ? 'no models and photos (UKETSUKE_FACE_DIR)' : !engine && 'this build has no OpenCV';
const patient = 'SIM000000000003', card = 'C001080_240x320_3000.j2k';
let clinic, films;

/** One still, as a camera of 1280 × 720 sees it, again and again: what Chromium takes as a film. */
async function film_of(browser, photo, name) {
  const page = await browser.newPage();
  const source = `data:image/jpeg;base64,${fs.readFileSync(path.join(faces, 'photos', photo)).toString('base64')}`;
  const frame = await page.evaluate(async (from) => {
    const image = new Image();
    image.src = from;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1280, 720];
    const wide = image.width * 720 / image.height;
    canvas.getContext('2d').drawImage(image, (1280 - wide) / 2, 0, wide, 720);
    return canvas.toDataURL('image/jpeg', 0.95).split(',')[1];
  }, source);
  await page.close();
  const file = path.join(films, name + '.mjpeg');
  fs.writeFileSync(file, Buffer.concat(Array(30).fill(Buffer.from(frame, 'base64'))));
  return file;
}

before(async () => {
  if (skip) return;
  films = fs.mkdtempSync(path.join(os.tmpdir(), 'uketsuke-films-'));
  clinic = await open_clinic(['--faces', faces]);
});
after(async () => {
  await clinic?.close();
  if (films) fs.rmSync(films, { recursive: true, force: true });
});

/** Chromium whose camera shows @p photo; without one, a face-less test picture. */
async function with_camera(photo, play) {
  const fake = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  if (photo) {
    const maker = await open_browser();
    fake.push('--use-file-for-fake-video-capture=' + await film_of(maker, photo, path.parse(photo).name));
    await maker.close();
  }
  const browser = await open_browser(fake);
  try {
    await play(browser);
  } finally {
    await browser.close();
  }
}

async function choose_face(page, at, photo = card) {
  await sees(page, 'place_card');
  await at.rig(1, `place ${patient} photo ${photo}`);
  await sees(page, 'choose_method');
  await press(page, '顔認証を行う');
}

async function enter_pin(page, pin = '1234') {
  for (const digit of pin) await press(page, digit);
  await press(page, '決定');
}

async function finish(page, at) {
  await sees(page, 'give_consents');
  await press(page, '3つの情報すべてに同意する');
  await sees(page, 'provide_information');
  await press(page, '提供する');
  await press(page, '提供しない');
  await sees(page, 'take_card');
  await lift(page, at);
}

async function lift(page, at) {
  await at.rig(1, 'lift');
  await sees(page, 'place_card');
}

test('the same person is accepted without a PIN, and neither photo nor frame is in any file', { skip }, () =>
  with_camera('C001080_b2024.jpg', async (browser) => {
    const page = await open_page(browser, clinic.desk(1), { bypassCSP: true });
    const asked = [];
    page.on('websocket', (ws) => ws.on('framesent', (f) => asked.push(f.payload)));
    await page.reload();
    await choose_face(page, clinic);
    await finish(page, clinic);
    const frames = asked.filter((f) => typeof f !== 'string');
    assert.ok(frames.length >= 3, 'several frames are compared');
    assert.ok(!asked.some((f) => String(f).startsWith('pin ')));
    assert.deepEqual(page.wrong, []);
    const photo = fs.readFileSync(path.join(faces, 'cards', card));
    const traces = [photo.subarray(1000, 1040), frames[0].subarray(4000, 4040)];
    for (const file of fs.readdirSync(path.join(clinic.folder, 'data'), { recursive: true })) {
      const whole = path.join(clinic.folder, 'data', file);
      if (!fs.statSync(whole).isFile()) continue;
      const held = fs.readFileSync(whole);
      for (const trace of traces) assert.equal(held.indexOf(trace), -1, file);
    }
  }));

test('another person is never accepted: the PIN is asked for, the card where it is', { skip }, () =>
  with_camera('M001163_b2024.jpg', async (browser) => {
    const page = await open_page(browser, clinic.desk(1), { bypassCSP: true });
    await choose_face(page, clinic);
    await sees(page, 'enter_pin');
    await page.getByText('お顔を確認できませんでした').waitFor();
    assert.deepEqual(await complaints(page), []);
    await press(page, 'もう一度、顔認証を行う');
    await sees(page, 'show_face');
    await sees(page, 'enter_pin'); // nor the second time
    await enter_pin(page, '9753');
    await sees(page, 'wrong_pin');
    assert.equal(await page.locator('main .warning').count(), 1, 'what is wrong now, not what was before');
    await enter_pin(page);
    await finish(page, clinic);
  }));

test('without a face the patient reads what to do, in every language, and goes on with the PIN', { skip }, () =>
  with_camera(null, async (browser) => {
    const page = await open_page(browser, clinic.desk(1), { bypassCSP: true });
    await choose_face(page, clinic);
    await page.getByText('顔が見えません').waitFor();
    const first = await page.evaluate(() => document.querySelector('video').srcObject.id);
    for (const [language, words] of Object.entries({ 'ja-easy': 'かおが みえません', en: 'No face can be seen', zh: '看不到面部',
      ko: '얼굴이 보이지 않습니다', ja: '顔が見えません' })) {
      await page.click(`nav [data-language="${language}"]`);
      await page.getByText(words).waitFor();
      assert.deepEqual(await complaints(page), [], language);
    }
    assert.equal(await page.evaluate(() => document.querySelector('video').srcObject.id), first, 'the camera goes on');
    await press(page, '暗証番号を入力');
    await sees(page, 'enter_pin');
    assert.equal(await page.locator('video').count(), 0);
    await enter_pin(page);
    await finish(page, clinic);
  }));

test('what the engine cannot tell staff decide, looking at the patient', { skip }, () =>
  with_camera('R000395_b2024.jpg', async (browser) => {
    const page = await open_page(browser, clinic.desk(1), { bypassCSP: true });
    const reception = await open_page(browser, clinic.reception, { bypassCSP: true });
    await sign_in(reception, clinic.password);
    await choose_face(page, clinic, 'R000395_240x320_2000.j2k'); // the smallest card photo: just below the threshold
    await sees(page, 'wait_for_staff');
    await reception.waitForSelector('.desk.help');
    assert.deepEqual(await complaints(reception), []);
    await press(reception, '本人である');
    await finish(page, clinic);
  }));

test('a camera that was refused leaves the PIN, and says so', { skip }, async () => {
  const browser = await open_browser(); // no camera, no permission
  try {
    const page = await open_page(browser, clinic.desk(1), { bypassCSP: true });
    await choose_face(page, clinic);
    await page.getByRole('heading', { name: 'カメラを使えません' }).waitFor();
    assert.ok(!(await page.textContent('main')).includes('顔を枠内に'), 'nothing is asked for that cannot be');
    assert.deepEqual(await complaints(page), []);
    await press(page, '暗証番号を入力');
    await sees(page, 'enter_pin');
    await press(page, '終了する');
    await sees(page, 'take_card');
    await lift(page, clinic);
  } finally {
    await browser.close();
  }
});

test('a hub killed while a face is looked for goes on with it, and the PIN can still be chosen', { skip }, () =>
  with_camera(null, async (browser) => {
    const page = await open_page(browser, clinic.desk(1));
    await choose_face(page, clinic);
    await page.getByText('顔が見えません').waitFor();
    clinic.kill('hub');
    const until = Date.now() + wait_ms;
    do { // what is pressed while the hub is away is refused, and the patient is told to try again
      assert.ok(Date.now() < until, 'the hub came back, and took no choice');
      await press(page, '暗証番号を入力');
    } while (!(await page.waitForSelector('main[data-shown=enter_pin]', { timeout: 3000 }).catch(() => null)));
    await enter_pin(page);
    await finish(page, clinic);
    assert.deepEqual(page.wrong, []);
  }));

test('a hub killed after a face was accepted asks what was not answered again, and for no face', { skip }, () =>
  with_camera('C001080_b2024.jpg', async (browser) => {
    const page = await open_page(browser, clinic.desk(1));
    await choose_face(page, clinic);
    await sees(page, 'give_consents');
    await press(page, '3つの情報すべてに同意する');
    await sees(page, 'provide_information');
    clinic.kill('hub');
    await finish(page, clinic); // half an answer is no consent
    assert.deepEqual(page.wrong, []);
  }));

/** 照合番号B of a simulated person: birth date without its century, year of expiry, security code. */
function number_of(person) {
  const c = createHash('sha256').update(person).digest();
  const two = (n) => String(n).padStart(2, '0');
  const birth = `${1935 + c[0] % 75}${two(1 + c[1] % 12)}${two(1 + c[2] % 28)}`;
  return birth.slice(2) + (2030 + c[3] % 6) + (1000 + ((c[5] << 8 | c[6]) % 9000));
}

test('where the reader cannot read 照合番号B staff type it, and a wrong one costs one try', { skip }, async () => {
  const typing = await open_clinic(['--faces', faces, '--staff-type-number']);
  try {
    await with_camera('C001080_b2024.jpg', async (browser) => {
      const page = await open_page(browser, typing.desk(1), { bypassCSP: true });
      await choose_face(page, typing);
      for (const number of ['11111111111111', number_of(patient)]) {
        await sees(page, 'enter_check_number');
        assert.deepEqual(await complaints(page), []);
        await page.keyboard.type(number);
        await page.keyboard.press('Enter');
        if (number.startsWith('1111')) await page.getByText('番号が違います').waitFor();
      }
      await finish(page, typing);
    });
  } finally {
    await typing.close();
  }
});
