// Bars side by side: a panel for each group, each with a scale of its own.
import { drawing, round, text } from './style.mjs'

const WIDTH = 860
const NAMES = 250
const FIGURES = 80
const ROW = 24
const PANEL_GAP = 22

/** A chart of `panels`, `{ title, bars: [{ id, name, value }] }`; `words` says a value. */
export function barChart(title, panels, words) {
  const shapes = [text(0, 18, title, { kind: 'title' })]
  let y = 34
  for (const panel of panels) {
    y += PANEL_GAP
    shapes.push(text(0, y, panel.title, { kind: 'head' }), ...bars(panel.bars, y + 8, words))
    y += 8 + panel.bars.length * ROW
  }
  return drawing(WIDTH, y + 8, title, shapes)
}

function bars(values, top, words) {
  const longest = Math.max(...values.map(({ value }) => value))
  return values.flatMap(({ id, name, value }, index) => {
    const [y, width] = [top + index * ROW, (value / longest) * (WIDTH - NAMES - FIGURES)]
    return [
      text(NAMES - 10, y + 16, name, { anchor: 'end', kind: id === 'ours' ? 'head' : '' }),
      `<rect class="${id}" x="${NAMES}" y="${y + 3}" width="${round(Math.max(width, 1))}" height="${ROW - 6}" rx="2"/>`,
      text(NAMES + width + 8, y + 16, words(value), { kind: 'quiet' }),
    ]
  })
}
