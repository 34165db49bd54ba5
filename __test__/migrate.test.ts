import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Tree } from '@nx/devkit'
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing'
import migrate, { type MigrateOptions } from '../ts/generators/migrate/generator'
import { listenToNx } from './support/nx-output'

const { version } = require('../package.json')
const alias = `npm:nx-s3-cache@^${version}`
/** How nx.json lists this package, which is the other way into Nx. */
const plugins = ['@nx/s3-cache']

interface Files {
  nxJson?: object
  packageJson?: object
  others?: Record<string, string>
}

function workspace({ nxJson = {}, packageJson = { name: 'w' }, others = {} }: Files): Tree {
  const tree = createTreeWithEmptyWorkspace()
  tree.write('nx.json', JSON.stringify(nxJson))
  tree.write('package.json', JSON.stringify(packageJson))
  for (const [path, text] of Object.entries(others)) tree.write(path, text)
  return tree
}

/** Runs the generator and returns what it printed. */
async function run(tree: Tree, options: MigrateOptions = {}): Promise<string> {
  const finish = await migrate(tree, { skipFormat: true, skipInstall: true, ...options })
  return listenToNx(() => finish())
}

function json(tree: Tree, path: string) {
  return JSON.parse(tree.read(path, 'utf8') ?? '')
}

const runner = (name: string, options: object) => ({ tasksRunnerOptions: { default: { runner: name, options } } })

describe('@nx-aws-plugin/nx-aws-cache', () => {
  const options = {
    awsBucket: 'builds/nx/cache/',
    awsRegion: 'eu-central-1',
    awsEndpoint: 'https://s3.example.com',
    awsForcePathStyle: true,
    awsProfile: 'ci',
  }
  const setUp = (more: object = {}) =>
    workspace({
      nxJson: { useLegacyCache: true, ...runner('@nx-aws-plugin/nx-aws-cache', { ...options, ...more }) },
      packageJson: { devDependencies: { '@nx-aws-plugin/nx-aws-cache': '3.2.3', nx: '24.0.6' } },
    })

  test('becomes the s3 section, its path the prefix, and leaves no runner and no package', async () => {
    const tree = setUp()
    const text = await run(tree)
    assert.deepEqual(json(tree, 'nx.json'), {
      s3: {
        bucket: 'builds',
        region: 'eu-central-1',
        endpoint: 'https://s3.example.com',
        forcePathStyle: true,
        profile: 'ci',
        cacheKeyPrefix: 'nx/cache',
      },
      plugins,
    })
    assert.deepEqual(json(tree, 'package.json').devDependencies, { '@nx/s3-cache': alias, nx: '24.0.6' })
    assert.match(text, /removed the package @nx-aws-plugin\/nx-aws-cache/)
    assert.match(text, /removed the runner @nx-aws-plugin\/nx-aws-cache/)
    assert.doesNotMatch(text, /remains to be done/)
  })

  test('its secrets go nowhere, and their variables are named', async () => {
    const tree = setUp({ awsAccessKeyId: 'AKIA', awsSecretAccessKey: 'hush', encryptionFileKey: 'hush' })
    const text = await run(tree)
    assert.doesNotMatch(tree.read('nx.json', 'utf8') ?? '', /AKIA|hush/)
    assert.match(text, /"awsSecretAccessKey", which was removed: set AWS_SECRET_ACCESS_KEY/)
    assert.match(text, /"encryptionFileKey", which was removed: set NX_S3_CACHE_ENCRYPTION_KEY/)
    assert.doesNotMatch(text, /hush/)
  })

  test('what it said of Nx itself is kept: cacheable targets, parallel, the cache directory', async () => {
    const tree = setUp({ cacheableOperations: ['build', 'test'], parallel: 5, cacheDirectory: 'c', skipNxCache: false })
    tree.write('nx.json', JSON.stringify({ ...json(tree, 'nx.json'), targetDefaults: { test: { cache: false } } }))
    const text = await run(tree)
    const { targetDefaults, parallel, cacheDirectory, tasksRunnerOptions } = json(tree, 'nx.json')
    assert.deepEqual(targetDefaults, { test: { cache: false }, build: { cache: true } })
    assert.deepEqual([parallel, cacheDirectory, tasksRunnerOptions], [5, 'c', undefined])
    assert.match(text, /dropped options without an equivalent: skipNxCache/)
  })

  test('a target whose defaults are a list becomes cacheable, and what the list says wins', async () => {
    const tree = setUp({ cacheableOperations: ['build'] })
    const build = [{ filter: { plugin: '@nx/vite' }, cache: false }]
    tree.write('nx.json', JSON.stringify({ ...json(tree, 'nx.json'), targetDefaults: { build } }))
    await run(tree)
    assert.deepEqual(json(tree, 'nx.json').targetDefaults, { build: [{ cache: true }, ...build] })
  })

  test('an s3 section that is there wins', async () => {
    const tree = setUp()
    tree.write('nx.json', JSON.stringify({ ...json(tree, 'nx.json'), s3: { bucket: 'ours', region: 'us-east-1' } }))
    await run(tree)
    const { bucket, region, profile } = json(tree, 'nx.json').s3
    assert.deepEqual([bucket, region, profile], ['ours', 'us-east-1', 'ci'])
  })

  test('the second time, nothing changes', async () => {
    const tree = setUp()
    await run(tree)
    const before = [tree.read('nx.json', 'utf8'), tree.read('package.json', 'utf8')]
    assert.match(await run(tree), /Nothing to migrate/)
    assert.deepEqual([tree.read('nx.json', 'utf8'), tree.read('package.json', 'utf8')], before)
  })
})

