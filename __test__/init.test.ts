import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Tree } from '@nx/devkit'
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing'
import { FsTree } from 'nx/src/generators/tree'
import { commandsOf } from '../ts/generators/commands'
import { closingWords } from '../ts/generators/init/closing-words'
import init from '../ts/generators/init/generator'
import type { InitOptions } from '../ts/generators/init/options'
import { askForMissing } from '../ts/generators/init/questions'
import { readSection } from '../ts/generators/section'
import { withEnv } from './support/fakes'

const { version } = require('../package.json')
const alias = `npm:nx-s3-cache@^${version}`
const bucket = { bucket: 'bkt', region: 'eu-central-1' }

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
      $schema: './node_modules/@nx/s3-cache/nx-s3.schema.json',
      defaultBase: 'main',
      plugins: ['@nx/s3-cache'],
      s3: { bucket: 'b', endpoint: 'https://s3.example.com', forcePathStyle: true, ciMode: 'read-write' },
    })
  })

  test('keeps what is there, except what a flag changes', async () => {
    const tree = workspace({ nxJson: { s3: { bucket: 'old', region: 'eu-west-1', retries: 3 } } })
    await run(tree, { bucket: 'new' })
    assert.deepEqual(json(tree, 'nx.json').s3, { bucket: 'new', region: 'eu-west-1', retries: 3 })
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
    const theirs = { region: 'eu-west-1', bucket: 'theirs', encryptionKey: 'correct horse battery' }
    tree.write('company.json', JSON.stringify({ s3: theirs }))
    await run(tree, { bucket: 'ours' })
    const { extends: preset, s3 } = json(tree, 'nx.json')
    assert.deepEqual([preset, s3], ['./company.json', { region: 'eu-west-1', bucket: 'ours' }])
  })

  test('stays with the preset when that says everything', async () => {
    const tree = workspace({ nxJson: { extends: './company.json' } })
    tree.write('company.json', JSON.stringify({ s3: { bucket: 'theirs', region: 'eu-west-1' } }))
    await run(tree, {})
    assert.deepEqual(json(tree, 'nx.json'), { extends: './company.json' })
    assert.equal(readSection(tree)?.['bucket'], 'theirs')
  })

  test('keeps the indentation of the file', async () => {
    const tree = workspace()
    tree.write('nx.json', '{\n\t"$schema": "other.json"\n}\n')
    await run(tree, { bucket: 'bkt', region: 'eu-west-1' })
    assert.equal(
      tree.read('nx.json', 'utf8'),
      '{\n\t"$schema": "other.json",\n\t"s3": {\n\t\t"bucket": "bkt",\n\t\t"region": "eu-west-1"\n\t},\n\t"plugins": [\n\t\t"@nx/s3-cache"\n\t]\n}\n',
    )
  })

  test('leaves comments, order and spacing of everything else as they are', async () => {
    const tree = workspace()
    const before = [
      '// Reviewed by the platform team.',
      '{',
      '  "$schema": "./node_modules/nx/schemas/nx-schema.json",',
      '  "s3": {',
      '    "bucket": "old", // shared with nobody',
      '    "region": "eu-west-1"',
      '  },',
      '  /* affected */ "defaultBase":   "main",',
      '  "namedInputs": { "default": ["{projectRoot}/**/*",] },',
      '}',
      '',
    ].join('\n')
    tree.write('nx.json', before)
    await run(tree, { bucket: 'new', region: 'eu-west-1' })
    const after = before
      .replace('"old"', '"new"')
      .replace('nx/schemas/nx-schema.json', '@nx/s3-cache/nx-s3.schema.json')
    assert.equal(tree.read('nx.json', 'utf8'), after)
  })

  test('is completed by editors, unless nx.json names a schema of its own or there is no node_modules', async () => {
    const schemaOf = async (nxJson: object, change = (_: Tree) => {}) => {
      const tree = workspace({ nxJson })
      change(tree)
      await run(tree)
      return json(tree, 'nx.json').$schema
    }
    const ours = './node_modules/@nx/s3-cache/nx-s3.schema.json'
    assert.equal(await schemaOf({}), ours)
    assert.equal(await schemaOf({ $schema: './node_modules/nx/schemas/nx-schema.json' }), ours)
    assert.equal(await schemaOf({ $schema: 'https://example.com/s.json' }), 'https://example.com/s.json')
    assert.equal(await schemaOf({}, tree => tree.write('.pnp.cjs', '')), undefined)
    assert.equal(await schemaOf({}, tree => tree.delete('package.json')), undefined)
  })
})

