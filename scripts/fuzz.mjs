#!/usr/bin/env node
// `npm run fuzz -- [--minutes N] [target…]`: fuzzes the targets one after the other, each for an equal share of the time.
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mustRun, run } from './support/command.mjs'
import { repository, target as targetDirectory } from './support/paths.mjs'
import { print, step, styled } from './support/steps.mjs'

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '60' } },
  allowPositionals: true,
})

/** Archives of more than a few records only make the fuzzer slow. */
const longest = 16_384

const builds = join(targetDirectory, 'fuzz')

/** Builds the targets. It takes a nightly compiler, or one that is told to act as one. */
async function build(onOutput) {
  const nightly = (await run('cargo', ['+nightly', '--version'])).code === 0
  const env = { ...process.env, ...(nightly ? {} : { RUSTC_BOOTSTRAP: '1' }) }
  // The flags and the target directory of other builds would make this one start anew, or them.
  for (const name of ['CARGO_BUILD_TARGET', 'CARGO_TARGET_DIR', 'RUSTFLAGS']) delete env[name]
  const args = [...(nightly ? ['+nightly'] : []), 'fuzz', 'build', '--target-dir', builds]
  await mustRun('cargo', args, { cwd: repository, env, timeout: 7_200_000, onOutput })
}

function allTargets() {
  const names = readdirSync(join(repository, 'fuzz', 'fuzz_targets')).map(name => name.replace(/\.rs$/, ''))
  const unknown = positionals.find(name => !names.includes(name))
  if (unknown) throw new Error(`there is no target "${unknown}"; the targets are ${names.join(', ')}`)
  return positionals.length > 0 ? positionals : names
}

/** Fuzzes one target and tells what came of it, from what libFuzzer says at its end. */
async function fuzz(program, name, seconds) {
  const [corpus, artifacts] = ['corpus', 'artifacts'].map(kind => join(repository, 'fuzz', kind, name))
  for (const directory of [corpus, artifacts]) mkdirSync(directory, { recursive: true })
  const options = [`-artifact_prefix=${artifacts}/`, `-max_total_time=${seconds}`, `-max_len=${longest}`]
  const seeds = join(repository, 'fuzz', 'seeds', name)
  const outcome = await run(program, [...options, '-print_final_stats=1', corpus, seeds], {
    timeout: (seconds + 600) * 1000,
  })
  const last = pattern => [...outcome.output.matchAll(pattern)].at(-1)?.[1]
  return {
    name,
    failed: outcome.code !== 0,
    executions: Number(last(/stat::number_of_executed_units:\s*(\d+)/g) ?? 0),
    coverage: Number(last(/cov: (\d+)/g) ?? 0),
    features: Number(last(/ft: (\d+)/g) ?? 0),
    end: outcome.output.slice(-3000),
  }
}

const count = number => number.toLocaleString('en')

async function main() {
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new Error(`--minutes "${values.minutes}" is no number of minutes`)
  const names = allTargets()
  const seconds = Math.max(1, Math.round((minutes * 60) / names.length))
  await step('Build the fuzz targets', build, { note: 'takes a quarter of an hour the first time' })
  const { stdout: host } = await mustRun('rustc', ['--print', 'host-tuple'])
  let failures = 0
  for (const name of names) {
    // Not by cargo, which would build again what somebody edits meanwhile.
    const found = await fuzz(join(builds, host.trim(), 'release', name), name, seconds)
    const mark = found.failed ? styled('red', '✖') : styled('green', '✔')
    const { executions, coverage, features } = found
    print(
      `  ${mark} ${name}: ${count(executions)} inputs in ${seconds} s, ${count(coverage)} edges, ${count(features)} features`,
    )
    if (found.failed) print(`\n${found.end}`)
    failures += found.failed ? 1 : 0
  }
  print(`\n${names.length - failures} passed, ${failures} failed`)
  return failures === 0
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
}