describe('@pellegrims/nx-remotecache-s3', () => {
  const setUp = (options: object) =>
    workspace({
      nxJson: runner('@pellegrims/nx-remotecache-s3', options),
      packageJson: { dependencies: { '@pellegrims/nx-remotecache-s3': '8.1.3', 'nx-remotecache-custom': '20.0.0' } },
    })

  test('becomes the s3 section, its prefix without the slash', async () => {
    const tree = setUp({ bucket: 'b', prefix: 'team/', region: 'r', profile: 'p', forcePathStyle: false, name: 'S3' })
    const text = await run(tree)
    const s3 = { bucket: 'b', region: 'r', forcePathStyle: false, profile: 'p', cacheKeyPrefix: 'team' }
    assert.deepEqual(json(tree, 'nx.json'), { s3, plugins })
    assert.deepEqual(json(tree, 'package.json').dependencies, {})
    assert.match(text, /dropped options without an equivalent: name/)
  })

  test('read and write become modes', async () => {
    for (const [options, mode] of [
      [{ write: false }, 'read-only'],
      [{ read: false }, 'write-only'],
      [{ read: false, write: false }, 'no-cache'],
      [{ read: true, write: true }, undefined],
    ] as const) {
      const tree = setUp({ bucket: 'b', ...options })
      await run(tree)
      const { localMode, ciMode } = json(tree, 'nx.json').s3
      assert.deepEqual([localMode, ciMode], [mode, mode])
    }
  })
})

describe('the packages of Nx', () => {
  test('@nx/s3-cache and powerpack are replaced, their section stays', async () => {
    const s3 = { bucket: 'b', region: 'r', localMode: 'read' }
    const devDependencies = { '@nx/powerpack-s3-cache': '5.0.7', '@nx/key': '5.0.7' }
    const tree = workspace({ nxJson: { s3 }, packageJson: { devDependencies } })
    const text = await run(tree)
    assert.deepEqual(json(tree, 'nx.json'), { s3, plugins })
    assert.deepEqual(json(tree, 'package.json').devDependencies, { '@nx/key': '5.0.7', '@nx/s3-cache': alias })
    assert.match(text, /removed the package @nx\/powerpack-s3-cache/)
    assert.match(text, /@nx\/key is not needed for the cache/)
  })
})

describe('Nx Cloud', () => {
  const nxJson = { nxCloudId: 'abc', nxCloudUrl: 'https://cloud.example.com', s3: { bucket: 'b' } }
  const packageJson = { devDependencies: { 'nx-cloud': '19.1.3' } }

  test('stays connected unless told, with the consequence and the command', async () => {
    const tree = workspace({ nxJson, packageJson })
    const text = await run(tree)
    assert.deepEqual(json(tree, 'nx.json'), { ...nxJson, plugins })
    assert.match(text, /Nx Cloud is connected, so Nx uses no other cache[\s\S]*--leaveNxCloud/)
    assert.ok(json(tree, 'package.json').devDependencies['nx-cloud'])
  })

  test('is left with --leaveNxCloud: id, address, runner and package', async () => {
    const tree = workspace({
      nxJson: { ...nxJson, ...runner('nx-cloud', { accessToken: 't', parallel: 2 }) },
      packageJson,
    })
    const text = await run(tree, { leaveNxCloud: true })
    assert.deepEqual(json(tree, 'nx.json'), { s3: { bucket: 'b' }, parallel: 2, plugins })
    assert.deepEqual(json(tree, 'package.json').devDependencies, { '@nx/s3-cache': alias })
    assert.match(text, /disconnected the workspace from Nx Cloud/)
  })

  test('that is switched off anyway is no matter', async () => {
    const tree = workspace({ nxJson: { ...nxJson, neverConnectToCloud: true } })
    assert.doesNotMatch(await run(tree), /Nx Cloud/)
  })
})

describe('what a machine should not change', () => {
  test('is named by file and line: variables, commands of Nx Cloud, the image of Vela', async () => {
    const tree = workspace({
      nxJson: { s3: { bucket: 'b' } },
      others: {
        '.env': 'OTHER=1\nNXCACHE_AWS_BUCKET=b\n',
        '.github/workflows/ci.yml':
          'env:\n  NX_SELF_HOSTED_REMOTE_CACHE_SERVER: x\n  # NX_CLOUD_ACCESS_TOKEN: x\n  run: npx nx start-ci-run\n',
        '.vela.yml': 'image: target/vela-s3-cache:v0.10.0\n',
      },
    })
    const text = await run(tree)
    assert.match(text, /\.env:2: NXCACHE_AWS_BUCKET: rename: NX_S3_CACHE_BUCKET/)
    assert.match(text, /ci\.yml:2: NX_SELF_HOSTED_REMOTE_CACHE_SERVER: remove/)
    assert.match(text, /ci\.yml:4: nx start-ci-run: remove/)
    assert.match(text, /\.vela\.yml:1: target\/vela-s3-cache: use the image/)
    assert.doesNotMatch(text, /ci\.yml:3/)
  })

  test('a workspace without a bucket is told how to name one', async () => {
    assert.match(await run(workspace({})), /no bucket is named: npx nx g @nx\/s3-cache:init --bucket/)
  })

  test('a runner that is not known stays, and is named', async () => {
    const nxJson = { ...runner('nx-remotecache-azure', {}), s3: { bucket: 'b' } }
    const tree = workspace({ nxJson })
    assert.match(await run(tree), /nx-remotecache-azure, which Nx 21 and later ignore/)
    assert.deepEqual(json(tree, 'nx.json'), { ...nxJson, plugins })
  })
})
