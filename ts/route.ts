import { readFileSync } from 'node:fs'
import { nx } from './nx'
import { packageOf, searched } from './nx-facts'

/**
 * The two ways into Nx: `direct`, its import of `@nx/s3-cache`, and `server`, its client of the self-hosted cache API,
 * which talks to a server of ours.
 */
export interface Route {
  way: 'direct' | 'server'
  /** Why this one, as the rest of a sentence. */
  why: string
}

/** The name that Nx imports a cache by. */
const NAME = '@nx/s3-cache'

/** How Nx asks for it, in every version from 20 to 24. */
const IMPORT = /resolveRemoteCache\(\s*['"]@nx\/s3-cache['"]\s*\)/

/** What a decision depends on; the tests bring their own. */
export interface Situation {
  /** The value of NX_S3_CACHE_ROUTE. */
  wanted: string | undefined
  /** The source of Nx's module that looks for caches; `undefined` where there is none. */
  source: () => string | undefined
  /** The name of the package that Nx would import; `undefined` where there is none. */
  imported: () => string | undefined
}

/**
 * The way that this run takes. Only where it is certain that Nx imports this package, it is the direct one: where the
 * server turns out not to be needed, it has cost some time; where it is missing, nothing is cached.
 */
export function route({ wanted, source, imported }: Situation = here()): Route {
  if (wanted === 'direct' || wanted === 'server') return { way: wanted, why: `NX_S3_CACHE_ROUTE is ${wanted}` }
  if (!IMPORT.test(source() ?? '')) return { way: 'server', why: `this Nx does not import ${NAME}` }
  const name = imported()
  if (name === 'nx-s3-cache') return { way: 'direct', why: `Nx imports ${NAME}, which is this package` }
  return { way: 'server', why: name ? `${NAME} is ${name}` : `${NAME} is not installed` }
}

/** Whether nx.json lists this package as a plugin, under whichever name. */
export function isListed(): boolean {
  try {
    const { readNxJson, workspaceRoot } = nx()
    const names = (readNxJson(workspaceRoot).plugins ?? []).map(entry =>
      typeof entry === 'string' ? entry : entry.plugin,
    )
    return names.some(name => name === 'nx-s3-cache' || name === NAME)
  } catch {
    return false
  }
}

function here(): Situation {
  return { wanted: process.env['NX_S3_CACHE_ROUTE'], source: lookup, imported: importedPackage }
}

function lookup(): string | undefined {
  try {
    return readFileSync(require.resolve('nx/src/tasks-runner/cache'), 'utf8')
  } catch {
    return undefined
  }
}

function importedPackage(): string | undefined {
  try {
    return packageOf(require.resolve(NAME, { paths: searched(nx().workspaceRoot) })).name
  } catch {
    return undefined
  }
}
