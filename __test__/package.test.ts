import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(__dirname, '..')
const main = readJson('package.json')

function readJson(path: string) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'))
}

/** Copies what Nx imports to a place of its own and asks it for a cache; the answer includes what was printed. */
function importIn(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nx-s3-cache-alone-'))
  try {
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const script = `const { getRemoteCache } = require('./dist/index.js')
      console.log('imported')
      getRemoteCache().then(cache => console.log(cache), () => console.log('rejected'))`
    const run = spawnSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8', env: withoutNx() })
    return `${run.stdout}${run.stderr}`
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function withoutNx() {
  return { PATH: process.env['PATH'], NX_S3_CACHE_BUCKET: 'b' }
}

/** The little of Nx that is used before a cache is open. */
const nx = {
  'node_modules/nx/package.json': '{"version":"24.0.6"}',
  'node_modules/nx/src/config/nx-json.js': 'exports.readNxJson = () => ({})',
  'node_modules/nx/src/utils/workspace-root.js': 'exports.workspaceRoot = "."',
  'node_modules/nx/src/utils/output.js':
    'exports.output = { warn: m => console.log([m.title, ...m.bodyLines].join("\\n")) }',
  'node_modules/ci-info/index.js': 'exports.isCI = false',
}

test('importing never throws, and a package without its dependencies costs the cache, not the run', () => {
  assert.match(importIn({}), /imported\nnull\n[\s\S]*could not start/)
})

test('importing never throws when the native loader is missing or broken', () => {
  assert.match(importIn(nx), /imported\n[\s\S]*native module could not be loaded[\s\S]*null\n$/)
  const broken = { ...nx, 'index.js': 'throw new Error("Cannot find native binding")' }
  assert.match(importIn(broken), /imported\n[\s\S]*nx-s3-cache-.*is not installed[\s\S]*null\n$/)
})

test('the package contains what it needs, and no sources, tests or binaries', () => {
  const [packed] = JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts'))
  const files: string[] = packed.files.map((file: { path: string }) => file.path)
  const generators = Object.values<{ factory: string; schema: string }>(readJson('generators.json').generators)
  const ofGenerators = generators.flatMap(({ factory, schema }) => [`${factory}.js`, schema])
  for (const path of [main.main, main.types, main.bin['nx-s3-cache'], main.generators, ...ofGenerators]) {
    assert.ok(files.includes(path.replace(/^\.\//, '')), `${path} is missing`)
  }
  for (const path of ['LICENSE', 'index.d.ts', 'package.json']) assert.ok(files.includes(path), `${path} is missing`)
  for (const path of ['index.js', 'nx-s3.schema.json', 'README.md']) {
    if (existsSync(join(root, path))) assert.ok(files.includes(path), `${path} is missing`)
  }
  const surplus = files.filter(path =>
    /\.(node|rs|tsbuildinfo)$|^(__test__|src|scripts|npm)\/|(?<!\.d)\.ts$/.test(path),
  )
  assert.deepEqual(surplus, [])
})

test('upgrading from any version runs the migrations, which are all there', () => {
  const { migrations } = main['nx-migrations']
  for (const { version, factory } of Object.values<{ version: string; factory: string }>(
    readJson(migrations).generators,
  )) {
    assert.equal(version, main.version)
    assert.equal(typeof require(join(root, factory)).default, 'function')
  }
})

test('the npm pages lead to the repository and to where faults are reported', () => {
  const repository = 'https://github.com/nx-s3-cache/nx-s3-cache'
  assert.ok(readFileSync(join(root, 'Cargo.toml'), 'utf8').includes(`\nrepository = "${repository}"\n`))
  for (const directory of [undefined, ...platforms().map(target => `npm/${target}`)]) {
    const page = readJson(join(directory ?? '', 'package.json'))
    assert.deepEqual(
      [page.repository, page.homepage, page.bugs, page.description],
      [
        { type: 'git', url: `git+${repository}.git`, ...(directory && { directory }) },
        `${repository}#readme`,
        `${repository}/issues`,
        main.description,
      ],
    )
  }
})

test('the Terraform module is named by the version that goes with this package', () => {
  const source = `git::https://github.com/nx-s3-cache/nx-s3-cache.git//infra/terraform?ref=v${main.version}`
  assert.ok(readFileSync(join(root, 'infra/README.md'), 'utf8').includes(source))
})

test('no message names a file that the package does not contain', () => {
  const named = /(?<![\w/])(?:docs|infra|examples|scripts|npm|src|ts)\/[\w./-]*|\b[A-Z]{4,}\.md\b/g
  const found = sources('src', '.rs')
    .concat(sources('ts', '.ts'))
    .flatMap(file =>
      messages(readFileSync(file, 'utf8'))
        .flatMap(message => message.match(named) ?? [])
        .map(path => `${file}: ${path}`),
    )
  assert.deepEqual(found, [])
})

/** The string literals of a source file, its tests and comments left out, and addresses removed from them. */
function messages(source: string): string[] {
  const code = source
    .split('#[cfg(test)]')[0]
    ?.replace(/^\s*\/\/.*$/gm, '')
    .replace(/\bpage!\("[^"]*"\)|\b(?:require|import) ?\([^)]*\)|^import .*$/gm, '')
  return [...(code ?? '').matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/gs)].map(([text]) =>
    text.replace(/https?:\/\/\S+/g, ''),
  )
}

test('installing runs no script of ours', () => {
  const hooks = ['preinstall', 'install', 'postinstall', 'prepare']
  for (const path of ['package.json', ...platforms().map(target => `npm/${target}/package.json`)]) {
    const scripts = Object.keys(readJson(path).scripts ?? {})
    assert.deepEqual(
      scripts.filter(name => hooks.includes(name)),
      [],
      path,
    )
  }
})

test('every target has a platform package with our version, system, processor and C library', () => {
  assert.equal(platforms().length, main.napi.targets.length)
  for (const target of platforms()) {
    const { name, version, os, cpu, libc, main: file } = readJson(`npm/${target}/package.json`)
    const [system, processor, abi] = target.split('-')
    assert.deepEqual(
      { name, version, os, cpu, file },
      {
        name: `nx-s3-cache-${target}`,
        version: main.version,
        os: [system],
        cpu: [processor],
        file: `nx-s3-cache.${target}.node`,
      },
    )
    assert.deepEqual(libc, system === 'linux' ? [abi === 'musl' ? 'musl' : 'glibc'] : undefined)
  }
})

test('the crate and the package have the same version', () => {
  const cargo = readFileSync(join(root, 'Cargo.toml'), 'utf8')
  assert.equal(/^version = "(.*)"$/m.exec(cargo)?.[1], main.version)
})

test('no lockfile names a registry', () => {
  for (const path of ['package-lock.json', 'site/package-lock.json']) {
    assert.doesNotMatch(readFileSync(join(root, path), 'utf8'), /"resolved"/, path)
  }
})

function sources(folder: string, suffix: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return names
    .filter(name => name.endsWith(suffix) && !/(^|\W)(tests?|generated|testing)\.rs$|[\\/]tests[\\/]/.test(name))
    .map(name => join(root, folder, name))
}

function platforms(): string[] {
  const entries = readdirSync(join(root, 'npm'), { withFileTypes: true })
  return entries.filter(entry => entry.isDirectory()).map(entry => entry.name)
}

function npm(...args: string[]): string {
  return execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}
