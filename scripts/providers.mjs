#!/usr/bin/env node
// `npm run test:providers [name…]`: installs each S3 server, starts it, finds out what it can do, and stops it. What came
// out goes to `docs/providers/results`, and from there into the table of `docs/providers.md`.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writePage } from './providers/page.mjs'
import { record } from './providers/results.mjs'
import { servers } from './providers/servers.mjs'
import { buildSurvey, survey } from './providers/survey.mjs'
import { print, step, styled } from './support/steps.mjs'

const { values, positionals } = parseArgs({
  options: { large: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
})

const usage = `npm run test:providers -- [--large] [name…]

  --large  also store and restore an artifact of 3 GiB on each server (minutes and 10 GB of disk)

Servers: ${servers.map(({ name }) => name).join(', ')}`

function chosen() {
  const unknown = positionals.find(name => !servers.some(server => server.name === name))
  if (unknown) throw new Error(`there is no server "${unknown}".\n\n${usage}`)
  return positionals.length > 0 ? servers.filter(({ name }) => positionals.includes(name)) : servers
}

/** What a server can do; `undefined` when it could not be installed or started. */
async function run(server) {
  print(`\n${styled('bold', server.title)}`)
  const directory = mkdtempSync(join(tmpdir(), `nx-s3-cache-${server.name}-`))
  let running
  try {
    const installed = await step(`Install ${server.version}`, () => server.install?.())
    running = await step('Start', () => server.start(join(directory, 'server'), installed))
    return await survey(running, directory, values)
  } catch (error) {
    print(styled('red', error.message))
  } finally {
    await running?.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** How many findings there are of each kind. */
function tally(findings) {
  const kinds = { ok: 'as AWS', differs: 'otherwise', no: 'not there', failed: 'broken' }
  const count = kind => Object.values(findings).filter(({ result }) => result === kind).length
  return Object.entries(kinds)
    .map(([kind, words]) => `${count(kind)} ${words}`)
    .join(', ')
}

async function main() {
  if (values.help) return print(usage)
  const wanted = chosen()
  mkdirSync(tmpdir(), { recursive: true })
  await buildSurvey(values)
  let failed = 0
  for (const server of wanted) {
    const findings = await run(server)
    const broken = Object.entries(findings ?? {}).filter(([, { result }]) => result === 'failed')
    for (const [feature, { how }] of broken) print(`  ${styled('red', '✖')} ${feature}: ${how}`)
    if (findings) print(`  ${tally(findings)}`)
    if (findings) record(server, findings)
    writePage()
    if (!findings || broken.length > 0) failed++
  }
  print(`\n${wanted.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

main().catch(error => {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
})
