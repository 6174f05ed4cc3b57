// One picture per step of docs/windows.md.
import { bracket, box, line, picture, text } from './svg.mjs';
import { columnX, events, strip, windowFrame } from './strip.mjs';

const timeline = () =>
  picture('The log, a compaction of seqs 2 to 4, and the timeline with its summary', 162, [
    ...strip(0, 'log', events('system user answer user call result answer user answer user')),
    ...strip(58, 'compaction', [
      { kind: 'none', name: ' ' },
      { kind: 'summary', span: 3, name: 'summary of 2 to 4' },
    ]),
    ...strip(116, 'timeline', [
      { kind: 'system', seq: 1 },
      { kind: 'summary', span: 3, name: 'summary', seq: '2 – 4' },
      ...events('call result answer user answer user', 5),
    ]),
  ]);

const groups = () =>
  picture('Groups: a call with its results, reasoning with what follows it', 68, [
    ...strip(0, 'timeline', events('user call result answer user reasoning call call result result')),
    bracket(columnX(0), columnX(1) - 8, 46, 'group'),
    bracket(columnX(1), columnX(3) - 8, 46, 'call, result: one group'),
    bracket(columnX(3), columnX(4) - 8, 46, 'group'),
    bracket(columnX(4), columnX(5) - 8, 46, 'group'),
    bracket(columnX(5), columnX(10) - 8, 46, 'reasoning, its calls and their results: one group'),
  ]);

const policy = () => {
  const row = (y, label, kinds) => strip(y, label, events(kinds), 13);
  return picture('last_n with limit 8 and trim_to 6: the start stands still for some appends', 218, [
    ...row(0, '8 events', 'user answer user answer user answer user answer - - - - -'),
    ...row(58, '9: trimmed', '-user -answer -user answer user answer user answer user - - - -'),
    ...row(116, '11: grown', '-user -answer -user answer user answer user answer user answer user - -'),
    ...row(
      174,
      '12: trimmed',
      '-user -answer -user -answer -user -answer user answer user answer user answer -',
    ),
  ]);
};

const pins = () =>
  picture('Pins stay in the window when the policy or a compaction would remove them', 78, [
    ...strip(6, 'log', events('system -user -answer user -answer -user -answer user answer user')),
    text(columnX(0) + 25, 76, 'head', 'note middle'),
    text(columnX(3) + 25, 76, 'pinned: true', 'note middle'),
    text(columnX(8) + 25, 76, 'selected by the policy', 'note middle'),
    windowFrame(6, 0, 1),
    windowFrame(6, 3, 4),
    windowFrame(6, 7, 10),
  ]);

const budget = () => {
  const [left, width] = [92, 596];
  const stepAt = (step) => left + (step * width) / 6;
  const bar = (y, label, fromStep, tokens) => [
    text(0, y + 17, label),
    box(left, y, (tokens * width) / 6, 26, 'summary out'),
    box(stepAt(fromStep), y, ((tokens - fromStep) * width) / 6, 26, 'answer', 'window'),
  ];
  return picture(
    'The window begins at a step of the running token total and grows until the budget is full',
    184,
    [
      ...[0, 1, 2, 3, 4, 5, 6].map((step) => line(stepAt(step), 18, stepAt(step), 168, 'line dashed')),
      ...[0, 1, 2, 3, 4, 5].map((step) =>
        text(stepAt(step), 10, step === 0 ? '0' : `${step * 2},000`, 'note middle'),
      ),
      text(0, 10, 'log, tokens', 'note'),
      ...bar(26, 'call 1', 0, 3.6),
      ...bar(62, 'call 2', 0, 3.95),
      ...bar(98, 'call 3', 1, 4.3),
      ...bar(134, 'call 4', 1, 4.7),
      text(
        0,
        182,
        'Budget 8,000, trim_ratio 0.75: a step is 2,000 tokens. With call 3 the log has 8,600 tokens: its window begins one step later.',
        'note',
      ),
    ],
  );
};

const shrink = () =>
  picture('The newest group does not fit: the outputs of its oldest results become placeholders', 124, [
    ...strip(0, 'newest group', [
      { kind: 'call', seq: 41 },
      { kind: 'result', seq: 42, span: 3 },
      { kind: 'call', seq: 43 },
      { kind: 'result', seq: 44, span: 4 },
      { kind: 'answer', seq: 45 },
    ]),
    ...strip(70, 'window', [
      { kind: 'call', seq: 41 },
      { kind: 'reduced', seq: 42 },
      { kind: 'call', seq: 43 },
      { kind: 'result', seq: 44, span: 4 },
      { kind: 'answer', seq: 45 },
    ]),
    line(columnX(8), 60, columnX(8), 112, 'line dashed'),
    text(columnX(8) + 6, 112, 'budget', 'note'),
  ]);

const overflow = () =>
  picture('An event larger than the budget is left out, and the older groups stay', 56, [
    ...strip(6, 'log', [
      ...events('system user answer user'),
      { kind: 'result', span: 6, isOut: true, name: '5: larger than the whole budget' },
    ]),
    windowFrame(6, 0, 4),
    text(columnX(4) + 8, 52, 'overflow: { "seq": 5, "tokens": 12000 }', 'note'),
  ]);

const repair = () =>
  picture('A result without its call is dropped, a call without a result receives one', 128, [
    ...strip(0, 'selected', [
      { kind: 'result', seq: 7 },
      { kind: 'answer', seq: 8 },
      { kind: 'user', seq: 9 },
      { kind: 'call', seq: 10 },
      { kind: 'none', name: ' ' },
      { kind: 'user', seq: 11 },
    ]),
    ...strip(64, 'window', [
      { kind: 'none', name: ' ' },
      { kind: 'answer', seq: 8 },
      { kind: 'user', seq: 9 },
      { kind: 'call', seq: 10 },
      { kind: 'added', seq: 10, name: 'result' },
      { kind: 'user', seq: 11 },
    ]),
    text(columnX(0), 124, 'result_without_call', 'note'),
    text(columnX(4), 124, 'call_without_result', 'note'),
  ]);

const formats = () => {
  const names = ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'ai-sdk'];
  const shapes = [
    '{ messages }',
    '{ input }',
    '{ system, messages }',
    '{ systemInstruction, contents }',
    '{ system, messages }',
  ];
  const y = (index) => index * 34;
  return picture('One window in five formats', 166, [
    box(0, 54, 150, 58, 'answer', 'window: messages', ''),
    ...names.flatMap((name, index) => [
      line(150, 83, 200, y(index) + 14),
      box(200, y(index), 160, 28, 'user', name, ''),
      text(376, y(index) + 18, `prompt: ${shapes[index]}`, 'note'),
    ]),
  ]);
};

/** The pictures by name. */
export const PICTURES = { timeline, groups, policy, pins, budget, shrink, overflow, repair, formats };
