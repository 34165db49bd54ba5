// What the tests of the second way start from: a workspace in which Nx can't find the name that it looks for.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packedPlain } from '../../../scripts/support/paths.mjs'
import { serverAndWorkspace } from './setting.mjs'

/** A server and a workspace that has the package under its own name only, and lists it as a plugin. */
export async function served(options = {}) {
  // Nx's own choice, as far as processes of plugins are concerned.
  const environment = { NX_ISOLATE_PLUGINS: undefined, ...options.environment }
  const plugin = join(packedPlain, 'node_modules')
  const { server, workspace } = await serverAndWorkspace({ plugin, ...options, environment })
  listPlugin(workspace)
  return { server, workspace }
}

/** Lists the package as a plugin in nx.json. */
export function listPlugin(workspace) {
  const path = join(workspace.root, 'nx.json')
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), plugins: ['nx-s3-cache'] }, null, 2))
}

/** The entries in a bucket that came each way: `direct` ones and `served` ones. */
export function entries(server) {
  const keys = server.objects().map(({ key }) => key)
  return {
    direct: keys.filter(key => /\/e\/\d+$/.test(key)).length,
    served: keys.filter(key => /\/b\/\d+$/.test(key)).length,
  }
}

/** Makes a project's build take as long as this, so that something can happen meanwhile. */
export function slowDown(workspace, project, ms) {
  const path = join(workspace.root, 'packages', project, 'project.json')
  const { targets, ...rest } = JSON.parse(readFileSync(path, 'utf8'))
  const command = `node -e "setTimeout(() => {}, ${ms})"`
  writeFileSync(path, JSON.stringify({ ...rest, targets: { ...targets, build: { command } } }))
}
