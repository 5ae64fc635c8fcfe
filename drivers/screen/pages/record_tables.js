// What one view of medical information shows: medicines by month, treatments by month, check-up values over the years.
import { el } from '/live.js';

const month_words = (m) => `${m.slice(0, 4)}年${Number(m.slice(4, 6))}月`;
const day_words = (d) => `${Number(d.slice(4, 6))}/${Number(d.slice(6, 8))}`;
const date_words = (d) => `${d.slice(0, 4)}/${d.slice(4, 6)}/${d.slice(6, 8)}`;
const source_words = { prescription: '処方（電子処方箋）', dispensing: '調剤（電子処方箋）', claim: 'レセプト' };

function table(label, heads, rows) {
  const head = el('thead', {}, el('tr', {}, heads.map((words) => el('th', { scope: 'col' }, words))));
  return el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label },
    el('table', {}, head, el('tbody', {}, rows)));
}

/** Newest month first: [[yyyyMM, items]]. */
function by_month(items) {
  const months = new Map();
  for (const one of items) {
    const month = one.day.slice(0, 6);
    months.set(month, [...(months.get(month) ?? []), one]);
  }
  return [...months].sort(([a], [b]) => b.localeCompare(a));
}

/** The same drug taken in the same way stands once a month, with its days; what a newer source says again is not. */
export function merged(drugs) {
  const all = new Map();
  for (const d of drugs.filter((one) => !one.replaced)) {
    const key = [d.code || d.name, d.quantity, d.unit, d.usage, d.institution].join('\n');
    const line = all.get(key) ?? { ...d, days: [] };
    const known = line.days.some((one) => one.day === d.day && one.times === d.times);
    if (!known) line.days.push({ day: d.day, times: d.times });
    all.set(key, line);
  }
  return [...all.values()];
}

function drug_tables(title, drugs) {
  return by_month(drugs).map(([month, items]) => {
    const older = items.filter((d) => d.replaced).length;
    const heads = ['薬剤', '成分', '用量', '用法', '日（日数・回数）', '医療機関', '元の情報'];
    return el('section', {}, el('h4', {}, month_words(month)), table(`${title} ${month_words(month)}`, heads,
      merged(items).map((d) => el('tr', {}, el('th', { scope: 'row' }, d.name), el('td', {}, d.ingredient),
        el('td', {}, d.quantity + d.unit), el('td', {}, [d.usage, d.instruction].filter(Boolean).join(' ')),
        el('td', {}, d.days.map((one) => day_words(one.day) + (one.times ? `（${one.times}）` : '')).join('、')),
        el('td', {}, d.institution_name || d.institution), el('td', {}, source_words[d.source] ?? '')))),
    older > 0 && el('p', { class: 'quiet' }, `より新しい情報に置き換えられた ${older} 件は表示していません。`));
  });
}

function treatment_tables(title, treatments) {
  return by_month(treatments).map(([month, items]) => el('section', {}, el('h4', {}, month_words(month)),
    table(`${title} ${month_words(month)}`, ['日', '医療機関', '診療識別', '診療行為', '数量', '回数'], items.map((t) => el('tr', {},
      el('td', {}, day_words(t.day)), el('td', {}, t.institution_name || t.institution),
      el('td', {}, t.treatment_class),
      el('th', { scope: 'row' }, t.name), el('td', { class: 'number' }, t.quantity + t.unit),
      el('td', { class: 'number' }, t.times))))));
}

/** A line over the years; drawn for numbers only. What it shows is said in words, too. */
function trend(name, points) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const part = (tag, attributes) => {
    const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [key, v] of Object.entries(attributes)) e.setAttribute(key, v);
    svg.append(e);
  };
  const values = points.map((p) => p.number), least = Math.min(...values), most = Math.max(...values);
  const x = (n) => 8 + n * (128 / Math.max(1, points.length - 1));
  const y = (v) => (most === least ? 20 : 34 - ((v - least) / (most - least)) * 28);
  svg.setAttribute('viewBox', '0 0 144 40');
  svg.setAttribute('class', 'trend');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `${name}の推移：` + points.map((p) => `${p.day.slice(0, 4)}年 ${p.value}`).join('、'));
  part('polyline', { points: points.map((p, n) => `${x(n)},${y(p.number)}`).join(' ') });
  points.forEach((p, n) => part('circle', { cx: x(n), cy: y(p.number), r: 3 }));
  return svg;
}

/** An item a row, a check-up a column, the newest first. */
function checkup_table(title, values) {
  const days = [...new Set(values.map((v) => v.day))].sort().reverse().slice(0, 5);
  const items = new Map();
  for (const v of values) items.set(v.code || v.name, [...(items.get(v.code || v.name) ?? []), v]);
  return table(`${title} 一覧`, ['項目', ...days.map(date_words), '推移'], [...items.values()].map((all) => {
    const at = (day) => all.find((v) => v.day === day);
    const numbers = all.filter((v) => v.value !== '' && Number.isFinite(Number(v.value)))
      .map((v) => ({ day: v.day, value: v.value + v.unit, number: Number(v.value) }))
      .sort((a, b) => a.day.localeCompare(b.day));
    return el('tr', {}, el('th', { scope: 'row' }, all[0].name), days.map((day) => {
      const v = at(day);
      return el('td', { class: 'number' }, v ? v.meaning || v.value + (v.unit ? ' ' + v.unit : '') : '—');
    }), el('td', {}, numbers.length > 1 ? trend(all[0].name, numbers) : '—'));
  }));
}

/** The contents of a view, by kind of information. */
export function contents_of(title, kind, found) {
  const shown = kind === 'drugs' ? drug_tables(title, found.drugs ?? [])
    : kind === 'checkup' ? ((found.checkups ?? []).length > 0 ? [checkup_table(title, found.checkups)] : [])
      : treatment_tables(title, found.treatments ?? []);
  return shown.length > 0 ? shown : [el('p', { class: 'quiet' }, 'この期間の情報はありません。')];
}
