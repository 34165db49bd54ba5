import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { OpenOptions } from '../index'

const compiled = resolve(__dirname, '..', 'dist')
let workspace: string

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'nx-s3-cache-options-'))
})
afterEach(() => rmSync(workspace, { recursive: true }))

/** What a process that has taken its keys sends. Nx knows one workspace a process, so each question has its own. */
function optionsOf(files: Record<string, unknown>, env: Record<string, string> = {}): OpenOptions {
  for (const [path, json] of Object.entries(files)) {
    mkdirSync(join(workspace, path, '..'), { recursive: true })
    writeFileSync(join(workspace, path), JSON.stringify(json))
  }
  const script = `require(process.argv[1] + '/keys.js').takeKeys()
    process.stdout.write(JSON.stringify(require(process.argv[1] + '/options.js').openOptions()))`
  const stdout = execFileSync(process.execPath, ['-e', script, compiled], {
    cwd: workspace,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  })
  return JSON.parse(stdout)
}

test('the s3 section travels as it is, unknown keys and all', () => {
  const s3 = { bucket: 'b', buckett: 1, trust: { branches: ['main'] } }
  const options = optionsOf({ 'nx.json': { s3 } })
  assert.deepEqual(JSON.parse(options.section ?? ''), s3)
  assert.equal(resolve(options.workspaceRoot), resolve(workspace))
  assert.match(options.nxVersion ?? '', /^\d+\./)
})

test('a workspace without the section sends none', () => {
  assert.equal('section' in optionsOf({ 'nx.json': {} }), false)
})

test('a section that comes from a preset counts', () => {
  const options = optionsOf({
    'nx.json': { extends: './presets/company.json' },
    'presets/company.json': { s3: { bucket: 'b' } },
  })
  assert.deepEqual(JSON.parse(options.section ?? ''), { bucket: 'b' })
})

test('CI is known by the variables its services set', () => {
  assert.equal(optionsOf({ 'nx.json': {} }).ci, false)
  assert.equal(optionsOf({ 'nx.json': {} }, { GITHUB_ACTIONS: 'true' }).ci, true)
  assert.equal(optionsOf({ 'nx.json': {} }, { CI: 'false', GITHUB_ACTIONS: 'true' }).ci, false)
})

test('keys that were taken out of the environment travel beside it', () => {
  const env = { NX_S3_CACHE_ENCRYPTION_KEY: 'passphrase' }
  assert.deepEqual(optionsOf({ 'nx.json': {} }, env).keys, env)
  assert.deepEqual(optionsOf({ 'nx.json': {} }).keys, {})
})

test("a process of Nx's daemon says so, also where the run has set the daemon's variables for itself", () => {
  assert.equal(optionsOf({ 'nx.json': {} }).daemon, false)
  const settings = { NX_PROJECT_GLOB_CACHE: 'false', NX_CACHE_PROJECTS_CONFIG: 'false' }
  assert.equal(optionsOf({ 'nx.json': {} }, settings).daemon, true)
  const others = { NX_DAEMON_PROCESS: 'true', NX_PROJECT_GLOB_CACHE: 'true' }
  assert.equal(optionsOf({ 'nx.json': {} }, others).daemon, true)
})

test('verbose runs ask for events', () => {
  assert.equal(optionsOf({ 'nx.json': {} }, { NX_VERBOSE_LOGGING: 'true' }).verbose, true)
})
