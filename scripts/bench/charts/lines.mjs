// Lines over a common scale that begins at zero.
import { drawing, round, text } from './style.mjs'

const [WIDTH, HEIGHT] = [860, 360]
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 250, 44, 310]
const MOST_STEPS = 5
const LINE_OF_TEXT = 17

/** A chart of `lines`, `{ id, name, points: [[x, y], …] }`; `axes` are the title of x and the words for y. */
export function lineChart(title, lines, axes) {
  const points = lines.flatMap(line => line.points)
  const [right, highest] = [Math.max(...points.map(([x]) => x)), Math.max(...points.map(([, y]) => y))]
  const step = roundStep(highest / MOST_STEPS)
  const top = Math.ceil(highest / step) * step
  const toX = x => LEFT + (x / right) * (WIDTH - LEFT - RIGHT)
  const toY = y => BOTTOM - (y / top) * (BOTTOM - TOP)
  const shapes = [text(0, 18, title, { kind: 'title' })]
  for (let value = 0; value <= top; value += step) {
    const y = toY(value)
    shapes.push(`<path class="axis" d="M${LEFT} ${round(y)}H${WIDTH - RIGHT}"/>`)
    shapes.push(text(LEFT - 8, y + 4, value === 0 ? '0' : axes.y(value), { anchor: 'end', kind: 'quiet' }))
  }
  for (const [x] of lines[0].points)
    shapes.push(text(toX(x), BOTTOM + 20, String(x), { anchor: 'middle', kind: 'quiet' }))
  shapes.push(text((LEFT + WIDTH - RIGHT) / 2, BOTTOM + 42, axes.x, { anchor: 'middle', kind: 'quiet' }))
  for (const { id, points } of lines) {
    const path = points.map(([x, y]) => `${round(toX(x))} ${round(toY(y))}`).join('L')
    shapes.push(`<path class="${id} line" d="M${path}"/>`)
  }
  shapes.push(...names(lines, toX(right) + 10, toY))
  return drawing(WIDTH, HEIGHT, title, shapes)
}

/** The lines' names at their ends, moved up where they would cover each other. */
function names(lines, x, toY) {
  let free = Number.POSITIVE_INFINITY
  return lines
    .map(({ id, name, points }) => ({ id, name, y: toY(points.at(-1)[1]) + 4 }))
    .sort((one, other) => other.y - one.y)
    .map(({ id, name, y }) => {
      const at = Math.min(y, free)
      free = at - LINE_OF_TEXT
      return text(x, at, name, { kind: id === 'ours' ? 'head' : '' })
    })
}

/** 1, 2 or 5 times a power of ten, and no less than `least`. */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * [1, 2, 5, 10].find(factor => factor * power >= least)
}
