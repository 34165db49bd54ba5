import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

const root = join(__dirname, '..')
const scripts = pathToFileURL(join(root, 'scripts/platforms')).href

test('the page on platforms says what the runs found', async () => {
  const { page, rendered } = await import(`${scripts}/page.mjs`)
  const text = readFileSync(page, 'utf8')
  assert.equal(rendered(text), text, 'run npm run test:platforms')
})

test('every platform that is published, this one aside, is built by npm run test:platforms', async () => {
  const { platforms } = await import(`${scripts}/list.mjs`)
  const { napi } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const built: string[] = platforms.map(({ target, published = target }: Record<string, string>) => published)
  assert.deepEqual([...built, 'x86_64-unknown-linux-gnu'].sort(), [...napi.targets].sort())
})

test('every published platform is built by the release, on a runner of its own kind', () => {
  const workflow = readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')
  const { napi } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const built = [...workflow.matchAll(/target: ([\w-]+), runner: ([\w.-]+)/g)]
  assert.deepEqual(built.map(([, target]) => target).sort(), [...napi.targets].sort())
  for (const [, target = '', runner = ''] of built) {
    const system = { linux: 'ubuntu', apple: 'macos', pc: 'windows' }[
      target.split('-')[1] === 'unknown' ? 'linux' : (target.split('-')[1] as 'apple' | 'pc')
    ]
    assert.ok(runner.startsWith(system), `${target} on ${runner}`)
  }
})
