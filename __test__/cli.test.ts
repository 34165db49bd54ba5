import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { describe, test } from 'node:test'

const root = resolve(__dirname, '..')

/** Stands for the native side: prints what it was given, and ends with 3. */
const native = `exports.runCli = async (args, options, facts, problem) => {
  console.log(JSON.stringify({ args, options, facts, problem }))
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
  return runWith({}, files, ...args)
}

/** The same with these variables. */
function runWith(variables: Record<string, string>, files: Record<string, string>, ...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'nx-s3-cache-cli-'))
  try {
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const env = { PATH: process.env['PATH'], ...variables }
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
    daemon: false,
    keys: {},
  })
})

describe('doctor is told what Nx loads', () => {
  const own = { 'package.json': '{"name":"nx-s3-cache","version":"1.2.3"}' }
  const cache = 'exports.getRemoteCache = () => null'
  const cloud = 'exports.isNxCloudUsed = ({ nxCloudId }) => Boolean(nxCloudId)'
  const facts = (files: Record<string, string>) =>
    JSON.parse(run({ ...nx, ...ciInfo, ...own, 'index.js': native, ...files }, 'doctor').stdout).facts
  const installed = (asked: string, manifest: string, index = cache) => ({
    [`node_modules/${asked}/package.json`]: manifest,
    [`node_modules/${asked}/index.js`]: index,
  })

  test('nothing, where the alias is missing', () => {
    const { candidates, nx, packageVersion, node } = facts({})
    assert.deepEqual(candidates, [{ asked: '@nx/s3-cache' }, { asked: '@nx/powerpack-s3-cache' }])
    assert.deepEqual([nx, packageVersion, node], ['24.0.6', '1.2.3', process.version])
  })

  test('the package behind the alias, by its own name', () => {
    const [first] = facts(installed('@nx/s3-cache', '{"name":"nx-s3-cache","version":"1.2.3"}')).candidates
    assert.equal(first.found.name, 'nx-s3-cache')
    assert.match(first.found.directory, /node_modules.@nx.s3-cache$/)
    assert.equal(first.found.problem, undefined)
  })

  test('another package under that name, and one that does not load', () => {
    const [first, second] = facts({
      ...installed('@nx/s3-cache', '{"name":"@nx/s3-cache","version":"5.0.0"}', 'require("not-there")'),
      ...installed('@nx/powerpack-s3-cache', '{"name":"x","version":"1.0.0"}', ''),
    }).candidates
    assert.deepEqual([first.found.name, first.found.version], ['@nx/s3-cache', '5.0.0'])
    assert.match(first.found.problem, /not-there/)
    assert.match(second.found.problem, /no getRemoteCache/)
  })

  test('whether Nx Cloud comes first, and what names it', () => {
    const utilities = { 'node_modules/nx/src/utils/nx-cloud-utils.js': cloud }
    const nxJson = { 'node_modules/nx/src/config/nx-json.js': 'exports.readNxJson = () => ({ nxCloudId: "1" })' }
    assert.deepEqual(facts(utilities).cloudNamedBy, [])
    const { cloudUsed, cloudNamedBy } = facts({ ...utilities, ...nxJson })
    assert.deepEqual([cloudUsed, cloudNamedBy], [true, ['nxCloudId in nx.json']])
  })

  test('other commands look for nothing', () => {
    assert.equal(JSON.parse(run({ ...nx, ...ciInfo, 'index.js': native }, 'keygen').stdout).facts, undefined)
  })
})

describe('where Nx can not be asked', () => {
  const readNxJson = 'exports.readNxJson = () => { throw new Error("Cannot find module \'preset\'\\nRequire stack:") }'
  const preset = { 'node_modules/nx/src/config/nx-json.js': readNxJson }
  // The built module, and the bucket from the environment, as in a job that restores before it installs anything.
  const real = readdirSync(root).find(name => name.endsWith('.node')) ?? ''
  const environment = { NX_S3_CACHE_LIBRARY_PATH: join(root, real), NX_S3_CACHE_BUCKET: 'b' }
  const restore = (nxJson: string, files = {}) =>
    runWith(environment, { ...ciInfo, ...files, 'nx.json': nxJson }, 'restore', 'acme/shop/modules')

  test('the native side is told why, and looks for nx.json itself', () => {
    for (const [files, cause] of [
      [ciInfo, /^Cannot find module 'nx/],
      [{ ...nx, ...ciInfo, ...preset }, /^Cannot find module 'preset'$/],
    ] as const) {
      const ran = run({ ...files, 'index.js': native }, 'restore')
      const { options, problem } = JSON.parse(ran.stdout)
      assert.match(problem, cause)
      assert.deepEqual([options.section, options.ci, ran.stderr], [undefined, true, ''])
    }
  })

  test('an nx.json with comments counts all the same', () => {
    const { status, stderr } = restore('{ /* ours */ "s3": { "trust": { "policy": "nobody" }, }, }')
    assert.equal(status, 2)
    assert.match(stderr, /trust\.policy \(nx\.json\): "nobody"/)
  })

  test('a section that can not be told ends the command, with cause and remedy', () => {
    for (const [nxJson, files] of [
      ['{ "extends": "@acme/preset" }', {}],
      ['{ "extends": "@acme/preset" }', { ...nx, ...preset }],
      ['{ "s3": ', {}],
    ] as const) {
      const { status, stdout, stderr } = restore(nxJson, files)
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, /nx\.json (has no "s3" section of its own, and it extends "@acme\/preset"|can't be read)/)
      assert.match(stderr, /(Install the workspace's packages|Correct it)[\s\S]*Nx could not be asked: Cannot find/)
    }
  })
})

test('without a binary it says why and fails', () => {
  const ran = run({ ...nx, ...ciInfo }, 'doctor')
  assert.equal(ran.status, 2)
  assert.match(ran.stderr, /native module could not be loaded\n[\s\S]*nx-s3-cache-/)
})
