// What is run on a platform. Each suite resolves to how many tests passed, failed and were skipped, and the names of
// those that failed.
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { run, stripAnsi } from '../support/command.mjs'
import { newestNx } from '../support/nx-versions.mjs'
import { repository } from '../support/paths.mjs'
import { startS3Server } from '../support/s3-server.mjs'
import { storeAndRestore } from '../support/store-and-restore.mjs'
import { cargoCounts, nodeCounts, sum } from '../support/test-counts.mjs'
import { patient } from './places.mjs'
import { nxFor } from './tree.mjs'

export const suites = {
  rust: { title: 'Rust tests', run: rust },
  javascript: { title: 'JavaScript tests', run: javascript },
  contract: { title: 'store and retrieve', run: contract },
  nx: { title: `Nx ${newestNx}`, run: nx },
}

/** The tests of the library, then those of its parts together. */
async function rust({ platform, prepared, built, onOutput }) {
  const results = []
  for (const { name, executable } of built.tests) {
    const words = prepared.command([executable, '--test-threads=2', ...(platform.only?.[name] ?? [])])
    const outcome = await runIn(repository, words, { NO_COLOR: '1' }, onOutput)
    const failures = [...outcome.output.matchAll(/^test (\S+)(?: - should panic)? \.\.\. FAILED/gm)].map(
      ([, test]) => `${name}: ${test}`,
    )
    results.push(counted(cargoCounts(outcome.output), failures, outcome, name))
  }
  return total(results)
}

async function javascript({ prepared, tree, onOutput }) {
  const files = readdirSync(join(tree, '__test__')).filter(name => name.endsWith('.test.ts'))
  return total(
    await eachFile(
      files.map(name => join('__test__', name)),
      { prepared, tree, onOutput },
      {},
    ),
  )
}

async function contract({ prepared, tree, onOutput }) {
  const server = await startS3Server()
  try {
    const settings = { CONTRACT_SERVER: JSON.stringify(server.section()), ...server.environment }
    return total(await eachFile(['__test__/contract/contract.test.mjs'], { prepared, tree, onOutput }, settings))
  } finally {
    await server.stop()
  }
}

/** Each file in a process of its own, as it is in Wine that one of Node's can't read what another prints. */
async function eachFile(files, { prepared, tree, onOutput }, environment) {
  const results = []
  for (const file of files) {
    const words = prepared.command([prepared.node, '--import', 'tsx', '--test-reporter=tap', file])
    const outcome = await runIn(tree, words, { CI: 'false', ...environment }, onOutput)
    const failed = outcome.output.matchAll(/not ok \d+ - (.*)\n +---\n +duration_ms: .*\n +type: 'test'/g)
    const failures = [...failed].map(([, name]) => `${basename(file)}: ${name}`)
    const counts = nodeCounts(outcome.output)
    results.push(counted(counts, failures, outcome, file))
  }
  return results
}

/** A workspace is built, wiped and restored from the bucket. */
async function nx({ platform, prepared, tree }) {
  const installation = await nxFor(platform, newestNx)
  const outcome = await storeAndRestore({
    node: prepared.node,
    through: prepared.command([]),
    installation,
    plugin: join(tree, 'packed/node_modules'),
  })
  return {
    passed: outcome.restored.length,
    failed: outcome.problem ? 1 : 0,
    skipped: 0,
    failures: outcome.problem ? [outcome.problem] : [],
  }
}

function runIn(cwd, [command, ...words], environment, onOutput) {
  return run(command, words, { cwd, env: { ...process.env, ...environment }, ...patient, onOutput })
}

/** A program that ends badly without naming a test is a failure of its own. */
function counted(counts, failures, outcome, name) {
  if (outcome.code === 0 || counts.failed > 0) return { ...counts, failures }
  const end = stripAnsi(outcome.output).trim().split('\n').at(-1)
  return { ...counts, failed: 1, failures: [`${name} ended with ${outcome.code ?? outcome.signal}: ${end}`] }
}

function total(results) {
  return {
    ...sum(results.map(({ failures, ...counts }) => counts)),
    failures: results.flatMap(({ failures }) => failures),
  }
}

/** Runs a suite, and says how long it took. One that can't run at all is a failure. */
export async function timed(name, setting) {
  const started = performance.now()
  const broken = ({ message }) => ({ passed: 0, failed: 1, skipped: 0, failures: [`${name}: ${message}`] })
  const result = await suites[name].run(setting).catch(broken)
  return { ...result, seconds: Math.round((performance.now() - started) / 1000) }
}
