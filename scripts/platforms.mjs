#!/usr/bin/env node
// `npm run test:platforms [name…]`: builds for other platforms on this machine (Debian or Ubuntu, as root), runs what can
// be run of them, and writes docs/platforms.md. Toolchains and emulators are installed into the user's cache directory.
import { parseArgs } from 'node:util'
import { build } from './platforms/build.mjs'
import { platforms } from './platforms/list.mjs'
import { writePage } from './platforms/page.mjs'
import { record, results } from './platforms/results.mjs'
import { suites, timed } from './platforms/suites.mjs'
import { tree } from './platforms/tree.mjs'
import { mustRun } from './support/command.mjs'
import { repository } from './support/paths.mjs'
import { setUp } from './support/set-up.mjs'
import { print, step, styled } from './support/steps.mjs'

const { values, positionals } = parseArgs({
  options: {
    'as-built': { type: 'boolean', default: false },
    suite: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})

const usage = `npm run test:platforms -- [--as-built] [--suite <name>]… [platform…]

  --as-built  take what the last set-up built for this machine
  --suite     only this suite, of ${Object.keys(suites).join(', ')}; written down unless the others ran on another commit

Platforms: ${platforms.map(({ name }) => name).join(', ')}`

function chosen() {
  const unknown = positionals.find(name => !platforms.some(platform => platform.name === name))
  if (unknown) throw new Error(`there is no platform "${unknown}".\n\n${usage}`)
  return positionals.length > 0 ? platforms.filter(({ name }) => positionals.includes(name)) : platforms
}

/** Builds for a platform, runs what can be run, and writes down each result; `undefined` when the build failed. */
async function run(platform) {
  print(`\n${styled('bold', platform.name)}`)
  try {
    const prepared = await step('Install', () => platform.prepare())
    const built = await step('Build', onOutput => build(platform, prepared, onOutput), { note: 'takes minutes' })
    const result = await begun(platform, built)
    write(platform, result)
    if (platform.runs.length === 0) return result
    result.with = await version(platform, prepared)
    const directory = await step('Lay out a tree', () => tree(platform, built))
    for (const name of platform.runs.filter(name => !values.suite || values.suite.includes(name))) {
      const setting = { platform, prepared, built, tree: directory }
      result.suites[name] = await step(suites[name].title, onOutput => timed(name, { ...setting, onOutput }))
      const { passed, failed, skipped, failures } = result.suites[name]
      print(`    ${passed} passed, ${failed} failed, ${skipped} skipped`)
      for (const failure of failures) print(`    ${styled('red', '✖')} ${failure}`)
      write(platform, result)
    }
    return result
  } catch (error) {
    print(styled('red', error.message))
  }
}

/** The result to fill in. With `--suite`, what other suites found on the same commit stays. */
async function begun({ name }, { seconds, crates, megabytes }) {
  const before = results()[name]
  const now = { date: new Date().toISOString().slice(0, 10), commit: await commit() }
  if (values.suite && before?.commit === now.commit) return before
  return { ...now, build: { seconds, crates, megabytes }, suites: {} }
}

/** Writes a result down; with `--suite` not over one of another commit. */
function write(platform, result) {
  const before = results()[platform.name]
  if (!values.suite || !before || before.commit === result.commit) record(platform, result)
  writePage()
}

/** The commit that is built, marked when there are changes; what this program writes is none. */
async function commit() {
  const { stdout } = await mustRun('git', ['rev-parse', '--short', 'HEAD'], { cwd: repository })
  const others = ['.', ':!docs/platforms', ':!docs/platforms.md']
  const changes = await mustRun('git', ['status', '--porcelain', '--', ...others], { cwd: repository })
  return stdout.trim() + (changes.stdout ? '-dirty' : '')
}

async function version({ emulator }, { node, command }) {
  const [program, ...words] = command([node, '--version'])
  const { stdout } = await mustRun(program, words)
  const [, number] = /^v(.*)$/m.exec(stdout) // among what an emulator says
  return [emulator, `Node ${number}`].filter(Boolean).join(', ')
}

async function main() {
  if (values.help) return print(usage)
  const wanted = chosen()
  if (!values['as-built']) await setUp()
  const broken = []
  for (const platform of wanted) {
    const result = await run(platform)
    if (!result || Object.values(result.suites).some(({ failed }) => failed > 0)) broken.push(platform.name)
  }
  print(`\n${wanted.length - broken.length} passed, ${broken.length} failed`)
  process.exitCode = broken.length === 0 ? 0 : 1
}

main().catch(error => {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
})
