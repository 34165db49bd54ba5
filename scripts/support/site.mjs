// The documentation site. Its packages are its own, in site/, so that work on the plugin needs none of them.
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { extname, join, normalize } from 'node:path'
import { mustRun } from './command.mjs'
import { repository } from './paths.mjs'

export const site = join(repository, 'site')

/** Builds it and resolves to the directory that has it. */
export async function buildSite(onOutput) {
  const installed = join(site, 'node_modules', '.package-lock.json')
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(join(site, 'package-lock.json')).mtimeMs) {
    await mustRun('npm', ['install', '--no-save', '--no-audit', '--no-fund'], { cwd: site, onOutput })
  }
  const vitepress = join(site, 'node_modules', 'vitepress', 'bin', 'vitepress.js')
  await mustRun(process.execPath, [vitepress, 'build', site], { cwd: site, onOutput })
  return join(site, '.vitepress', 'dist')
}

/** Loads packages of the site. */
export const requireFromSite = createRequire(join(site, 'package.json'))

const types = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}

/** Serves what was built, as Pages does: `/cli` is cli.html. */
export async function serveSite(port = 0) {
  const root = join(site, '.vitepress', 'dist')
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://site').pathname))
    const candidates = [path, `${path}.html`, join(path, 'index.html')].map(name => join(root, name))
    const file = candidates.find(name => existsSync(name) && statSync(name).isFile())
    const type = types[extname(file ?? '.html')] ?? 'application/octet-stream'
    response.writeHead(file ? 200 : 404, { 'content-type': type })
    response.end(readFileSync(file ?? join(root, '404.html')))
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }
}
