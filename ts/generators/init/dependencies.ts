import type { Tree } from '@nx/devkit'
import { editJson, readJsonOrEmpty } from '../json'

const OURS = 'nx-s3-cache'

/** The name Nx looks for. */
const ALIAS = '@nx/s3-cache'

/** Nx's second choice; it has no use beside the first. */
const FORMER = '@nx/powerpack-s3-cache'

/** The licence check of the former package. Other Nx packages may need it, so it is only mentioned. */
const LICENCE_KEY = '@nx/key'

type Dependencies = Record<string, string>

interface PackageJson {
  dependencies?: Dependencies
  devDependencies?: Dependencies
}

interface NxJson {
  installation?: { plugins?: Dependencies }
  plugins?: Array<string | { plugin: string }>
}

/** What changed, for the closing words. */
export interface Installed {
  /** Packages that were replaced or removed. */
  replaced: string[]
  /** A package that may be of no use any more. */
  leftOver: string | undefined
}

/**
 * Installs this package under the name Nx looks for, in place of any other that answers to it. The entry under its own
 * name, which `nx add` made, becomes the alias, so that there is one dependency to upgrade; unless `keepOwn`.
 *
 * A workspace without a package.json lists its plugins in nx.json, where the same names and versions are valid.
 */
export function installAlias(tree: Tree, { keepOwn = false } = {}): Installed {
  const lists = dependencyLists(tree)
  const known = Object.assign({}, ...lists.map(list => list.entries)) as Dependencies
  const wanted = aliasFor(known)
  const replaced = [ALIAS, FORMER].filter(name => known[name] && known[name] !== wanted && !isAlias(known[name]))
  const home = lists.find(list => list.entries[ALIAS]) ?? lists.find(list => list.entries[OURS]) ?? lists.at(-1)
  const stays = keepOwn || !follows(known[OURS]) || isPlugin(tree)
  for (const list of lists) {
    list.edit(entries => {
      delete entries[FORMER]
      if (!stays) delete entries[OURS]
      if (list === home) entries[ALIAS] = wanted
      else delete entries[ALIAS]
    })
  }
  return { replaced, leftOver: known[LICENCE_KEY] && replaced.length > 0 ? LICENCE_KEY : undefined }
}

/** The alias follows the version under which this package itself is listed, so that both are the same copy. */
function aliasFor(known: Dependencies): string {
  const own = known[OURS]
  const alias = known[ALIAS]
  if (follows(own)) return isRange(own) ? `npm:${OURS}@${own}` : own
  const stays = own === undefined && alias !== undefined && (isAlias(alias) || isPlace(alias))
  return stays ? alias : `npm:${OURS}@^${version()}`
}

/** Whether an alias can have the same specifier. */
function follows(own: string | undefined): own is string {
  return own !== undefined && (isRange(own) || isPlace(own))
}

/** Whether nx.json uses this package by its own name, too. */
function isPlugin(tree: Tree): boolean {
  const { plugins = [] } = readJsonOrEmpty<NxJson>(tree, 'nx.json')
  const names = plugins.map(plugin => (typeof plugin === 'string' ? plugin : plugin.plugin))
  return names.some(name => name === OURS || name.startsWith(`${OURS}/`))
}

/** Whether the specifier names this package. */
function isAlias(specifier: string): boolean {
  return specifier.startsWith(`npm:${OURS}@`)
}

/** A version, a range or a tag, as a registry understands it. */
function isRange(specifier: string): boolean {
  return !specifier.includes(':') && !specifier.includes('/')
}

/** A tarball or a folder, which can be installed under any name. (`catalog:` and `workspace:` can't.) */
function isPlace(specifier: string): boolean {
  return /^(file|link|portal|https?):|^\.{0,2}\//.test(specifier)
}

function version(): string {
  return require('../../../package.json').version
}

interface DependencyList {
  entries: Dependencies
  edit: (change: (entries: Dependencies) => void) => void
}

/** Where the workspace lists packages; a new one goes to the last of them. */
function dependencyLists(tree: Tree): DependencyList[] {
  if (!tree.exists('package.json')) return [pluginList(tree)]
  return (['dependencies', 'devDependencies'] as const).map(section => ({
    entries: readJsonOrEmpty<PackageJson>(tree, 'package.json')[section] ?? {},
    edit: change =>
      editJson<PackageJson>(tree, 'package.json', json => {
        const entries = changed(json[section], change)
        if (entries) json[section] = entries
      }),
  }))
}

function pluginList(tree: Tree): DependencyList {
  return {
    entries: readJsonOrEmpty<NxJson>(tree, 'nx.json').installation?.plugins ?? {},
    edit: change =>
      editJson<NxJson>(tree, 'nx.json', json => {
        const plugins = changed(json.installation?.plugins, change)
        if (plugins) json.installation = { ...json.installation, plugins }
      }),
  }
}

/** The entries after the change, in the order package managers keep; `undefined` when nothing changes. */
function changed(before: Dependencies = {}, change: (entries: Dependencies) => void): Dependencies | undefined {
  const after = { ...before }
  change(after)
  if (JSON.stringify(after) === JSON.stringify(before)) return undefined
  return Object.fromEntries(Object.entries(after).sort(([a], [b]) => (a < b ? -1 : 1)))
}
