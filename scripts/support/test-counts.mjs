// Reads what test runners say at their end, to sum it up in one line.
import { stripAnsi } from './command.mjs'

export function cargoCounts(output) {
  const lines = stripAnsi(output).matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)
  return sum([...lines].map(([, passed, failed, skipped]) => numbers({ passed, failed, skipped })))
}

export function nodeCounts(output) {
  const text = stripAnsi(output)
  const count = name => Number(text.match(new RegExp(`^\\S+ ${name} (\\d+)$`, 'm'))?.[1] ?? 0)
  return {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  }
}

export function sum(counts) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const each of counts) for (const name of Object.keys(total)) total[name] += each[name]
  return total
}

function numbers(texts) {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)]))
}
