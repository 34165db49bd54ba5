import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(__dirname, '..')

/** Stands for the native side: prints what it was given, and ends with 3. */
const native = `exports.runCli = async (args, options) => {
  console.log(JSON.stringify({ args, options }))
  return 3
}`
const nx = {
  'node_modules/nx/package.json': '{"version":"24.0.6"}',
  'node_modules/nx/src/config/nx-json.js': 'exports.readNxJson = () => ({ s3: { bucket: "b" } })',
  'node_modules/nx/src/utils/workspace-root.js': 'exports.workspaceRoot = "/workspace"',
}
const ciInfo = { 'node_modules/ci-info/index.js': 'exports.isCI = true' }

/** Runs the command line of a package that consists of `dist` and these files. */
function run(files: Record<string, string>, ...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'nx-s3-cache-cli-'))
  try {
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const env = { PATH: process.env['PATH'] }
    return spawnSync(process.execPath, ['dist/cli.js', ...args], { cwd: folder, encoding: 'utf8', env })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('arguments and the workspace reach the native side, whose exit code counts', () => {
  const ran = run({ ...nx, ...ciInfo, 'index.js': native }, 'doctor', '--json')
  assert.equal(ran.status, 3)
  const { args, options } = JSON.parse(ran.stdout)
  assert.deepEqual(args, ['doctor', '--json'])
  assert.deepEqual(options, {
    section: '{"bucket":"b"}',
    workspaceRoot: '/workspace',
    ci: true,
    nxVersion: '24.0.6',
    verbose: false,
  })
})

test('without Nx the environment alone counts, and that is said', () => {
  const ran = run({ ...ciInfo, 'index.js': native }, 'keygen')
  assert.equal(ran.status, 3)
  assert.equal(JSON.parse(ran.stdout).options.section, undefined)
  assert.match(ran.stderr, /nx\.json is not read/)
})

test('without a binary it says why and fails', () => {
  const ran = run({ ...nx, ...ciInfo }, 'doctor')
  assert.equal(ran.status, 2)
  assert.match(ran.stderr, /native module could not be loaded\n[\s\S]*nx-s3-cache-/)
})