describe('settings that can not work', () => {
  const refused = async (options: InitOptions, pattern: RegExp, nxJson: object = {}) => {
    const tree = workspace({ nxJson })
    await assert.rejects(run(tree, options), pattern)
  }

  test('are refused by the rules of the cache itself, with what to do', async () => {
    await refused({ ...bucket, bucket: 'Bad_Bucket' }, /nothing was written[\s\S]*- bucket \(nx\.json\): "Bad_Bucket"/)
    await refused({ ...bucket, ciMode: 'readonly' }, /- ciMode .*read-only[\s\S]*run the generator again/)
    await refused(bucket, /- retries \(nx\.json\)/, { s3: { retries: 'many' } })
  })

  test('are refused when nothing names the region', async () => {
    const nowhere = { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined, AWS_CONFIG_FILE: '/nowhere' }
    await withVariables(nowhere, async () => {
      await refused({ bucket: 'bkt' }, /region is not known[\s\S]*eu-central-1[\s\S]*--region/)
      await run(workspace(), { bucket: 'bkt', endpoint: 'https://s3.example.com' })
    })
    await withVariables({ ...nowhere, AWS_REGION: 'eu-west-1' }, () => run(workspace(), { bucket: 'bkt' }))
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
    const s3 = { ...bucket, accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'hush' }
    const tree = workspace({ nxJson: { s3 } })
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

  test('is the only dependency: it takes over version and place of the entry that nx add made', async () => {
    for (const [own, expected] of [
      ['0.1.0', 'npm:nx-s3-cache@0.1.0'],
      ['^0.1.0', 'npm:nx-s3-cache@^0.1.0'],
      ['file:../nx-s3-cache.tgz', 'file:../nx-s3-cache.tgz'],
    ]) {
      const tree = workspace({ packageJson: { dependencies: { 'nx-s3-cache': own, zod: '1' }, devDependencies: {} } })
      await run(tree)
      const { dependencies, devDependencies } = json(tree, 'package.json')
      assert.deepEqual([dependencies, devDependencies], [{ '@nx/s3-cache': expected, zod: '1' }, {}])
    }
  })

  test('keeps the entry under its own name where nx.json names that as a plugin', async () => {
    const packageJson = { devDependencies: { 'nx-s3-cache': '0.1.0' } }
    const tree = workspace({ packageJson, nxJson: { plugins: ['nx-s3-cache'] } })
    await run(tree)
    assert.deepEqual(json(tree, 'package.json').devDependencies, {
      '@nx/s3-cache': 'npm:nx-s3-cache@0.1.0',
      'nx-s3-cache': '0.1.0',
    })
  })

  test('comes from the registry when a catalog gives its version', async () => {
    const tree = workspace({ packageJson: { devDependencies: { 'nx-s3-cache': 'catalog:' } } })
    await run(tree)
    assert.deepEqual(json(tree, 'package.json').devDependencies, { '@nx/s3-cache': alias, 'nx-s3-cache': 'catalog:' })
  })

  test('replaces both packages of Nx where they stand, and keeps the rest', async () => {
    const tree = workspace({
      nxJson: { s3: { ...bucket, ciMode: 'read' } },
      packageJson: {
        dependencies: { '@nx/s3-cache': '^5.0.0', zod: '1' },
        devDependencies: { '@nx/powerpack-s3-cache': '^4.0.0', '@nx/key': '^5.0.0' },
      },
    })
    await run(tree, {})
    const { dependencies, devDependencies } = json(tree, 'package.json')
    assert.deepEqual(dependencies, { '@nx/s3-cache': alias, zod: '1' })
    assert.deepEqual(devDependencies, { '@nx/key': '^5.0.0' })
    assert.deepEqual(json(tree, 'nx.json').s3, { ...bucket, ciMode: 'read' })
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
    assert.deepEqual(plugins, { '@nx/s3-cache': 'npm:nx-s3-cache@0.1.0' })
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
  const keys = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_PROFILE: undefined }

  test('tell what to do next', () =>
    withVariables(keys, () => {
      const text = words(workspace({ nxJson: { s3: { bucket: 'b' } } }))
      assert.match(text, /1\. .*AWS_ACCESS_KEY_ID[\s\S]*doctor[\s\S]*nx run-many -t build[\s\S]*nx reset/)
    }))

  test('ask for no keys where there are some', () =>
    withVariables({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's' }, () => {
      const text = words(workspace({ nxJson: { s3: { bucket: 'b' } } }))
      assert.doesNotMatch(text, /AWS_ACCESS_KEY_ID/)
      assert.match(text, /1\. Check the connection/)
    }))

  test('give the commands of the package manager', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nx-s3-cache-init-'))
    try {
      writeFileSync(join(folder, 'pnpm-lock.yaml'), '')
      writeFileSync(join(folder, 'package.json'), '{}')
      writeFileSync(join(folder, 'nx.json'), JSON.stringify({ s3: { bucket: 'b' } }))
      const text = words(new FsTree(folder, false))
      assert.match(text, /: pnpm exec nx-s3-cache doctor\n[\s\S]*pnpm exec nx g @nx\/s3-cache:trust/)
      assert.doesNotMatch(text, /npx/)
    } finally {
      rmSync(folder, { recursive: true })
    }
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
    const connected = words(workspace({ nxJson: { nxCloudId: 'x', s3: { bucket: 'b' } } }))
    assert.match(connected, /Nx Cloud/)
    assert.doesNotMatch(connected, /is set up/)
    assert.doesNotMatch(words(workspace({ nxJson: { nxCloudId: 'x', neverConnectToCloud: true } })), /Nx Cloud/)
  })
})

function words(tree: Tree): string {
  const said = closingWords(tree, readSection(tree), { replaced: [], leftOver: undefined }, commandsOf(tree))
  return said.flatMap(({ title, bodyLines }) => [title, ...bodyLines]).join('\n')
}

async function withVariables(variables: Record<string, string | undefined>, work: () => void | Promise<void>) {
  const nested = async () => work()
  await Object.entries(variables).reduce(
    (inner, [name, value]) =>
      () =>
        withEnv(name, value, inner),
    nested,
  )()
}
