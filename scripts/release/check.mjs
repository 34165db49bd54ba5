#!/usr/bin/env node
// `npm run release:check`: whatever can be known about a release without credentials.
//
//   --tag vX.Y.Z       the tag that is released: it must be the version, and the changelog must have it
//   --sources          only what needs no build
//   --packed <folder>  the tarballs of all platforms; without it, what is built here is packed
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { mustRun } from '../support/command.mjs'
import { repository } from '../support/paths.mjs'
import { print, step } from '../support/steps.mjs'
import { changes, main, platformPackages, versions } from './facts.mjs'

const { values } = parseArgs({
  options: { tag: { type: 'string' }, sources: { type: 'boolean', default: false }, packed: { type: 'string' } },
})

/** The largest that a platform package may be, packed, in MB, and its binary in it. */
const limits = { packed: 6, binary: 13 }

const checks = {
  'One version everywhere': () => {
    const others = Object.entries(versions()).filter(([, version]) => version !== main.version)
    if (others.length > 0) fail(others.map(([path, version]) => `${path} has ${version}, not ${main.version}`))
    if (values.tag && values.tag !== `v${main.version}`) fail([`the tag is ${values.tag}, the version ${main.version}`])
  },
  'A package for each target': () => {
    const missing = main.napi.targets.length - platformPackages.length
    if (missing !== 0) fail([`${main.napi.targets.length} targets, ${platformPackages.length} folders in npm/`])
    const wrong = platformPackages.filter(({ target, name }) => name !== `${main.name}-${target}`)
    if (wrong.length > 0) fail(wrong.map(({ path, name }) => `${path} is named ${name}`))
  },
  'The changelog': () => {
    const section = values.tag ? main.version : 'Unreleased'
    if (!changes(section)) fail([`CHANGELOG.md says nothing under "## [${section}]"`])
  },
  'A clean tree': async () => {
    const { stdout } = await mustRun('git', ['status', '--porcelain'], { cwd: repository })
    if (stdout) fail(stdout.trim().split('\n'))
  },
  'Packages that can be published': async () => {
    const folder = values.packed ? resolve(values.packed) : await packHere()
    try {
      const tarballs = readdirSync(folder).filter(name => name.endsWith('.tgz'))
      if (values.packed && tarballs.length !== platformPackages.length + 1) fail([`there are only ${tarballs}`])
      for (const tarball of tarballs) await checkTarball(join(folder, tarball))
    } finally {
      if (!values.packed) rmSync(folder, { recursive: true })
    }
  },
}

async function packHere() {
  const folder = mkdtempSync(join(tmpdir(), 'nx-s3-cache-release-'))
  await mustRun('node', ['npm/pack.mjs', folder, '--partial'], { cwd: repository })
  return folder
}

async function checkTarball(file) {
  const { stdout } = await mustRun('npm', [
    'publish',
    file,
    '--dry-run',
    '--json',
    '--ignore-scripts',
    '--access=public',
  ])
  const described = JSON.parse(stdout.slice(stdout.indexOf('{')))
  const { name, files } = described.files ? described : Object.values(described)[0]
  const binary = files.find(({ path }) => path.endsWith('.node'))
  const megabytes = { packed: statSync(file).size / 1e6, binary: (binary?.size ?? 0) / 1e6 }
  if (values.packed || !binary) print(`    ${name}: ${megabytes.packed.toFixed(1)} MB`)
  // What is built for tests is larger.
  const over = Object.keys(limits).filter(kind => values.packed && megabytes[kind] > limits[kind])
  if (over.length > 0) fail(over.map(kind => `${name}, ${kind}: ${megabytes[kind].toFixed(1)} MB, not ${limits[kind]}`))
}

function fail(lines) {
  throw new Error(lines.map(line => `    ${line}`).join('\n'))
}

if (values.sources) delete checks['Packages that can be published']
let failed = 0
for (const [title, check] of Object.entries(checks)) {
  try {
    await step(title, check)
  } catch (error) {
    print(error.message)
    failed++
  }
}
print(`\n${Object.keys(checks).length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
