#!/usr/bin/env node
// `npm run soak -- [--minutes N] [--seed N]`: faults and kills at random for as long as you like; ends with 1 when a
// promise was broken. `npm test` soaks for half a minute (`__test__/soak`).
import { parseArgs } from 'node:util'
import { soak } from './soak/soak.mjs'
import { setUp } from './support/set-up.mjs'
import { print } from './support/steps.mjs'

try {
  const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } })
  const minutes = number('--minutes', values.minutes ?? '10')
  const seed = number('--seed', values.seed ?? String(Date.now() % 1_000_000))
  await setUp()
  print(
    `\nSoaking for ${minutes} min with seed ${seed} (--seed ${seed} repeats its artifacts, operations and weather)\n`,
  )
  const tally = await soak({ seconds: minutes * 60, seed, onRound: progress })
  process.stdout.write('\r')
  print(tally.text)
  const broken = [...tally.mismatches, ...tally.rejected, ...tally.crashed, ...tally.hung, ...tally.leftovers]
  for (const each of broken) print(`BROKEN: ${typeof each === 'string' ? each : JSON.stringify(each)}`)
  process.exitCode = broken.length > 0 || tally.missing > 0 ? 1 : 0
} catch (error) {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 2
}

function number(name, text) {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`${name} takes a number above 0, not ${JSON.stringify(text)}`)
  return value
}

function progress(tally, faulty) {
  if (process.stdout.isTTY) process.stdout.write(`\r${tally.operations} operations, ${faulty.requests} requests… `)
}
