// Without Nx, the native side reads nx.json. Here both read the same workspaces.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { readNxJson } from 'nx/src/config/nx-json'

const root = resolve(__dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'nx-s3-cache-nx-json-'))
after(() => rmSync(folder, { recursive: true }))

/** An nx.json whose section has an option that doesn't exist: the complaint about it tells that it was read. */
const marked = (option: string) => JSON.stringify({ s3: { [`${option}Option`]: 1 } })
const extending = (preset: string) => JSON.stringify({ extends: preset })
const exporting = (exports: unknown) => ({ 'node_modules/p/package.json': JSON.stringify({ exports }) })

const workspaces: Record<string, Record<string, string>> = {
  'nothing of ours': { 'nx.json': '{}' },
  'comments and commas': { 'nx.json': '// ours\r\n{ "s3": { "fineOption": 1, /* yes */ }, }\r\n' },
  'a member twice': { 'nx.json': '{ "s3": { "firstOption": 1 }, "s3": { "lastOption": 1 } }' },
  'text that is none': { 'nx.json': '{ "s3": { "lostOption": 1 }' },
  'two values': { 'nx.json': `${marked('first')}\n${marked('second')}` },
  'a file': { 'nx.json': extending('./base.json'), 'base.json': marked('base') },
  'a file before a directory': {
    'nx.json': extending('./d'),
    'd.json': marked('file'),
    'd/index.json': marked('index'),
  },
  'a file without dots before it': { 'nx.json': extending('base.json'), 'base.json': marked('base') },
  'a section beside a preset': {
    'nx.json': '{ "extends": "./b.json", "s3": { "ownOption": 1 } }',
    'b.json': marked('b'),
  },
  'a preset of a preset': {
    'nx.json': extending('./b.json'),
    'b.json': extending('./c.json'),
    'c.json': marked('c'),
  },
  'a preset that is not installed': { 'nx.json': extending('@acme/preset/nx.json') },
  'a package': { 'nx.json': extending('p/a.json'), 'node_modules/p/a.json': marked('a') },
  'the main file of a package': {
    'nx.json': extending('p'),
    'node_modules/p/package.json': '{ "main": "./lib" }',
    'node_modules/p/lib/index.json': marked('main'),
    'node_modules/p/index.json': marked('index'),
  },
  'the installation of Nx': {
    'nx.json': extending('p'),
    '.nx/installation/node_modules/p/index.json': marked('installed'),
    'node_modules/p/index.json': marked('modules'),
  },
  'a condition': {
    'nx.json': extending('p'),
    ...exporting({ '.': { import: './a.json', require: './b.json', default: './a.json' } }),
    'node_modules/p/a.json': marked('a'),
    'node_modules/p/b.json': marked('b'),
  },
  'a pattern': {
    'nx.json': extending('p/xy'),
    ...exporting({ './*': './q/*.json', './x*': './r/*.json' }),
    'node_modules/p/q/xy.json': marked('q'),
    'node_modules/p/r/y.json': marked('r'),
  },
  'a path that is not exported': {
    'nx.json': extending('p/a.json'),
    ...exporting('./b.json'),
    'node_modules/p/a.json': marked('a'),
  },
  'an export that is switched off': {
    'nx.json': extending('p'),
    ...exporting({ require: null, default: './a.json' }),
    'node_modules/p/a.json': marked('a'),
  },
  "a preset of Nx's own": { 'nx.json': extending('nx/presets/npm.json') },
}

const places = Object.entries(workspaces).map(([name, files]) => {
  const place = join(folder, name)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), text)
  }
  if (name.includes("Nx's")) {
    for (const path of ['package.json', 'dist/presets'])
      cpSync(join(root, 'node_modules/nx', path), join(place, 'node_modules/nx', path), { recursive: true })
  }
  return place
})

/** The option that Nx reads in a workspace. */
function asNx(place: string): string {
  try {
    const { s3 } = readNxJson(place) as { s3?: object }
    return s3 === undefined ? 'no section' : Object.keys(s3).join()
  } catch {
    return 'an error'
  }
}

/** What a complaint of the native side tells of the same. */
function told(complaint: string): string {
  if (complaint.includes('has no "s3" section and NX_S3_CACHE_BUCKET is not set')) return 'no section'
  if (/can't be read|has no "s3" section of its own/.test(complaint)) return 'an error'
  return /\w+Option/.exec(complaint)?.[0] ?? complaint
}

test('nx.json is read as Nx reads it', () => {
  const native = join(root, readdirSync(root).find(name => name.endsWith('.node')) ?? '')
  const script = `const [native, ...places] = process.argv.slice(1)
    const run = async place => {
      process.stderr.write('\\n=====')
      await require(native).runCli(['ls'], { workspaceRoot: place, ci: false, verbose: false }, undefined, 'no Nx')
    }
    places.reduce((before, place) => before.then(() => run(place)), Promise.resolve())`
  const { stderr } = spawnSync(process.execPath, ['-e', script, native, ...places], { encoding: 'utf8', env: {} })
  const complaints = stderr.split('\n=====').slice(1)
  const names = Object.keys(workspaces)
  assert.deepEqual(
    names.map((name, index) => [name, told(complaints[index] ?? '')]),
    names.map((name, index) => [name, asNx(places[index] ?? '')]),
  )
})
