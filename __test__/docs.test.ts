import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { pageOf, pages as placesOnTheSite, sidebar } from '../site/.vitepress/pages'
import { slugify } from '../site/.vitepress/slugify'
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

/** Markdown that people read, on the forge or on the site. */
function everyPage(): string[] {
  const atTheTop = ['SECURITY.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  return [...pages(), ...atTheTop]
}

const withoutCode = (text: string) => text.replace(/^ *```[\s\S]*?^ *```/gm, '')

/** The anchors of a page's headings; the second of two alike gets a number. */
function anchors(path: string): Set<string> {
  const headings = [...withoutCode(read(path)).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text)
  const slugs = headings.map(text => slugify(text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')))
  const explicit = [...read(path).matchAll(/<a id="([\w-]+)">/g)].map(([, id = '']) => id)
  return new Set([...explicit, ...slugs.map((slug, at) => (slugs.indexOf(slug) === at ? slug : `${slug}-1`))])
}

test('every relative link and picture leads to a file that is there, and to a heading of it', () => {
  for (const page of everyPage()) {
    for (const [, target = ''] of withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path, anchor] = target.split('#')
      const file = path ? relative(root, join(root, dirname(page), path)) : page
      assert.ok(existsSync(join(root, file)), `${page}: ${target}`)
      if (anchor && file.endsWith('.md')) assert.ok(anchors(file).has(anchor), `${page}: ${target}`)
    }
  }
})

test('the sidebar of the site has every page once', () => {
  const files = [...readdirSync(join(root, 'docs')).map(name => `docs/${name}`), ...Object.keys(placesOnTheSite)]
  const there = files.filter(file => existsSync(join(root, file))).map(pageOf)
  const linked = sidebar.flatMap(({ items }) => items.map(({ link }) => link.slice(1)))
  assert.deepEqual(linked.sort(), there.filter(page => page !== undefined && page !== 'index').sort())
})

test('the comparison is the same in the README and on its page', () => {
  const between = (text: string, begin: string, end: string) => text.split(begin)[1]?.split(end)[0]?.trim()
  const ofReadme = between(read('README.md'), '<!-- #region comparison -->', '<!-- #endregion comparison -->')
  const ofPage = between(read('docs/comparison.md'), '<!-- comparison: as in README.md -->', '<!-- /comparison -->')
  assert.ok(ofReadme)
  assert.equal(ofReadme?.replaceAll('docs/comparison.md#', '#'), ofPage)
})

test('the recorded terminals show what the pages around them say', () => {
  const texts = (name: string) => read(`docs/pictures/${name}.svg`).replace(/<[^>]+>/g, '')
  assert.match(texts('demo'), /7 of 7 tasks came from the bucket, and their outputs are the same to the byte/)
  assert.equal(texts('demo').match(/\[remote cache\]/g)?.length, 7)
  assert.match(texts('attack-open'), /POISON from t[\s\S]*Lock 1, signatures: open/)
  assert.doesNotMatch(texts('attack-held'), /POISON/)
  assert.match(texts('attack-held'), /Lock 1, signatures: holds/)
})

test('no page deletes .nx, where newer versions of Nx keep no cache', () => {
  for (const page of everyPage()) assert.doesNotMatch(read(page), /rm -rf? \.nx/, page)
})

test('no page has two braces outside of a block of code, where the site would take them for a template', () => {
  for (const page of pages()) assert.doesNotMatch(read(page).replace(/```[\s\S]*?```/g, ''), /\{\{/, page)
})
