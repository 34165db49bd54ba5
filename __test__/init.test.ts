import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Tree } from '@nx/devkit'
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing'
import { closingWords } from '../ts/generators/init/closing-words'
import init from '../ts/generators/init/generator'
import type { InitOptions } from '../ts/generators/init/options'
import { askForMissing } from '../ts/generators/init/questions'
import { readSection } from '../ts/generators/section'

const { version } = require('../package.json')
const alias = `npm:nx-s3-cache@^${version}`
const bucket = { bucket: 'b', region: 'eu-central-1' }

function workspace(files: { nxJson?: object; packageJson?: object } = {}): Tree {
  const tree = createTreeWithEmptyWorkspace()
  tree.write('nx.json', JSON.stringify(files.nxJson ?? { defaultBase: 'main' }))
  tree.write('package.json', JSON.stringify(files.packageJson ?? { name: 'w' }))
  return tree
}

async function run(tree: Tree, options: InitOptions | Record<string, unknown> = bucket): Promise<void> {
  await init(tree, { skipFormat: true, ...options })
}

function json(tree: Tree, path: string) {
  return JSON.parse(tree.read(path, 'utf8') ?? '')
}

describe('the s3 section', () => {
  test('holds the flags that were given, and no others', async () => {
    const tree = workspace()
    await run(tree, {
      bucket: 'b',
      endpoint: 'https://s3.example.com',
      forcePathStyle: true,
      ciMode: 'read-write',
      region: '',
    })
    assert.deepEqual(json(tree, 'nx.json'), {
      defaultBase: 'main',
      plugins: ['@nx/s3-cache'],
      s3: { bucket: 'b', endpoint: 'https://s3.example.com', forcePathStyle: true, ciMode: 'read-write' },
    })
  })

  test('keeps what is there, except what a flag changes', async () => {
    const tree = workspace({ nxJson: { s3: { bucket: 'old', region: 'r', retries: 3 } } })
    await run(tree, { bucket: 'new' })
    assert.deepEqual(json(tree, 'nx.json').s3, { bucket: 'new', region: 'r', retries: 3 })
  })

  test('is not touched without flags, so that running again changes nothing', async () => {
    const tree = workspace()
    await run(tree)
    const before = [tree.read('nx.json', 'utf8'), tree.read('package.json', 'utf8')]
    await run(tree, {})
    await run(tree, bucket)
    assert.deepEqual([tree.read('nx.json', 'utf8'), tree.read('package.json', 'utf8')], before)
  })

  test('goes to the own nx.json when that extends a preset, whose settings it would otherwise hide', async () => {
    const tree = workspace({ nxJson: { extends: './company.json' } })
    tree.write('company.json', JSON.stringify({ s3: { region: 'r', bucket: 'theirs', encryptionKey: 'k' } }))
    await run(tree, { bucket: 'ours' })
    assert.deepEqual(json(tree, 'nx.json'), { extends: './company.json', s3: { region: 'r', bucket: 'ours' } })
  })

  test('stays with the preset when that says everything', async () => {
    const tree = workspace({ nxJson: { extends: './company.json' } })
    tree.write('company.json', JSON.stringify({ s3: { bucket: 'theirs' } }))
    await run(tree, {})
    assert.deepEqual(json(tree, 'nx.json'), { extends: './company.json' })
    assert.equal(readSection(tree)?.['bucket'], 'theirs')
  })

  test('keeps the indentation of the file', async () => {
    const tree = workspace()
    tree.write('nx.json', '{\n\t"defaultBase": "main"\n}\n')
    await run(tree, { bucket: 'b' })
    const s3 = '\t"s3": {\n\t\t"bucket": "b"\n\t}'
    const plugins = '\t"plugins": [\n\t\t"@nx/s3-cache"\n\t]'
    assert.equal(tree.read('nx.json', 'utf8'), `{\n\t"defaultBase": "main",\n${s3},\n${plugins}\n}\n`)
  })
})

