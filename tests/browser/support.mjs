// What the browser tests share: a simulated clinic of real processes, Chromium, and hands that lay cards on readers.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const require = createRequire(path.join(process.env.UKETSUKE_BROWSER, 'package.json'));
const { chromium } = require('playwright-core');
const axe_source = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const wait_ms = 60_000; // for a step that takes a blink: this machine may be busy
export const languages = ['ja', 'ja-easy', 'en', 'zh', 'ko'];
export const pictures = path.join(process.env.UKETSUKE_BROWSER, 'pictures');
fs.mkdirSync(pictures, { recursive: true });

// -- the clinic ------------------------------------------------------------------------------------------------------

/** A clinic of two desks that stays up and does nothing by itself; without faces unless @p more words ask for them. */
export async function open_clinic(more = []) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uketsuke-browser-'));
  const story = path.join(folder, 'nothing.story');
  fs.writeFileSync(story, 'story: say The browser plays.\n');
  const words = ['simulate', '--desks', '2', '--story', story, '--data', path.join(folder, 'data'), '--port-base', '0',
    ...more];
  const { UKETSUKE_FACE_DIR: unused, ...env } = process.env;
  const program = spawn(process.env.UKETSUKE_PROGRAM, words, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let said = '';
  program.stdout.on('data', (d) => { said += d; });
  program.stderr.on('data', (d) => { said += d; });
  for (const until = Date.now() + wait_ms; !said.includes('The clinic stays up'); await pause(50))
    if (Date.now() > until || program.exitCode !== null) {
      program.kill('SIGKILL'); // its children die with it; left alone, it would hold this test run for ever
      throw new Error('no clinic: ' + said);
    }
  const found = (pattern) => said.match(pattern)?.[1];
  const run = found(/sockets\s+(\S+)/);
  return {
    reception: found(/reception (\S+)/), monitor: found(/monitor\s+(\S+)/), password: found(/password ([^)]+)\)/),
    accounts: found(/accounts\s+(\S+)/), administration: found(/administration: Kanri01 ([^;]+);/),
    records: found(/records\s+(\S+)/), viewing: found(/medical information: Iryou01 ([^)]+)\)/),
    sockets: run,
    desk: (n) => found(new RegExp(`desk-${n}\\s+(http\\S+)`)),
    rig: (n, line) => rig(path.join(run, `rig-desk-${n}`), line),
    /** A line of scripted hands at the hub, as an account; its answer. */
    say: (account, password, topic, body) => say(path.join(run, 'screen-hub'), account, password, topic, body),
    /** As a power cut would; simulate starts it again. */
    kill: (name) => process.kill(process_of(program.pid, name), 'SIGKILL'),
    /** Alive, and answers nothing; until it is thawed. */
    freeze: (name) => process.kill(process_of(program.pid, name), 'SIGSTOP'),
    thaw: (name) => process.kill(process_of(program.pid, name), 'SIGCONT'),
    journal: path.join(folder, 'data', 'journal'),
    folder,
    async close() {
      program.kill('SIGTERM');
      await new Promise((done) => program.once('exit', done));
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

function rig(socket, line) {
  return new Promise((done, failed) => {
    const hands = net.connect(socket, () => hands.write(line + '\n'));
    hands.once('error', failed);
    hands.once('data', (d) => {
      hands.end();
      if (String(d).startsWith('ok')) done();
      else failed(new Error(String(d)));
    });
  });
}

/** Signs in on the hub's line for scripted hands, and says one thing. */
function say(socket, account, password, topic, body) {
  return new Promise((done, failed) => {
    let came = '';
    const hands = net.connect(socket, () =>
      hands.write(JSON.stringify({ n: 1, topic: 'account.sign_in', body: { account, password } }) + '\n'));
    hands.once('error', failed);
    hands.on('data', (d) => {
      came += d;
      for (let end = came.indexOf('\n'); end >= 0; end = came.indexOf('\n')) {
        const line = JSON.parse(came.slice(0, end));
        came = came.slice(end + 1);
        if (line.error) failed(new Error(line.error.text_en));
        if (line.n === 1 && line.ok) hands.write(JSON.stringify({ n: 2, topic, body }) + '\n');
        if (line.n !== 2) continue;
        hands.end();
        done(line.body ?? {});
      }
    });
  });
}

function process_of(parent, name) {
  const children = fs.readdirSync(`/proc/${parent}/task`).flatMap((t) =>
    fs.readFileSync(`/proc/${parent}/task/${t}/children`, 'utf8').trim().split(' '));
  for (const pid of children.filter(Boolean))
    if (fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`/${name}.toml`)) return Number(pid);
  throw new Error('no process ' + name);
}

// -- the browser -----------------------------------------------------------------------------------------------------

export function open_browser(more = []) {
  return chromium.launch({ executablePath: process.env.UKETSUKE_CHROMIUM, headless: true, timeout: wait_ms, args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync', ...more] });
}

/** A page that notes what should never happen: an error of a script, or something the CSP had to stop. */
export async function open_page(browser, address, more = {}) {
  const context = await browser.newContext({ viewport: { width: 1080, height: 1920 }, ...more });
  context.setDefaultTimeout(wait_ms);
  const page = await context.newPage();
  page.wrong = [];
  page.on('pageerror', (e) => page.wrong.push(e.message));
  page.on('console', (m) => { if (/Content Security Policy/.test(m.text())) page.wrong.push(m.text()); });
  await page.goto(address);
  return page;
}

export const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** The Tab key until it has reached what is called @p name, then Enter. */
export async function tab_to(page, name) {
  for (let n = 0; n < 150; ++n) {
    if (await page.evaluate(() => document.activeElement.textContent) === name) return page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
  }
  throw new Error('no key leads to ' + name);
}

export async function sees(page, shown) {
  await page.waitForSelector(`main[data-shown="${shown}"]`);
}

export async function sign_in(page, password, account = 'Staff01') {
  await page.waitForSelector('[name=account]');
  await page.keyboard.type(account);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('header.top');
}

/** What axe-core has to complain about, in words. The page's context needs bypassCSP: axe is put in by evaluation. */
export async function complaints(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe_source);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), tags);
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`);
}
