// The package managers that users have: where their program is, and how a workspace gets Nx with them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './command.mjs'
import { installedOnce } from './installed-tool.mjs'
import { cacheHome } from './paths.mjs'

/**
 * `directory` resolves to the folder to put into the PATH, `environment(registry)` makes it use a registry, and
 * `files` are what the workspace has of it. Stores last from run to run where they tell our package of one run from that
 * of another, which has the same version; others are in the workspace's home.
 */
export const packageManagers = {
  npm: {
    directory: async () => undefined,
    environment: registry => ({ npm_config_registry: registry, npm_config_cache: join(cacheHome, 'npm') }),
  },
  pnpm: {
    directory: () => program('pnpm', '10.34.9'),
    environment: registry => ({ npm_config_registry: registry, npm_config_store_dir: join(cacheHome, 'pnpm-store') }),
  },
  'pnpm-12': {
    directory: () => program('pnpm', '12.21.0'),
    environment: registry => ({
      npm_config_registry: registry,
      pnpm_config_registry: registry,
      pnpm_config_store_dir: join(cacheHome, 'pnpm-store'),
    }),
    // Scripts of dependencies need a word, or the installation fails; Nx works without its own.
    files: { 'pnpm-workspace.yaml': 'strictDepBuilds: false\n' },
  },
  'yarn-1': {
    directory: () => program('yarn', '1.22.22'),
    environment: registry => ({ npm_config_registry: registry, YARN_REGISTRY: registry }),
    files: { 'yarn.lock': '' },
  },
  'yarn-4': yarn('node-modules'),
  'yarn-4-pnp': { ...yarn('pnp'), nx: ['yarn', 'nx'] },
  bun: {
    directory: bun,
    environment: registry => ({ npm_config_registry: registry }),
  },
}

function yarn(nodeLinker) {
  return {
    directory: () => program('@yarnpkg/cli-dist', '4.18.1'),
    environment: registry => ({
      // `nx add` asks npm for the newest version.
      npm_config_registry: registry,
      YARN_NPM_REGISTRY_SERVER: registry,
      YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
      YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      YARN_ENABLE_TELEMETRY: 'false',
      YARN_NPM_MINIMAL_AGE_GATE: '0',
    }),
    files: { 'yarn.lock': '', '.yarnrc.yml': `nodeLinker: ${nodeLinker}\n` },
  }
}

async function program(name, version) {
  const place = `tools/${name.replace('/', '-')}-${version}`
  return join(await installedOnce(place, [`${name}@${version}`]), 'node_modules', '.bin')
}

/** Not the package `bun`, whose install script puts the binary of the platform in place. */
async function bun() {
  const name = `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`
  const directory = await installedOnce('tools/bun-1.4.5', [`${name}@1.4.5`])
  return join(directory, 'node_modules', name, 'bin')
}

/** Installs Nx into a workspace. */
export async function installNx(name, workspace, version) {
  const packageJson = { name: 'workspace', private: true, devDependencies: { nx: version } }
  const files = { 'package.json': JSON.stringify(packageJson, null, 2), ...packageManagers[name].files }
  for (const [path, text] of Object.entries(files)) writeFileSync(join(workspace.root, path), text)
  const env = workspace.variables()
  await mustRun(name.split('-')[0], ['install'], { cwd: workspace.root, env, timeout: 600_000 })
}
