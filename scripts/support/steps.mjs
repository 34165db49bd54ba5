// What the demo and the tests print while they work: one line a step, with its time.
import { performance } from 'node:perf_hooks'
import { stripAnsi } from './command.mjs'

const terminal = process.stdout.isTTY === true

const styles = { bold: 1, dim: 2, red: 31, green: 32, cyan: 36 }

/** Colours text where somebody can see colours. */
export function styled(style, text) {
  return terminal && !process.env.NO_COLOR ? `\u001b[${styles[style]}m${text}\u001b[0m` : text
}

export function print(line = '') {
  process.stdout.write(`${line}\n`)
}

/** Does a step of the work. The action gets a function for a program's output, whose last line shows in a terminal. */
export async function step(title, action, { note } = {}) {
  const started = performance.now()
  const live = terminal ? liveLine(title, note) : { update: () => {}, end: () => {} }
  if (!terminal && note) print(`  … ${title} (${note})`)
  try {
    const result = await action(live.update)
    live.end()
    print(`  ${styled('green', '✔')} ${title} ${styled('dim', duration(started))}`)
    return result
  } catch (error) {
    live.end()
    print(`  ${styled('red', '✖')} ${title} ${styled('dim', duration(started))}`)
    throw error
  }
}

function liveLine(title, note) {
  const show = text => {
    const width = (process.stdout.columns || 80) - 1
    process.stdout.write(`\r\u001b[2K${`  … ${title}${text ? ` · ${text}` : ''}`.slice(0, width)}`)
  }
  show(note)
  return {
    update: text => {
      const last = stripAnsi(text)
        .split('\n')
        .findLast(line => line.trim() !== '')
      if (last) show(last.trim())
    },
    end: () => process.stdout.write('\r\u001b[2K'),
  }
}

export function duration(started) {
  const seconds = (performance.now() - started) / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
