import type { Tree } from '@nx/devkit'

/** The JSON file at `path`, comments allowed; `{}` when there is none. */
export function readJsonOrEmpty<T extends object>(tree: Tree, path: string): T {
  return tree.exists(path) ? devkit().readJson<T>(tree, path) : ({} as T)
}

/** Changes the JSON file at `path` and keeps its indentation. A change that alters nothing leaves the file alone. */
export function editJson<T extends object>(tree: Tree, path: string, change: (json: T) => void): void {
  const json = readJsonOrEmpty<T>(tree, path)
  const before = JSON.stringify(json)
  change(json)
  if (JSON.stringify(json) === before) return
  const indentation = /^[ \t]+/m.exec(tree.read(path, 'utf8') ?? '')?.[0] ?? '  '
  tree.write(path, `${JSON.stringify(json, null, indentation)}\n`)
}

/** Nx's own half of the devkit; the other half, `@nx/devkit`, isn't installed in every workspace. */
export function devkit(): typeof import('nx/src/devkit-exports') {
  return require('nx/src/devkit-exports')
}
