import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { see } from '../ts/links'

const root = join(__dirname, '..')
const { version } = require('../package.json')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** Pages with configurations to copy. */
function pages(): string[] {
  const inFolder = (folder: string) => readdirSync(join(root, folder)).map(name => join(folder, name))
  return ['README.md', ...inFolder('docs'), ...inFolder('infra')].filter(path => path.endsWith('.md'))
}

/** The YAML of a page: what somebody pastes into a pipeline. */
function pipelines(page: string): string[] {
  return [...page.matchAll(/```ya?ml\n([\s\S]*?)```/g)].map(match => match[1] ?? '')
}

const installs = /\b(npm (ci|install|i)|pnpm (install|i)|yarn( install)?|bun (install|i))\b/
const runsUs = /\bnpx (?:-\S+ )*nx-s3-cache\b(?!@)/

/** What of a pipeline would run whatever the registry has under our name on that day. */
function unpinned(pipeline: string): string[] {
  const lines = pipeline.split('\n')
  const installed = lines.findIndex(line => installs.test(line))
  return lines.slice(0, installed < 0 ? undefined : installed + 1).filter(line => runsUs.test(line))
}

test('a pipeline to copy runs nothing unpinned before it has installed anything', () => {
  for (const page of pages()) assert.deepEqual(pipelines(read(page)).flatMap(unpinned), [], page)
  assert.equal(unpinned('- run: npx --yes nx-s3-cache restore x\n- run: npm ci\n- run: npx nx-s3-cache ls').length, 1)
  assert.equal(unpinned('- run: npx nx-s3-cache ls').length, 1)
})

test('versions that pages pin are the current one', () => {
  for (const page of pages()) {
    for (const [, pinned] of read(page).matchAll(/\bnx-s3-cache@(\d[^\s`"]*)/g)) assert.equal(pinned, version, page)
  }
})

test('docs/security.md lists as reserved what the generated loader would load', () => {
  const probed = [...read('index.js').matchAll(/require\('(nx-s3-cache-[^'/]+)'\)/g)].map(match => match[1])
  const section = read('docs/security.md').split('## Reserved package names')[1]?.split('\n## ')[0] ?? ''
  const listed = [...section.matchAll(/`(nx-s3-cache-[^`…]+)`/g)].map(match => match[1])
  assert.deepEqual(listed, [...new Set(probed)].sort())
})

test('docs/troubleshooting.md explains every message under its code, and nothing else', () => {
  const ofRust = [...read('src/code.rs').matchAll(/^ {4}\w+ = "([\w-]+)",$/gm)].map(match => match[1])
  const type = read('ts/links.ts').split('export type Code')[1]?.split('\n\n')[0] ?? ''
  const ofTypeScript = [...type.matchAll(/'([\w-]+)'/g)].map(match => match[1])
  const explained = [...read('docs/troubleshooting.md').matchAll(/^<a id="([\w-]+)"><\/a>\n\n### \S/gm)].map(m => m[1])
  assert.ok(ofRust.length > 40 && ofTypeScript.length > 5)
  assert.deepEqual(explained.toSorted(), [...ofRust, ...ofTypeScript].toSorted())
})

test('both sides link to the page in the repository that package.json names', () => {
  const page = `${require('../package.json').homepage.replace('#readme', '')}/blob/main/docs/troubleshooting.md`
  assert.ok(see('not-configured').includes(page))
  assert.ok(read('Cargo.toml').includes(`repository = "${page.split('/blob/')[0]}"`))
})