describe('secrets', () => {
  for (const key of ['accessKeyId', 'secretAccessKey', 'sessionToken', 'encryptionKey']) {
    test(`--${key} is refused with the place where it belongs, and nothing is written`, async () => {
      const tree = workspace()
      await assert.rejects(run(tree, { ...bucket, [key]: 'hush' }), /environment/)
      assert.equal(json(tree, 'nx.json').s3, undefined)
      await assert.rejects(run(tree, { ...bucket, [key]: 'hush' }), error => !String(error).includes('hush'))
    })
  }

  test('that are in nx.json already are kept and pointed out', async () => {
    const tree = workspace({ nxJson: { s3: { bucket: 'b', secretAccessKey: 'hush' } } })
    await run(tree, {})
    assert.equal(json(tree, 'nx.json').s3.secretAccessKey, 'hush')
    const text = words(tree)
    assert.match(text, /secretAccessKey → AWS_SECRET_ACCESS_KEY/)
    assert.doesNotMatch(text, /hush/)
  })
})

describe('the package', () => {
  test('is installed under the name Nx looks for', async () => {
    const tree = workspace()
    await run(tree)
    assert.deepEqual(json(tree, 'package.json').devDependencies, { '@nx/s3-cache': alias })
  })

  test('has the version under which it is listed itself', async () => {
    const tree = workspace({ packageJson: { devDependencies: { 'nx-s3-cache': '0.1.0' } } })
    await run(tree)
    assert.equal(json(tree, 'package.json').devDependencies['@nx/s3-cache'], 'npm:nx-s3-cache@0.1.0')
    assert.equal(json(tree, 'package.json').devDependencies['nx-s3-cache'], '0.1.0')
  })

  test('comes from the same tarball when it is listed as one', async () => {
    const tree = workspace({ packageJson: { devDependencies: { 'nx-s3-cache': 'file:../nx-s3-cache.tgz' } } })
    await run(tree)
    assert.equal(json(tree, 'package.json').devDependencies['@nx/s3-cache'], 'file:../nx-s3-cache.tgz')
  })

  test('comes from the registry when a catalog gives its version', async () => {
    const tree = workspace({ packageJson: { devDependencies: { 'nx-s3-cache': 'catalog:' } } })
    await run(tree)
    assert.equal(json(tree, 'package.json').devDependencies['@nx/s3-cache'], alias)
  })

  test('replaces both packages of Nx where they stand, and keeps the rest', async () => {
    const tree = workspace({
      nxJson: { s3: { bucket: 'b', ciMode: 'read' } },
      packageJson: {
        dependencies: { '@nx/s3-cache': '^5.0.0', zod: '1' },
        devDependencies: { '@nx/powerpack-s3-cache': '^4.0.0', '@nx/key': '^5.0.0' },
      },
    })
    await run(tree, {})
    const { dependencies, devDependencies } = json(tree, 'package.json')
    assert.deepEqual(dependencies, { '@nx/s3-cache': alias, zod: '1' })
    assert.deepEqual(devDependencies, { '@nx/key': '^5.0.0' })
    assert.deepEqual(json(tree, 'nx.json').s3, { bucket: 'b', ciMode: 'read' })
  })

  test('an alias written by hand or by "nx add @nx/s3-cache@npm:nx-s3-cache" stays', async () => {
    for (const specifier of ['npm:nx-s3-cache@0.1.0', 'file:../nx-s3-cache.tgz']) {
      const packageJson = { devDependencies: { '@nx/s3-cache': specifier } }
      const tree = workspace({ packageJson })
      await run(tree)
      assert.deepEqual(json(tree, 'package.json'), packageJson)
    }
  })

  test('is listed in nx.json where there is no package.json', async () => {
    const tree = workspace({ nxJson: { installation: { version: '24.0.6', plugins: { 'nx-s3-cache': '0.1.0' } } } })
    tree.delete('package.json')
    await run(tree)
    const { plugins } = json(tree, 'nx.json').installation
    assert.deepEqual(plugins, { '@nx/s3-cache': 'npm:nx-s3-cache@0.1.0', 'nx-s3-cache': '0.1.0' })
    assert.equal(tree.exists('package.json'), false)
  })
})

