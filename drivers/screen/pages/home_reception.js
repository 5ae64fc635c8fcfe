// SIMULATED: マイナ在宅受付Web. The patient chooses, reviews, types the PIN, holds the card, and reads that it is registered;
// in the words of the quick guide's parts 2 and 3. What was chosen is in this page's memory only, until it is sent.
import { Live, about, el } from '/live.js';
import { pin_screen } from '/pin.js';

const live = new Live('home_reception');
const token = new URLSearchParams(location.search).get('at') ?? '';
const booked = new URLSearchParams(location.search).get('day') ?? ''; // by the app that this was opened from
const double_press_ms = 700; // a second press of 決定 is no answer to what it brought
const kinds = ['surgery', 'medicine', 'checkup', 'limit'];
const short = { surgery: '手術情報', medicine: '診療・薬剤情報', checkup: '特定健診等情報', limit: '限度額情報等' };

/** What went wrong, and what to do about it. */
const troubles = {
  wrong_card: 'このカードは使えません。ご本人のマイナンバーカードか、電子証明書の有効期限をお確かめください。',
  nobody: 'このカードの方の健康保険の資格が見つかりません。医療機関にお問い合わせください。',
  nothing_to_end: 'この医療機関に登録されている同意はありません。取り消すものがないので、このまま閉じてください。',
  wrong_day: '診療予約日をもう一度お確かめください。今日か、今日より後の日付が必要です。',
  card_failed: 'カードを読み取れませんでした。カードを離して、もう一度かざしてください。',
  busy: 'ただいま混み合っています。しばらくしてから、もう一度お試しください。',
  pin_missing: '時間がたったため、暗証番号をもう一度入力してください。',
  line_lost: '通信が途切れました。電波のよいところで、もう一度お試しください。まだ登録されていないことがあります。',
};

let words = null; // of the kiosk: the same questions, the same PIN pad
let place = null; // {institution, online, cards}
let node = { simulated: true };
let at = 'opening';
let asked = 0; // which of the kinds
let reviewed = false; // an answer is being changed: back to the review
let ending = false; // the patient ends what they consented to
let choices = {};
let day = '';
let card = '';
let result = null;
let step = {}; // of the PIN pad
let wrong = false, tries_left = 3, last = false, shown_ms = 0;
let note = '';

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
const button = (text, act, kind = '', key = null) =>
  el('button', { type: 'button', class: kind, onclick: act, 'data-key': key }, text);
const care = () => (place?.online ? 'オンライン診療等' : '訪問診療等');

/** Today in Japan, wherever this phone thinks it is: yyyy-mm-dd. */
const today = () => new Date(Date.now() + 9 * 3600_000).toISOString().slice(0, 10);
const is_day = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
const in_words = (text) => new Date(`${text}T00:00:00`).toLocaleDateString('ja-JP', { dateStyle: 'full' });
const time_in_words = (t) => `${Number(t.slice(0, 4))}年${Number(t.slice(4, 6))}月${Number(t.slice(6, 8))}日 `
  + `${t.slice(8, 10)}時${t.slice(10, 12)}分`;

function go(to) {
  at = to;
  note = '';
  shown_ms = Date.now();
  draw(true);
}

/** A press that is not the second half of the one before. */
const once = (act) => () => { if (Date.now() > shown_ms + double_press_ms) act(); };

// -- choosing --------------------------------------------------------------------------------------------------------

function begin(as_ending) {
  ending = as_ending;
  choices = {};
  asked = 0;
  reviewed = false;
  if (ending) return go('review');
  go(place.online && !day ? 'day' : 'choose');
}

function welcome() {
  return [
    place.online && day && el('dl', { class: 'facts' },
      el('div', {}, el('dt', {}, '診療予約日'), el('dd', {}, in_words(day)))),
    el('p', {}, `${care()}のために、過去の診療などの情報を医療機関に提供することへの同意を登録します。`),
    el('p', { class: 'notice' }, `医療機関コード：${place.institution}`),
    el('p', {}, 'マイナンバーカードと、4桁の暗証番号（利用者証明用電子証明書）をご用意ください。'),
    el('div', { class: 'choices' }, button('はじめる', () => begin(false), 'main', 'begin')),
    !place.online && el('details', {}, el('summary', {}, '職員の方へ'),
      el('p', {}, '手術情報・薬剤情報・特定健診情報・限度額情報等の閲覧同意の内容選択をご案内ください。'),
      el('p', {}, '選ぶのも、暗証番号を入力するのも、患者さんご本人です。最後の画面で、同意登録の完了を確認してください。')),
    el('div', { class: 'quiet' }, button('登録した同意を取り消す', () => begin(true), '', 'end')),
  ];
}

