#!/usr/bin/env node
// `npm test`: everything, from a clean clone on. `npm test -- rust`, `javascript`, `e2e` or `soak` does only that part;
// `nightly` is what takes too long for every change. `--as-built` takes what the last set-up has built.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { run } from './support/command.mjs'
import { nxVersions } from './support/nx-versions.mjs'
import { forThisPlatform, repository } from './support/paths.mjs'
import { setUp } from './support/set-up.mjs'
import { duration, print, styled } from './support/steps.mjs'
import { cargoCounts, nodeCounts, sum } from './support/test-counts.mjs'

const nodeTest = ['--test', '--test-reporter=spec']
/** A run of Nx often waits, for the server or for its own processes, so that another one has the machine to itself. */
const twoFiles = ['--test-concurrency=2']

/** Node 20 takes no patterns, so the test files are named one by one. */
function testFiles(directory, suffix) {
  const path = join(repository, directory)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .filter(name => name.endsWith(suffix))
    .map(name => join(directory, name))
}

const parts = {
  rust: {
    title: 'Rust',
    command: 'cargo',
    args: () => ['test', '--tests', '--no-fail-fast', ...forThisPlatform],
    counts: cargoCounts,
  },
  javascript: {
    title: 'JavaScript',
    command: 'node',
    args: () => ['--import', 'tsx', ...nodeTest, ...testFiles('__test__', '.test.ts')],
    counts: nodeCounts,
  },
  e2e: {
    title: 'Real Nx, end to end',
    command: 'node',
    args: () => [...nodeTest, ...twoFiles, ...testFiles('__test__/e2e', '.test.mjs')],
    counts: nodeCounts,
  },
  soak: {
    title: 'Soak',
    command: 'node',
    args: () => [...nodeTest, ...testFiles('__test__/soak', '.test.mjs')],
    counts: nodeCounts,
    // It mostly waits for faults to be over, and depends on no timing: it runs while others do.
    beside: true,
  },
  nightly: {
    title: 'Every version, a longer soak, the benchmark',
    command: 'node',
    args: () => [...nodeTest, ...twoFiles, ...nightlyFiles()],
    environment: { E2E_NX: Object.keys(nxVersions).join(), SOAK_SECONDS: '120' },
    counts: nodeCounts,
    onRequest: true,
  },
}

/** What depends on versions runs with all of them at night, and with the oldest and the newest for each change. */
function nightlyFiles() {
  const ofVersions = ['contract', 'keys'].map(name => `__test__/e2e/${name}.test.mjs`)
  return [...ofVersions, ...testFiles('__test__/nightly', '.test.mjs'), ...testFiles('__test__/soak', '.test.mjs')]
}

async function test(names, asBuilt) {
  const started = performance.now()
  if (!asBuilt) {
    heading('Set-up')
    await setUp()
  }
  const results = []
  const beside = []
  for (const name of [...names].sort((one, other) => order(one) - order(other))) {
    if (parts[name].beside) beside.push(runPart(parts[name]))
    else results.push(await runPart(parts[name]))
  }
  results.push(...(await Promise.all(beside)))
  heading('Summary')
  for (const { title, passed, failed, skipped, code, took } of results) {
    const mark = code === 0 ? styled('green', '✔') : styled('red', '✖')
    print(`  ${mark} ${title}: ${passed} passed, ${failed} failed, ${skipped} skipped ${styled('dim', took)}`)
  }
  const { passed, failed, skipped } = sum(results)
  print(`\n  ${styled('dim', `Everything took ${duration(started)}.`)}\n`)
  print(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`)
  return results.every(({ code }) => code === 0) && passed > 0
}

/** Rust keeps all cores busy; what runs beside another part starts after it. */
function order(name) {
  return name === 'rust' ? 0 : parts[name].beside ? 1 : 2
}

async function runPart({ title, command, args, environment, counts, beside }) {
  if (!beside) heading(title)
  const started = performance.now()
  const env = { ...process.env, FORCE_COLOR: undefined, ...environment }
  const outcome = await run(command, args(), {
    cwd: repository,
    env,
    timeout: 3_600_000,
    onOutput: text => beside || process.stdout.write(text),
  })
  if (beside) {
    heading(title)
    process.stdout.write(outcome.output)
  }
  const counted = counts(outcome.output)
  // A runner that fails without counting a failure (it does not compile, say) is one failure.
  if (outcome.code !== 0 && counted.failed === 0) counted.failed = 1
  return { title, ...counted, code: outcome.code, took: duration(started) }
}

function heading(title) {
  print(`\n${styled('bold', `── ${title} ${'─'.repeat(Math.max(0, 76 - title.length))}`)}\n`)
}

try {
  const options = { 'as-built': { type: 'boolean' } }
  const { values, positionals: names } = parseArgs({ options, allowPositionals: true })
  const unknown = names.find(name => !(name in parts))
  if (unknown) throw new Error(`there is no part "${unknown}"; the parts are ${Object.keys(parts).join(', ')}`)
  const everything = Object.keys(parts).filter(name => !parts[name].onRequest)
  process.exitCode = (await test(names.length > 0 ? names : everything, values['as-built'])) ? 0 : 1
} catch (error) {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
}