describe('the plugin', () => {
  const plugins = async (nxJson: object, packageJson = {}) => {
    const tree = workspace({ nxJson, packageJson })
    await run(tree)
    return json(tree, 'nx.json').plugins
  }

  test('is listed under its own name where that is installed, behind the others', async () => {
    const packageJson = { devDependencies: { 'nx-s3-cache': '^1.0.0' } }
    const other = { plugin: '@nx/js', options: {} }
    assert.deepEqual(await plugins({ plugins: [other] }, packageJson), [other, 'nx-s3-cache'])
  })

  test('is listed once, whatever its name', async () => {
    for (const plugin of ['@nx/s3-cache', 'nx-s3-cache', { plugin: 'nx-s3-cache' }]) {
      assert.deepEqual(await plugins({ plugins: [plugin] }), [plugin])
    }
  })

  test('does not hide the plugins of a preset', async () => {
    assert.equal(await plugins({ extends: './company.json' }), undefined)
  })
})

describe('the questions', () => {
  const answering = (answers: string[], asked: string[] = []) => ({
    asked,
    ask: async (question: string) => {
      asked.push(question)
      return answers.shift() ?? ''
    },
  })

  test('are not asked when the bucket is known', async () => {
    const { ask, asked } = answering([])
    assert.deepEqual(await askForMissing({ bucket: 'b' }, undefined, ask), { bucket: 'b' })
    assert.deepEqual(await askForMissing({}, { bucket: 'b' }, ask), {})
    assert.deepEqual(asked, [])
  })

  test('for Amazon S3 are bucket, server, region, single sign-on and trust', async () => {
    const { ask, asked } = answering(['b', '', 'eu-central-1', '', 'n'])
    const settings = await askForMissing({}, undefined, ask)
    assert.deepEqual(settings, { bucket: 'b', endpoint: '', region: 'eu-central-1', ssoProfile: '', trust: false })
    assert.equal(asked.length, 5)
  })

  test('for another server include its way to address buckets, and leave out what flags say', async () => {
    const { ask, asked } = answering(['b', 'https://s3.example.com', 'n'])
    const flags = { region: 'r', trust: true }
    const settings = await askForMissing(flags, undefined, ask)
    assert.deepEqual(settings, { ...flags, bucket: 'b', endpoint: 'https://s3.example.com', forcePathStyle: false })
    assert.equal(asked.length, 3)
  })

  test('end at once when no bucket is named', async () => {
    const { ask, asked } = answering([''])
    assert.deepEqual(await askForMissing({ region: 'r' }, undefined, ask), { region: 'r' })
    assert.equal(asked.length, 1)
  })
})

describe('the closing words', () => {
  test('tell what to do next', () => {
    const text = words(workspace({ nxJson: { s3: { bucket: 'b' } } }))
    assert.match(text, /AWS_ACCESS_KEY_ID[\s\S]*nx run-many -t build[\s\S]*nx reset/)
  })

  test('name the command against poisoning, until there are keys', () => {
    const command = /nx g @nx\/s3-cache:trust/
    assert.match(words(workspace({ nxJson: { s3: { bucket: 'b' } } })), command)
    const trust = { publicKeys: ['main:key'] }
    assert.doesNotMatch(words(workspace({ nxJson: { s3: { bucket: 'b', trust } } })), command)
  })

  test('name the profile that has to sign in', () => {
    assert.match(
      words(workspace({ nxJson: { s3: { bucket: 'b', ssoProfile: 'dev' } } })),
      /aws sso login --profile dev/,
    )
  })

  test('say how to name a bucket when there is none', () => {
    assert.match(words(workspace()), /no bucket is named yet[\s\S]*--bucket=/)
  })

  test('warn when Nx Cloud keeps Nx from using this cache', () => {
    assert.match(words(workspace({ nxJson: { nxCloudId: 'x', s3: { bucket: 'b' } } })), /Nx Cloud/)
    assert.doesNotMatch(words(workspace({ nxJson: { nxCloudId: 'x', neverConnectToCloud: true } })), /Nx Cloud/)
  })
})

function words(tree: Tree): string {
  const said = closingWords(tree, readSection(tree), { replaced: [], leftOver: undefined })
  return said.flatMap(({ title, bodyLines }) => [title, ...bodyLines]).join('\n')
}
