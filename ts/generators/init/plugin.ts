import type { Tree } from '@nx/devkit'
import { editJson, readJsonOrEmpty } from '../json'

/** The names under which this package may be installed; the first is its own. */
const NAMES = ['nx-s3-cache', '@nx/s3-cache'] as const

type Plugin = string | { plugin: string }

interface NxJson {
  extends?: string
  plugins?: Plugin[]
  installation?: { plugins?: Record<string, string> }
}

interface PackageJson {
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

/**
 * Lists this package as a plugin in nx.json, the way into Nx that doesn't depend on a name of Nx's own. While Nx honours
 * that name, the plugin does nothing. A list of its own would hide that of a preset, so nx.json must have one then.
 */
export function listPlugin(tree: Tree): void {
  const { dependencies, devDependencies } = readJsonOrEmpty<PackageJson>(tree, 'package.json')
  editJson<NxJson>(tree, 'nx.json', json => {
    if (json.extends && !json.plugins) return
    const installed = { ...json.installation?.plugins, ...dependencies, ...devDependencies }
    const name = NAMES.find(name => name in installed)
    const listed = (json.plugins ?? []).map(plugin => (typeof plugin === 'string' ? plugin : plugin.plugin))
    if (name && !NAMES.some(name => listed.includes(name))) json.plugins = [...(json.plugins ?? []), name]
  })
}
