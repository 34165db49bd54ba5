#!/usr/bin/env node
// `npm run soak -- [--minutes N] [--seed N]`: faults and kills at random for as long as you like, a fifth of the time a long
// and lossy link instead; ends with 1 when a promise was broken. `npm test` soaks for half a minute (`__test__/soak`).
import { parseArgs } from 'node:util'
import { soakFarAway } from './soak/far-away.mjs'
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
  const tally = await soak({ seconds: minutes * 48, seed, onRound: progress })
  process.stdout.write('\r')
  print(tally.text)
  print('\n66 ms away, with one packet in a hundred lost:')
  const far = await soakFarAway({ seconds: minutes * 12, seed })
  print(far.tally.calls.join('\n'))
  const broken = [...tally.broken, ...far.tally.broken]
  for (const each of broken) print(`BROKEN: ${each}`)
  const lost = tally.missing + far.tally.misses + far.tally.unfinished
  process.exitCode = broken.length > 0 || lost > 0 ? 1 : 0
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
