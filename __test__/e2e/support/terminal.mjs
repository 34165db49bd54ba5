// A terminal for programs that behave otherwise without one.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The command that runs another one in a terminal, see `through` of a workspace's `nx`. */
export const inTerminal = ['python3', join(import.meta.dirname, 'in_terminal.py')]

/** Why there can be no terminal here; `false` when there can. */
export const noTerminal =
  spawnSync('python3', ['-c', 'import pty']).status === 0 ? false : 'needs python3 for a pseudo terminal'

/** Options of a run in a terminal that type an answer when its question appears: `[question, answer]`, in order. */
export function answering(questions) {
  const left = [...questions]
  let child
  let seen = ''
  return {
    stdio: ['pipe', 'pipe', 'pipe'],
    onStart: started => {
      child = started
    },
    onOutput: text => {
      seen += text
      if (left.length === 0 || !seen.includes(left[0][0])) return
      seen = ''
      child.stdin.write(`${left.shift()[1]}\r`)
    },
  }
}
