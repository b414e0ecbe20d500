'use strict';
// Text that a model wrote goes to the page as text alone: nothing here parses HTML but the server's
// own answer on a live page, whose scripts the page's policy does not run.
(() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const parse = (id) => JSON.parse(find('#' + id)?.textContent || '{}');
  const make = (tag, cls, text) => {
    const element = document.createElement(tag);
    if (cls) element.className = cls;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const svg = (tag, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const number = (value, percent) =>
    percent ? (100 * value).toFixed(1) + ' %' : String(Number(value.toPrecision(4)));

  // ---- values under the pointer
  let curves = parse('curves');
  const [WIDTH, LEFT, RIGHT] = [380, 48, 12];
  const nearest = (steps, step) => {
    let [low, high] = [0, steps.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (steps[middle] <= step) low = middle; else high = middle;
    }
    return Math.abs(steps[low] - step) <= Math.abs(steps[high] - step) ? low : high;
  };
  const point = (event) => {
    const figure = event.target.closest?.('figure[data-figure]');
    document.querySelectorAll('.tip, .cursor').forEach((old) => old.remove());
    const picture = figure && find('svg', figure);
    if (!picture || !picture.contains(event.target)) return;
    const shown = curves.figures[figure.dataset.figure];
    const box = picture.getBoundingClientRect();
    const along = ((event.clientX - box.left) / box.width * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT);
    const asked = shown.low + Math.min(1, Math.max(0, along)) * (shown.high - shown.low);
    const tip = make('div', 'tip');
    let step = null;
    for (const line of shown.lines) {
      const [steps, values] = curves.scalars[line.scalar];
      const at = nearest(steps, asked);
      if (step === null) step = steps[at];
      const row = make('div');
      row.append(make('i', 'c' + line.colour), line.name + ' ' + number(values[at], shown.percent));
      tip.append(row);
    }
    tip.prepend(make('b', '', 'step ' + step));
    const x = LEFT + (step - shown.low) / (shown.high - shown.low) * (WIDTH - LEFT - RIGHT);
    picture.append(svg('line', { class: 'cursor', x1: x, x2: x, y1: 10, y2: 176 }));
    figure.append(tip);
    const place = x / WIDTH * box.width;
    const left = place > box.width / 2 ? place - tip.offsetWidth - 8 : place + 8;
    tip.style.left = Math.max(0, left) + 'px';
  };
  document.addEventListener('pointermove', point);
  document.addEventListener('pointerdown', point);

  // ---- tasks and attempts
  let { tasks = [], rejected = [] } = parse('experience');
  const filters = find('#filters');
  const [byId, children] = [new Map(), new Map()];
  const relate = () => {
    byId.clear();
    children.clear();
    for (const task of tasks) byId.set(task.id, task);
    for (const { id, parents } of tasks) {
      for (const parent of parents) {
        if (!children.has(parent)) children.set(parent, []);
        children.get(parent).push(id);
      }
    }
  };
  relate();
  const haystack = new WeakMap();
  const words = (entry) => {
    if (!haystack.has(entry)) haystack.set(entry, JSON.stringify(entry).toLowerCase());
    return haystack.get(entry);
  };
  const PAGE = 40;
  let shownUntil = PAGE;
  // Tasks came while one was being read.
  let waiting = false;
  const options = (name, values) => {
    const select = filters.elements[name];
    const chosen = select.value;
    while (select.options.length > 1) select.remove(1);
    for (const value of [...new Set(values)].sort()) select.add(new Option(value, value));
    select.value = chosen;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
  };
  const fillVerdicts = () => {
    const isTask = filters.elements.role.value === 'task';
    options('verdict', isTask
      ? tasks.flatMap((task) => task.attempts.map((attempt) => attempt.status))
      : rejected.map((entry) => entry.cause));
    filters.elements.rate.disabled = !isTask;
  };
  const inRate = (rate, wanted) => ({
    '': true,
    none: rate === null,
    never: rate === 0,
    hard: rate > 0 && rate < 0.5,
    easy: rate !== null && rate >= 0.5 && rate < 1,
    always: rate === 1,
  })[wanted];
  const matches = () => {
    const value = (name) => filters.elements[name].value;
    const isTask = value('role') === 'task';
    // Words, and phrases in quotes. The data is JSON: they are looked for as JSON has them.
    const wanted = [...value('words').toLowerCase().matchAll(/"([^"]+)"|[^\s"]+/g)]
      .map(([word, phrase]) => JSON.stringify(phrase || word).slice(1, -1));
    const [from, to] = [Number(value('from') || 0), Number(value('to') || Infinity)];
    const verdict = value('verdict');
    const found = (isTask ? tasks : rejected).filter((entry) =>
      (!value('kind') || entry.kind === value('kind')) &&
      entry.step >= from && entry.step <= to &&
      (!verdict || (isTask ? entry.attempts.some((a) => a.status === verdict) : entry.cause === verdict)) &&
      (!isTask || inRate(entry.rate, value('rate'))) &&
      wanted.every((word) => words(entry).includes(word)));
    const hardness = (entry) => entry.rate > 0 ? entry.rate : entry.rate === 0 ? 2 : 3;
    const order = {
      hard: (a, b) => isTask ? hardness(a) - hardness(b) || b.n - a.n : b.step - a.step,
      new: (a, b) => b.step - a.step,
      old: (a, b) => a.step - b.step,
    }[value('sort')];
    return [found.sort(order), isTask];
  };
  // Pairs of texts, as of inputs and outputs, as people write them; any other text as it stands.
  const pairs = (text, between = '\n') => {
    if (!text.startsWith('[')) return text;
    let list;
    try { list = JSON.parse(text); } catch { return text; }
    const isPair = (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string');
    return list.length && list.every(isPair) ? list.map((pair) => pair.join(' → ')).join(between) : text;
  };
  const block = (parent, heading, text) => {
    parent.append(make('h3', '', heading), make('pre', '', text));
  };
  const lineage = (parent, heading, ids) => {
    if (!ids.length) return;
    parent.append(make('h3', '', heading));
    const line = make('div');
    for (const id of ids) {
      const short = id.slice(0, 8);
      if (byId.has(id)) {
        const link = make('a', '', short);
        link.href = '#task-' + id;
        link.addEventListener('click', (event) => { event.preventDefault(); reveal(id); });
        line.append(link, ' ');
      } else {
        line.append(short + ' (not in this page) ');
      }
    }
    parent.append(line);
  };
  const reward = (value) => value === null || value === undefined ? '' : 'reward ' + number(value);
  const attempt = (one) => {
    const row = make('div', 'attempt');
    const about = make('div');
    about.append(make('span', 'badge ' + one.status, one.status));
    if (one.times > 1) about.append(' ×' + one.times);
    about.append(make('br'), make('small', '', ['step ' + one.step, reward(one.reward),
      one.tokens + ' tokens' + (one.cut ? ', truncated' : '')].filter(Boolean).join(', ')));
    const said = make('div');
    said.append(make('pre', '', one.text || '(nothing)'));
    if (one.reason) said.append(make('small', '', one.reason));
    row.append(about, said);
    return row;
  };
  const inside = (entry, isTask) => {
    const box = make('div', 'inside');
    if (!isTask) {
      box.append(make('p', '', entry.detail));
      block(box, 'the proposal (' + [entry.tokens + ' tokens' + (entry.cut ? ', truncated' : ''),
        reward(entry.reward)].filter(Boolean).join(', ') + ')', entry.text);
      lineage(box, 'shown as references', entry.parents);
      return box;
    }
    for (const [name, text] of entry.public) if (text) block(box, name, pairs(text));
    for (const [name, text] of entry.secret) block(box, name + ' (hidden from the solver)', pairs(text));
    if (entry.metrics.length) {
      box.append(make('h3', '', 'measures'),
        make('div', 'facts', entry.metrics.map(([name, value]) => name + ' ' + value).join(', ')));
    }
    if (entry.proposal) {
      block(box, 'the proposal (' + ['step ' + entry.proposal.step,
        reward(entry.proposal.reward)].filter(Boolean).join(', ') + ')', entry.proposal.text);
    }
    lineage(box, 'proposed after seeing', entry.parents);
    lineage(box, 'shown to the proposer of', children.get(entry.id) || []);
    box.append(make('h3', '', 'attempts'));
    if (!entry.attempts.length) box.append(make('div', 'facts', 'none'));
    box.append(...entry.attempts.map(attempt));
    if (entry.hidden) box.append(make('div', 'facts', entry.hidden + ' more that differ are in experience.db'));
    return box;
  };
  const gist = (entry, isTask) => {
    const told = isTask
      ? entry.public.filter(([, text]) => text)
        .map(([name, text], idx) => (idx ? name + ': ' : '') + pairs(text, '; ')).join(' · ')
      : entry.text;
    return told.replace(/\s+/g, ' ').slice(0, 200);
  };
  const card = (entry, isTask) => {
    const details = make('details', 'entry');
    if (isTask) details.id = 'task-' + entry.id;
    const summary = make('summary');
    if (isTask) {
      const rate = entry.rate === null ? '–' : Math.round(100 * entry.rate) + ' %';
      summary.append(make('span', 'rate', rate));
    } else {
      summary.append(make('span', 'badge rejected', entry.cause));
    }
    const facts = [entry.kind, 'step ' + entry.step];
    if (isTask) facts.push(entry.n + ' attempts');
    summary.append(make('span', 'code', gist(entry, isTask)), make('span', 'facts', facts.join(' · ')));
    details.append(summary);
    details.addEventListener('toggle', () => {
      if (details.open && !find('.inside', details)) details.append(inside(entry, isTask));
      if (!details.open && waiting) list();
    });
    return details;
  };
  const list = () => {
    waiting = false;
    const [found, isTask] = matches();
    const noun = isTask ? 'task' : 'rejected proposal';
    find('#found').textContent = found.length + ' ' + noun + (found.length === 1 ? '' : 's');
    find('#list').replaceChildren(...found.slice(0, shownUntil).map((entry) => card(entry, isTask)));
    find('#further').hidden = found.length <= shownUntil;
  };
  const reveal = (id) => {
    filters.reset();
    fillVerdicts();
    filters.elements.words.value = id;
    list();
    const entry = document.getElementById('task-' + id);
    if (entry) { entry.open = true; entry.scrollIntoView({ block: 'start' }); }
  };
  const fillFilters = () => {
    options('kind', [...tasks, ...rejected].map((entry) => entry.kind));
    fillVerdicts();
  };
  if (filters) {
    fillFilters();
    filters.addEventListener('submit', (event) => event.preventDefault());
    filters.addEventListener('input', (event) => {
      if (event.target.name === 'role') fillVerdicts();
      shownUntil = PAGE;
      list();
    });
    find('#further').addEventListener('click', () => { shownUntil += PAGE; list(); });
    list();
  }

  // ---- a run that goes on: at each step its curves are drawn again, and tasks are added
  if (!('live' in document.documentElement.dataset)) return;
  const state = make('div');
  state.id = 'state';
  document.body.append(state);
  const KEPT = 4000;
  const merge = (news) => {
    if (!filters) return;
    const fresh = new Set(news.tasks.map((task) => task.id));
    tasks = [...news.tasks, ...tasks.filter((task) => !fresh.has(task.id))].slice(0, KEPT);
    const known = new Set(rejected.map((entry) => entry.seq));
    rejected = [...news.rejected.filter((entry) => !known.has(entry.seq)), ...rejected].slice(0, KEPT);
    const [nTasks, nAttempts, nRejected] = news.totals;
    find('#numbers').textContent = tasks.length + ' of ' + nTasks + ' tasks with ' + nAttempts +
      ' attempts in all, and ' + rejected.length + ' of ' + nRejected + ' rejected proposals, are in this page';
    relate();
    fillFilters();
    // What somebody reads stays where it is.
    if (!find('#list .entry[open]')) { list(); return; }
    if (!waiting) find('#found').textContent += '; newer ones come when the open one is closed';
    waiting = true;
  };
  // Sections that came with a later step are led to as well.
  const relink = () => {
    const headings = [...document.querySelectorAll('main section[id] > h2')];
    const nav = find('nav');
    if (nav.children.length === headings.length) return;
    nav.replaceChildren(...headings.map((heading) => {
      const link = make('a', '', heading.textContent);
      link.href = '#' + heading.parentElement.id;
      return link;
    }));
  };
  let [busy, again, ended] = [false, false, false];
  const refresh = async () => {
    const live = find('#live');
    if (!live) { location.reload(); return; }
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch('curves');
      if (!answer.ok) throw new Error(await answer.text());
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const open = [...live.querySelectorAll('details')].map((details) => details.open);
      live.replaceChildren(...fresh.body.childNodes);
      live.querySelectorAll('details').forEach((details, idx) => { details.open = Boolean(open[idx]); });
      curves = parse('curves');
      relink();
      state.textContent = (ended ? 'the run ended at step ' : 'live, step ') + curves.step;
    } catch (error) {
      state.textContent = 'not drawn: ' + error.message;
    }
    busy = false;
    if (again) { again = false; refresh(); }
  };
  const source = new EventSource('events' + (curves.step === undefined ? '' : '?from=' + curves.step));
  source.addEventListener('step', (event) => {
    const news = JSON.parse(event.data);
    if (news.tasks) merge(news);
    refresh();
  });
  source.addEventListener('end', () => {
    ended = true;
    source.close();
    refresh();
  });
  source.addEventListener('open', () => { state.textContent = 'live'; });
  source.addEventListener('error', () => {
    state.textContent = source.readyState === EventSource.CLOSED
      ? 'not live: too many pages are open, or the run ended'
      : 'the run does not answer; trying again';
  });
})();
