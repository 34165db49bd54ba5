import { execFileSync } from 'node:child_process'
import type { Tree } from '@nx/devkit'
import { readJsonOrEmpty } from '../json'

interface NxJson {
  defaultBase?: string
  affected?: { defaultBase?: string }
}

/** The branch that others are merged into: the one nx.json names, else the one `origin` names, else `main`. */
export function defaultBranch(tree: Tree): string {
  const { defaultBase, affected } = readJsonOrEmpty<NxJson>(tree, 'nx.json')
  const name = defaultBase ?? affected?.defaultBase ?? headOfOrigin(tree.root) ?? 'main'
  return name.replace(/^origin\//, '')
}

function headOfOrigin(root: string): string | undefined {
  try {
    const words = ['symbolic-ref', '--short', 'refs/remotes/origin/HEAD']
    return execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}
