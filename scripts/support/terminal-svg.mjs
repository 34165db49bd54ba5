// A terminal's output as an SVG that any page can show: text that can be selected and searched, no fonts, no scripts.

const cell = { width: 8.4, height: 20 }
const padding = 18
const bar = 34

/** The look of a terminal, the same on light and dark pages. */
const colours = {
  background: '#0f1720',
  frame: '#2b3947',
  text: '#dbe5ee',
  1: 'font-weight:600',
  2: 'fill:#8fa1b3',
  31: 'fill:#ff8f8a',
  32: 'fill:#7ee2a8',
  33: 'fill:#f2cc60',
  34: 'fill:#79c0ff',
  35: 'fill:#e0aaff',
  36: 'fill:#6fdbe3',
}

/**
 * The picture of `lines`, which may have colours. If it is animated, lines appear one after the other, commands a little
 * later; whoever wants no motion sees all at once.
 */
export function terminalSvg(lines, { title, animated = false }) {
  const columns = Math.max(...lines.map(line => [...plain(line)].length))
  const width = Math.round(columns * cell.width + 2 * padding)
  const height = Math.round(bar + lines.length * cell.height + 1.5 * padding)
  const starts = startsOf(lines)
  const rows = lines.map((line, row) => text(line, row, animated ? starts[row] : undefined))
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style()}</style>`,
    `<rect width="${width}" height="${height}" rx="10" fill="${colours.background}" stroke="${colours.frame}"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (fill, dot) => `<circle cx="${20 + dot * 18}" cy="18" r="5.5" fill="${fill}"/>`,
    ),
    `<text class="c2" x="${width / 2}" y="22" text-anchor="middle">${escaped(title)}</text>`,
    ...rows.filter(Boolean),
    '</svg>',
  ].join('\n')}\n`
}

function style() {
  const font = 'font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace'
  const classes = Object.keys(colours).filter(code => /^\d+$/.test(code))
  return [
    `text{${font};fill:${colours.text};white-space:pre}`,
    ...classes.map(code => `.c${code}{${colours[code]}}`),
    '.l{animation:l .01s both}@keyframes l{from{opacity:0}}',
    '@media(prefers-reduced-motion:reduce){.l{animation:none}}',
  ].join('')
}

/** When each line appears, in seconds. */
function startsOf(lines) {
  let now = 0.4
  return lines.map(line => {
    const command = plain(line).trimStart().startsWith('$ ')
    now += command ? 0.9 : 0.09
    return now
  })
}

function text(line, row, start) {
  const y = bar + padding / 2 + (row + 0.7) * cell.height
  const spans = spansOf(line)
  if (spans.length === 0) return ''
  const parts = spans.map(({ column, text, codes }) => {
    const x = (padding + column * cell.width).toFixed(1)
    // The browser's font may be wider or narrower; columns stay where they are.
    const fit = `textLength="${([...text].length * cell.width).toFixed(1)}" lengthAdjust="spacingAndGlyphs"`
    const classes = codes.map(code => `c${code}`).join(' ')
    return `<tspan x="${x}" ${fit}${classes && ` class="${classes}"`}>${escaped(text)}</tspan>`
  })
  const motion = start === undefined ? '' : ` class="l" style="animation-delay:${start.toFixed(2)}s"`
  return `<text${motion} y="${y.toFixed(1)}">${parts.join('')}</text>`
}

/** The pieces of a line that look alike, each with the column where it begins. */
export function spansOf(line) {
  const spans = []
  let codes = []
  let column = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what ANSI escapes start with
  for (const [, escapes, text] of line.matchAll(/\u001b\[([\d;]*)m|([^\u001b]+)/g)) {
    if (escapes !== undefined) codes = applied(codes, escapes)
    else {
      // Blanks need no text of their own.
      const blanks = text.length - text.trimStart().length
      const visible = text.trim()
      if (visible) spans.push({ column: column + blanks, text: visible, codes })
      column += [...text].length
    }
  }
  return spans
}

/** The codes in effect after an escape sequence. */
function applied(codes, escapes) {
  let now = codes
  for (const code of escapes.split(';')) {
    if (code === '' || code === '0') now = []
    else if (code === '22') now = now.filter(other => other !== '1' && other !== '2')
    else if (code === '39') now = now.filter(other => other.length < 2)
    else now = [...now, code.replace(/^9([1-6])$/, '3$1')].filter(known => known in colours)
  }
  return now
}

/**
 * What a terminal shows after a program has printed `output`, line by line: of lines that were written over, the last
 * state. A style that goes on in the next line is repeated there.
 */
export function screenLines(output) {
  const lines = output.replaceAll('\r\n', '\n').split('\n').map(lastState)
  let open = ''
  return lines.map(line => {
    const styled = open + line
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what ANSI escapes start with
    for (const [code] of line.matchAll(/\u001b\[[\d;]*m/g)) open = /\[0?m/.test(code) ? '' : open + code
    return styled.trimEnd()
  })
}

function lastState(line) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what ANSI escapes start with
  const states = line.split(/\r|\u001b\[2K|\u001b\[1G|\u001b\[0K/)
  return states.findLast(state => plain(state) !== '') ?? line
}

export function plain(line) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what ANSI escapes start with
  return line.replace(/\u001b\[[\d;?]*[A-Za-z]/g, '')
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
