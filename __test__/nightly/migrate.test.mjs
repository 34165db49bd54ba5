// From a cache that is set up by its own package, as its users have it, to ours: `nx g @nx/s3-cache:migrate`, then hits.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { mustRun } from '../../scripts/support/command.mjs'
import { newestNx } from '../../scripts/support/nx-versions.mjs'
import { cacheHome } from '../../scripts/support/paths.mjs'
import { startS3Server } from '../../scripts/support/s3-server.mjs'
import { emptyWorkspace } from '../../scripts/support/workspace.mjs'
import { assertRestored } from '../e2e/support/expect.mjs'
import { startRegistry } from '../e2e/support/registry.mjs'

const build = ['run', 'lib:build', '--outputStyle=static']

describe('migrating', async () => {
  const registry = await startRegistry()
  const server = await startS3Server()
  after(() => server.stop())
  const { bucket, endpoint, region } = server.section()

  const caches = {
    '@nx-aws-plugin/nx-aws-cache': {
      packages: ['@nx-aws-plugin/nx-aws-cache@3.2.3'],
      setUp: async ({ nx, packageJson }) => {
        // Its generator asks for this line, and works without the package.
        packageJson(({ devDependencies }) => Object.assign(devDependencies, { '@nx/workspace': '24.0.0' }))
        const flags = [`--awsBucket=${bucket}/aws`, `--awsRegion=${region}`, `--awsEndpoint=${endpoint}`]
        await nx(['g', '@nx-aws-plugin/nx-aws-cache:init', ...flags, '--awsForcePathStyle'])
        packageJson(({ devDependencies }) => delete devDependencies['@nx/workspace'])
      },
      section: { ...server.section(), cacheKeyPrefix: 'aws' },
    },
    '@pellegrims/nx-remotecache-s3': {
      packages: ['@pellegrims/nx-remotecache-s3@8.1.3'],
      // It has no generator: its README says what to write.
      setUp: ({ edit }) =>
        edit({
          tasksRunnerOptions: {
            default: {
              runner: '@pellegrims/nx-remotecache-s3',
              options: { bucket, region, endpoint, forcePathStyle: true, prefix: 'pellegrims/' },
            },
          },
        }),
      section: { ...server.section(), cacheKeyPrefix: 'pellegrims' },
    },
    '@nx/s3-cache': {
      packages: ['@nx/s3-cache@5.0.7'],
      setUp: ({ edit }) => edit({ s3: { ...server.section(), ciMode: 'read-write' } }),
      section: { ...server.section(), ciMode: 'read-write' },
    },
    '@nx/powerpack-s3-cache': {
      packages: ['@nx/powerpack-s3-cache@5.0.7'],
      setUp: ({ edit }) => edit({ s3: { ...server.section(), cacheKeyPrefix: 'powerpack' } }),
      section: { ...server.section(), cacheKeyPrefix: 'powerpack' },
    },
  }

  for (const [name, { packages, setUp, section }] of Object.entries(caches)) {
    it(`from ${name} leaves a workspace that restores from the same bucket, without the package`, async () => {
      const environment = {
        npm_config_registry: registry,
        npm_config_cache: join(cacheHome, 'npm'),
        // Their peers want Nx below 23, or packages of Nx that were never published.
        npm_config_legacy_peer_deps: 'true',
      }
      const workspace = emptyWorkspace({ environment: { ...server.environment, ...environment } })
      after(() => workspace.dispose())
      const npm = (...words) => mustRun('npm', words, { cwd: workspace.root, env: workspace.variables() })
      const nx = async words => {
        const run = await workspace.nx(words)
        assert.equal(run.code, 0, run.text)
        return run
      }
      const file = path => join(workspace.root, path)
      const json = path => JSON.parse(readFileSync(file(path), 'utf8'))
      const write = (path, value) => writeFileSync(file(path), JSON.stringify(value, null, 2))
      const edit = more => write('nx.json', { ...json('nx.json'), ...more })
      const packageJson = change => {
        const value = json('package.json')
        change(value)
        write('package.json', value)
      }

      write('package.json', { name: 'workspace', private: true })
      await npm('install', '--save-dev', `nx@${newestNx}`, '@nx/devkit@24.0.0', ...packages)
      await setUp({ nx, edit, packageJson })
      await npm('install', '--save-dev', 'nx-s3-cache')
      const migrated = await nx(['g', 'nx-s3-cache:migrate'])

      const { s3, tasksRunnerOptions } = json('nx.json')
      assert.deepEqual({ s3, tasksRunnerOptions }, { s3: section, tasksRunnerOptions: undefined }, migrated.text)
      assert.equal(json('node_modules/@nx/s3-cache/package.json').name, 'nx-s3-cache')
      if (name !== '@nx/s3-cache') assert.equal(existsSync(file(`node_modules/${name}`)), false, migrated.text)
      await nx(build)
      workspace.wipe()
      assertRestored(await nx(build), ['lib:build', 'ui:build'])
      assert.match((await nx(['g', '@nx/s3-cache:migrate'])).text, /Nothing to migrate/)
    })
  }
})
