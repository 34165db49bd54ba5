import type { Tree } from '@nx/devkit'
import { editJson } from '../json'
import { RUNNERS } from './runners'

const OF_RUNNERS = [...RUNNERS.map(({ name }) => name), 'nx-remotecache-custom']
const OF_NX_CLOUD = ['nx-cloud', '@nrwl/nx-cloud']

type Lists = Record<string, Record<string, string> | undefined>

/** Takes the packages of former caches out of package.json, and gives their names. */
export function removePackages(tree: Tree, { nxCloud }: { nxCloud: boolean }): string[] {
  if (!tree.exists('package.json')) return []
  const former = [...OF_RUNNERS, ...(nxCloud ? OF_NX_CLOUD : [])]
  const removed: string[] = []
  editJson<Lists>(tree, 'package.json', json => {
    for (const list of ['dependencies', 'devDependencies', 'optionalDependencies']) {
      for (const name of former) {
        if (json[list]?.[name] === undefined) continue
        delete json[list][name]
        removed.push(name)
      }
    }
  })
  return removed
}
