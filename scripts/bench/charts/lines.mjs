// Lines over a common scale that begins at zero.
import { drawing, round, text } from './style.mjs'

const [WIDTH, HEIGHT] = [860, 360]
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 250, 44, 310]
const STEPS = 4

/** A chart of `lines`, `{ id, name, points: [[x, y], …] }`; `axes` are the title of x and the words for y. */
export function lineChart(title, lines, axes) {
  const points = lines.flatMap(line => line.points)
  const [right, top] = [Math.max(...points.map(([x]) => x)), Math.max(...points.map(([, y]) => y))]
  const toX = x => LEFT + (x / right) * (WIDTH - LEFT - RIGHT)
  const toY = y => BOTTOM - (y / top) * (BOTTOM - TOP)
  const shapes = [text(0, 18, title, { kind: 'title' })]
  for (let step = 0; step <= STEPS; step++) {
    const [y, value] = [toY((top * step) / STEPS), (top * step) / STEPS]
    shapes.push(`<path class="axis" d="M${LEFT} ${round(y)}H${WIDTH - RIGHT}"/>`)
    shapes.push(text(LEFT - 8, y + 4, step === 0 ? '0' : axes.y(value), { anchor: 'end', kind: 'quiet' }))
  }
  for (const [x] of lines[0].points)
    shapes.push(text(toX(x), BOTTOM + 20, String(x), { anchor: 'middle', kind: 'quiet' }))
  shapes.push(text((LEFT + WIDTH - RIGHT) / 2, BOTTOM + 42, axes.x, { anchor: 'middle', kind: 'quiet' }))
  for (const line of lines) {
    const path = line.points.map(([x, y]) => `${round(toX(x))} ${round(toY(y))}`).join('L')
    const end = line.points.at(-1)
    shapes.push(`<path class="${line.id} line" d="M${path}"/>`)
    shapes.push(text(toX(end[0]) + 10, toY(end[1]) + 4, line.name, { kind: line.id === 'ours' ? 'head' : '' }))
  }
  return drawing(WIDTH, HEIGHT, title, shapes)
}
