// An npm registry on this machine that has our packed packages, and everything else from the registry in use.
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { mustRun } from '../../../scripts/support/command.mjs'
import { installedOnce } from '../../../scripts/support/installed-tool.mjs'
import { cacheHome, repository } from '../../../scripts/support/paths.mjs'
import { tarballs } from '../../../scripts/support/set-up.mjs'

/** Starts the registry with our packages published, and resolves to its URL. */
export async function startRegistry() {
  // The version that runs on Node 20, with the one node-fetch that does.
  const overrides = { 'node-fetch': '2.7.0' }
  const verdaccio = await installedOnce('tools/verdaccio-6.2.5', ['verdaccio@6.2.5'], { overrides })
  const { runServer } = createRequire(join(verdaccio, 'package.json'))('verdaccio')
  const ours = `of-process-${process.pid}`
  const server = await runServer(await configuration(ours))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  after(() => {
    server.close()
    server.closeAllConnections()
    rmSync(join(storage, ours), { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${server.address().port}/`
  for (const tarball of tarballs(process.env.E2E_TARBALLS)) await publish(tarball, url)
  return url
}

const storage = join(cacheHome, 'registry')

/** What comes from elsewhere is kept from run to run; our own packages, in the folder `ours`, are not. */
async function configuration(ours) {
  mkdirSync(join(storage, ours), { recursive: true })
  const { stdout: upstream } = await mustRun('npm', ['config', 'get', 'registry'], { cwd: repository })
  const everybody = { access: '$all', publish: '$all', unpublish: '$all' }
  const file = join(storage, ours, 'verdaccio.json')
  const settings = {
    storage,
    self_path: file,
    configPath: file,
    auth: { htpasswd: { file: join(storage, 'htpasswd') } },
    uplinks: { upstream: { url: upstream.trim(), cache: true, maxage: '1d', timeout: '60s' } },
    packages: { 'nx-s3-cache*': { ...everybody, storage: ours }, '**': { ...everybody, proxy: 'upstream' } },
    log: { type: 'stdout', level: 'fatal' },
    web: { enable: false },
    max_body_size: '200mb', // an addon with debug symbols is large
  }
  writeFileSync(file, JSON.stringify(settings))
  return settings
}

/** Publishes the main package again as `version`, with the binaries that there are. */
export async function publishAs(version, url) {
  const folder = mkdtempSync(join(tmpdir(), 'nx-s3-cache-next-'))
  try {
    const [tarball] = tarballs().filter(path => /nx-s3-cache-\d/.test(path))
    await mustRun('tar', ['-xzf', tarball, '-C', folder])
    for (const name of ['package.json', 'migrations.json']) {
      const file = join(folder, 'package', name)
      const json = readFileSync(file, 'utf8').replace(/"version": "[^"]*"/, `"version": "${version}"`)
      writeFileSync(file, json)
    }
    await publish(join(folder, 'package'), url)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** npm wants a token even where anybody may publish. */
async function publish(tarball, url) {
  const token = `--${url.replace('http:', '')}:_authToken=anybody`
  await mustRun('npm', ['publish', tarball, '--registry', url, token, '--ignore-scripts'], { cwd: repository })
}
