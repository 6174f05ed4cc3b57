// Elements of a picture. A picture has a card of its own, so that it can be read on a light and on a dark page.

const WIDTH = 720;
const PADDING = 16;

const STYLE = `
.card { fill: #f6f8fa; stroke: #d0d7de }
text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
.small { font-size: 10px }
.note { font-size: 11px; fill: #57606a }
.middle { text-anchor: middle }
.right { text-anchor: end }
.line { stroke: #57606a; fill: none }
.dashed { stroke-dasharray: 4 3 }
.out { opacity: 0.3 }
.system { fill: #e6d9fb; stroke: #8250df }
.user { fill: #cfe5ff; stroke: #0969da }
.answer { fill: #d2f3d9; stroke: #1a7f37 }
.call { fill: #fff1c2; stroke: #9a6700 }
.result { fill: #ffe0cc; stroke: #bc4c00 }
.reasoning { fill: #f0e6d8; stroke: #7d5a36 }
.summary { fill: #dde2e8; stroke: #424a53 }
.added { fill: #ffd9e2; stroke: #bf3989; stroke-dasharray: 4 3 }
.reduced { fill: #ffffff; stroke: #bc4c00; stroke-dasharray: 4 3 }
.none { fill: none; stroke: none }
.window { fill: none; stroke: #1f2328; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  .card { fill: #161b22; stroke: #30363d }
  text { fill: #e6edf3 }
  .note { fill: #9da7b3 }
  .line { stroke: #9da7b3 }
  .system { fill: #3c2a63; stroke: #a371f7 }
  .user { fill: #10345f; stroke: #58a6ff }
  .answer { fill: #12391e; stroke: #3fb950 }
  .call { fill: #41300a; stroke: #d29922 }
  .result { fill: #4a2509; stroke: #f0883e }
  .reasoning { fill: #37291a; stroke: #b08a5f }
  .summary { fill: #2d333b; stroke: #8b949e }
  .added { fill: #47152c; stroke: #f778ba }
  .reduced { fill: #161b22; stroke: #f0883e }
  .window { stroke: #e6edf3 }
}`;

/**
 * A picture as the text of an SVG file.
 *
 * @param title what a screen reader says
 * @param height of the content, in pixels
 * @param elements with y from 0 on
 */
export function picture(title, height, elements) {
  const outer = height + 2 * PADDING;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${outer}" width="${WIDTH}" height="${outer}" role="img">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${outer - 1}" rx="8"/>
<g transform="translate(${PADDING} ${PADDING})">
${elements.join('\n')}
</g>
</svg>
`;
}

export function text(x, y, content, classes = '') {
  return `<text x="${x}" y="${y}"${classes && ` class="${classes}"`}>${escaped(content)}</text>`;
}

/** A box with a label in its middle. */
export function box(x, y, width, height, classes, label = '', labelClasses = 'small') {
  const rect = `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" class="${classes}"/>`;
  return label ? rect + text(x + width / 2, y + height / 2 + 4, label, `${labelClasses} middle`) : rect;
}

export function line(x1, y1, x2, y2, classes = 'line') {
  return `<path d="M${x1} ${y1}L${x2} ${y2}" class="${classes}"/>`;
}

/** A bracket under elements, with a label below it. */
export function bracket(x1, x2, y, label) {
  const path = `<path d="M${x1} ${y}v6H${x2}v-6" class="line"/>`;
  return path + text((x1 + x2) / 2, y + 20, label, 'note middle');
}

export function faded(element) {
  return `<g class="out">${element}</g>`;
}

function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
