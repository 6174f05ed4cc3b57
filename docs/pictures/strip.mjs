// A row of events, drawn as boxes.
import { box, faded, text } from './svg.mjs';

const LABEL_WIDTH = 92;
const GAP = 4;
const HEIGHT = 30;

const LABELS = { reduced: 'removed', added: 'added' };

/**
 * @param y of the boxes
 * @param label on the left
 * @param events `kind` is a class of the style; `seq`; `isOut`: not in the window; `span`: of how many columns; `name` on the box
 * @param columns how many columns the row has
 */
export function strip(y, label, events, columns = 10) {
  const width = (688 - LABEL_WIDTH) / columns;
  const elements = [text(0, y + HEIGHT / 2 + 4, label)];
  let column = 0;
  for (const { kind, seq, isOut, span = 1, name = LABELS[kind] ?? kind } of events) {
    const x = LABEL_WIDTH + column * width;
    const boxWidth = span * width - GAP;
    const drawn =
      box(x, y, boxWidth, HEIGHT, kind, name) +
      (seq === undefined ? '' : text(x + boxWidth / 2, y + HEIGHT + 12, String(seq), 'note middle'));
    elements.push(isOut ? faded(drawn) : drawn);
    column += span;
  }
  return elements;
}

/** The left edge of a column, in pixels. */
export function columnX(column, columns = 10) {
  return LABEL_WIDTH + (column * (688 - LABEL_WIDTH)) / columns;
}

/** Events in columns; a kind that begins with `-` is not in the window, and `.` is an empty column. */
export function events(kinds, firstSeq = 1) {
  return kinds
    .split(' ')
    .map((kind, index) =>
      kind === '-'
        ? { kind: 'none', name: ' ' }
        : { kind: kind.replace('-', ''), seq: firstSeq + index, isOut: kind.startsWith('-') },
    );
}

/** A frame around columns and their seqs: what is in the window. */
export function windowFrame(y, fromColumn, toColumn, columns = 10) {
  const x = columnX(fromColumn, columns) - 4;
  return box(x, y - 5, columnX(toColumn, columns) - x, HEIGHT + 24, 'window');
}