function choose_day() {
  const input = el('input', { type: 'date', id: 'day', required: true, min: today() });
  input.value = day;
  return [
    el('label', { class: 'day' }, '診療予約日', input),
    el('div', { class: 'choices' }, button('次へ', () => {
      if (!is_day(input.value) || input.value < today()) return tell(troubles.wrong_day);
      day = input.value;
      go(reviewed ? 'review' : 'choose');
    }, 'main', 'next')),
    el('div', { class: 'quiet' }, button('前にもどる', () => go(reviewed ? 'review' : 'welcome'))),
  ];
}

const question = (kind) => (kind === 'limit' ? words.provide_information.limit : words.give_consents[kind]);

function choose() {
  const kind = kinds[asked];
  const of = kind === 'limit' ? words.provide_information : words.give_consents;
  const answer = (yes) => () => {
    choices[kind] = yes;
    if (!reviewed && asked + 1 < kinds.length) {
      ++asked;
      go('choose');
    } else go('review');
  };
  const back = () => {
    if (reviewed) return go('review');
    if (asked === 0) return go(place.online && !booked ? 'day' : 'welcome');
    --asked;
    go('choose');
  };
  return [
    el('p', { class: 'step' }, `${asked + 1} / ${kinds.length}　${short[kind]}`),
    el('p', { class: 'question', id: 'question' }, question(kind)),
    el('p', {}, kind === 'limit' ? of.limit_p : of.use),
    el('div', { class: 'choices', role: 'group', 'aria-labelledby': 'question' },
      button(of.yes, answer(true), 'answer', 'yes'), button(of.no, answer(false), 'answer', 'no')),
    el('div', { class: 'quiet' }, button('前にもどる', back)),
  ];
}

/** What was chosen; @p change: with a way back to each. */
function chosen(change) {
  const row = (name, said, yes, act) => el('div', {}, el('dt', {}, name), el('dd', { class: yes ? 'yes' : '' },
    el('span', {}, said), change && act && el('button', { type: 'button', 'aria-label': `${name}を選び直す`, onclick: act },
      '選び直す')));
  return el('dl', { class: 'facts' },
    place.online && day && row('診療予約日', in_words(day), false, booked ? null : () => go('day')),
    kinds.map((kind, n) => row(short[kind], kind === 'limit'
      ? (choices[kind] ? '提供する' : '提供しない') : (choices[kind] ? '同意する' : '同意しない'), choices[kind], () => {
      asked = n;
      reviewed = true;
      go('choose');
    })));
}

function review() {
  reviewed = true;
  const next = () => {
    step = {};
    wrong = false;
    last = false;
    go('pin');
  };
  if (ending)
    return [
      el('p', {}, `この医療機関に登録した、${care()}の同意をすべて取り消します。取り消すと、医療機関は情報を閲覧できなくなります。`),
      el('div', { class: 'choices' }, button('取り消す（本人確認に進む）', once(next), 'main', 'next'),
        button('やめる', () => go('welcome'), '', 'stop')),
    ];
  return [
    el('p', {}, '選んだ内容をお確かめください。'), chosen(true),
    el('div', { class: 'choices' }, button('この内容で進む', once(next), 'main', 'next')),
    el('div', { class: 'quiet' }, button('最初からやり直す', () => go('welcome'))),
  ];
}

// -- the card --------------------------------------------------------------------------------------------------------

function pin() {
  return pin_screen({
    words: words.enter_pin, fill, step, wrong, tries_left, note: step.note,
    stop: () => el('div', { class: 'quiet' }, button('前にもどる', () => go('review'))),
    send: async (digits) => {
      live.press_pin(digits);
      go('card');
    },
  });
}

function hold_card() {
  const which = el('select', { id: 'held', onchange: () => { card = which.value; } },
    place.cards.map((c) => el('option', { value: c.id }, `${c.name}（${c.id}）`)));
  if (card) which.value = card;
  card = which.value;
  return [
    el('p', {}, 'マイナンバーカードを、スマートフォン（またはカードリーダー）にぴったり当て、読み取りが終わるまで動かさないでください。'),
    el('div', { class: 'played' }, el('p', {}, '模擬（SIMULATED）：かざすカードを選びます。実際の画面にはありません。'),
      el('label', { class: 'day' }, 'かざすカード', which)),
    el('div', { class: 'choices' }, button('カードをかざす', once(() => read_card(false)), 'main', 'hold')),
    el('div', { class: 'quiet' }, button('前にもどる', () => go('review'))),
  ];
}

