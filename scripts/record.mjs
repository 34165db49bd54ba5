#!/usr/bin/env node
// `npm run record`: records the terminals that docs/ shows, by running the real thing: the demo, and the attack on a
// bucket without keys and with them. Needs python3, for a terminal. `-- attack` records only those pictures.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inTerminal } from '../__test__/e2e/support/terminal.mjs'
import { mustRun, run } from './support/command.mjs'
import { packed, repository } from './support/paths.mjs'
import { startS3Server } from './support/s3-server.mjs'
import { setUp } from './support/set-up.mjs'
import { print, step } from './support/steps.mjs'
import { plain, screenLines, terminalSvg } from './support/terminal-svg.mjs'

const pictures = join(repository, 'docs', 'pictures')
const prompt = command => `\u001b[36m$\u001b[0m \u001b[1m${command}\u001b[0m`

const recordings = { demo, attack }

async function demo() {
  const { output } = await mustRun(...terminal([process.execPath, join(repository, 'scripts', 'demo.mjs')]))
  const lines = screenLines(output)
  const from = lines.findIndex(line => plain(line).includes('The first machine'))
  const bucket = lines.findIndex(line => plain(line).startsWith('The bucket'))
  const verdict = lines.find(line => plain(line).includes('came from the bucket'))
  const shown = lines.slice(from, bucket - 1).map(shortened)
  save('demo', [...withoutDoubles(shown), '', verdict], { title: 'npm run demo', animated: true })
}

function shortened(line) {
  return line.replace('  $ nx run-many', `  ${prompt('nx run-many')}`)
}

function withoutDoubles(lines) {
  return lines.filter((line, index) => plain(line) !== '' || plain(lines[index - 1] ?? '') !== '')
}

/** The same attack with the same credentials, on a cache without keys and on one that verifies. */
async function attack() {
  const server = await startS3Server()
  const directory = mkdtempSync(join(tmpdir(), 'nx-s3-cache-record-'))
  try {
    const made = await cli(directory, ['keygen', '--name', 'main-2026', '--secret-file', 'main.key'], {})
    const publicKey = /"(main-2026:[^"]+)"/.exec(made)?.[1]
    const toy = { ...environmentOf(server), ...pullRequest }
    const open = attackLines(await cli(directory, ['doctor', '--attack'], toy, 1))
    save('attack-open', open, { title: 'A pull request attacks a cache without keys' })
    const keys = { ...toy, NX_S3_CACHE_TRUST_PUBLIC_KEYS: publicKey }
    const held = attackLines(await cli(directory, ['doctor', '--attack'], keys))
    save('attack-held', held, { title: 'The same attack on a cache with keys' })
  } finally {
    rmSync(directory, { recursive: true })
    await server.stop()
  }
}

const pullRequest = {
  CI: 'true',
  GITHUB_ACTIONS: 'true',
  GITHUB_EVENT_NAME: 'pull_request',
  GITHUB_REF: 'refs/pull/12/merge',
  GITHUB_HEAD_REF: 'feature',
}

function environmentOf(server) {
  const { bucket, endpoint, region } = server.section()
  return {
    ...server.environment,
    NX_S3_CACHE_BUCKET: bucket,
    NX_S3_CACHE_ENDPOINT: endpoint,
    NX_S3_CACHE_REGION: region,
    NX_S3_CACHE_FORCE_PATH_STYLE: 'true',
  }
}

function attackLines(output) {
  const lines = screenLines(output).map(line => folded(line, 104))
  return [prompt('npx nx-s3-cache doctor --attack'), ...screenLines(lines.join('\n'))]
}

/** A line that is too wide for the picture, broken between words. */
function folded(line, columns) {
  if (plain(line).length <= columns) return line
  const words = line.split(' ')
  const fits = words.findLastIndex((_, end) => plain(words.slice(0, end).join(' ')).length <= columns)
  return `${words.slice(0, fits).join(' ')}\n    ${words.slice(fits).join(' ')}`
}

/** What our command prints in a terminal; it must end with `code`. */
async function cli(directory, words, environment, code = 0) {
  const program = join(packed, 'node_modules', '@nx', 's3-cache', 'dist', 'cli.js')
  const env = { PATH: process.env.PATH, HOME: directory, TERM: 'xterm-256color', ...environment }
  const [command, args] = terminal([process.execPath, program, ...words])
  const outcome = await run(command, args, { cwd: directory, env })
  if (outcome.code !== code) throw new Error(`${words.join(' ')} ended with ${outcome.code}:\n${outcome.output}`)
  return outcome.output
}

function terminal(words) {
  const [command, ...args] = [...inTerminal, ...words]
  return [command, args]
}

function save(name, lines, options) {
  while (plain(lines.at(-1) ?? '') === '') lines.pop()
  mkdirSync(pictures, { recursive: true })
  const path = join(pictures, `${name}.svg`)
  writeFileSync(path, terminalSvg(lines, options))
  print(`    ${path}: ${lines.length} lines, ${readFileSync(path).length} bytes`)
}

try {
  const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(recordings)
  await setUp()
  for (const name of chosen) await step(`Record ${name}`, recordings[name])
} catch (error) {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
}