function last_try() {
  return [
    el('p', { class: 'warning', role: 'alert' }, words.last_try.p),
    el('div', { class: 'choices' }, button(words.last_try.go, once(() => read_card(true)), 'main', 'go'),
      button(words.last_try.again, () => {
        step = {};
        go('pin');
      }, '', 'again')),
  ];
}

async function read_card(confirms) {
  go('reading');
  const body = { at: token, card, withdraw: ending, confirms };
  if (!ending) Object.assign(body, choices);
  if (!ending && place.online) body.day = day.replaceAll('-', '');
  try {
    result = (await live.say('home.register', body)).body;
    go('done');
  } catch (why) {
    refused(why);
  }
}

function refused(why) {
  if (why.name === 'last_try') return go('last_try');
  if (why.name === 'pin_blocked' || why.name === 'unknown_address') return go(why.name);
  if (why.name === 'nobody' || why.name === 'nothing_to_end') return stop_at(why.name);
  if (why.name === 'wrong_pin' || why.name === 'pin_missing') {
    tries_left = why.tries_left ?? 3;
    wrong = why.name === 'wrong_pin';
    step = { note: wrong ? null : troubles.pin_missing };
    return go('pin');
  }
  go(why.name === 'wrong_day' ? 'day' : 'pin');
  step = {};
  tell(troubles[why.name] ?? troubles.busy);
}

function stop_at(name) {
  result = { trouble: troubles[name] };
  go('not_done');
}

function done() {
  return [
    el('p', { class: 'done', role: 'status' }, ending ? `${result.name} さんの同意を取り消しました。`
      : `${result.name} さんの同意を登録しました。`),
    !ending && chosen(false),
    el('p', {}, `${ending ? '取り消した' : '登録した'}日時：${time_in_words(result.registered)}`),
    !ending && place.online && el('p', {}, '予約の日になりましたら、医療機関からの案内をお待ちください。'),
    !ending && !place.online && el('p', {}, '職員の方は、同意登録の完了を確認してください。'),
    el('p', {}, 'この画面は閉じてかまいません。'),
  ];
}

// -- drawing ---------------------------------------------------------------------------------------------------------

const screens = {
  opening: ['お待ちください', () => el('div', { class: 'waiting' })],
  unknown_address: ['このページは使えません', () => el('p', {},
    'アドレスが新しくなったか、間違っています。医療機関から、もう一度アドレスか二次元コードを受け取ってください。')],
  welcome: [() => `マイナ在宅受付Web（${care()}）`, welcome],
  day: ['診療予約日の確認', choose_day],
  choose: ['同意内容の選択', choose],
  review: [() => (ending ? '同意の取消し' : '同意内容の確認'), review],
  pin: ['暗証番号の入力', pin],
  card: ['マイナンバーカードの読み取り', hold_card],
  last_try: [() => words.last_try.h, last_try],
  reading: ['カードを読み取っています', () => [el('div', { class: 'waiting' }),
    el('p', { role: 'status' }, 'カードを動かさずに、そのままお待ちください。')]],
  pin_blocked: ['暗証番号がロックされています', () => el('p', { class: 'warning' },
    '続けて間違えたため、この暗証番号は使えません。市区町村の窓口で、暗証番号の再設定をしてください。同意は登録されていません。')],
  not_done: [() => (ending ? '取り消していません' : '登録していません'), () => el('p', {}, result?.trouble ?? '')],
  done: [() => (ending ? '同意取消し完了' : '同意登録完了'), done],
};

function tell(text) {
  note = text;
  document.querySelector('footer [role=status]').textContent = text;
}

function draw(moved = false) {
  const [heading, content] = screens[at];
  const title = typeof heading === 'function' ? heading() : heading;
  document.title = `${title}｜マイナ在宅受付Web（模擬）`;
  document.body.replaceChildren(
    node.simulated ? el('aside', { class: 'simulated' },
      '模擬（SIMULATED）：本物のマイナ在宅受付Webではありません。同意はどこにも届きません。') : '',
    el('div', { id: 'page' },
      el('main', { 'data-shown': at }, el('h1', { tabindex: -1 }, title), content()),
      el('footer', {}, el('div', { role: 'status', 'aria-live': 'polite' }, note))));
  if (moved) document.querySelector('h1').focus();
}

async function open_place() {
  try {
    place = (await live.say('home.open', { at: token })).body;
    if (at === 'opening') go('welcome');
    if (note === troubles.line_lost) tell('');
  } catch (why) {
    if (why.name !== 'line_lost') go('unknown_address');
  }
}

words = await (await fetch('/words/ja.json')).json();
node = await about();
if (is_day(booked)) day = booked;
live.addEventListener('line', () => {
  if (live.there) open_place();
  else if (at !== 'done') tell(troubles.line_lost);
});
draw();
live.open();
