import { createRequire } from 'node:module'
import type { Tree } from '@nx/devkit'

type Json = Record<string, unknown>

/** What this file uses of `jsonc-parser`, on which every version of Nx depends. */
interface JsoncParser {
  modify: (text: string, path: string[], value: unknown, options: object) => unknown[]
  applyEdits: (text: string, edits: unknown[]) => string
}

/** The JSON file at `path`, comments allowed; `{}` when there is none. */
export function readJsonOrEmpty<T extends object>(tree: Tree, path: string): T {
  return tree.exists(path) ? devkit().readJson<T>(tree, path) : ({} as T)
}

/**
 * Changes the JSON file at `path`. Only what the change alters is written: comments, indentation and order of the rest
 * stay.
 */
export function editJson<T extends object>(tree: Tree, path: string, change: (json: T) => void): void {
  const before = readJsonOrEmpty<T>(tree, path)
  const after = structuredClone(before)
  change(after)
  const text = tree.read(path, 'utf8') ?? '{}\n'
  const edited = withChanges(text, before as Json, after as Json, [])
  if (edited !== text) tree.write(path, edited)
}

/** `text` with the value at `path` as it is in `after` rather than in `before`. */
function withChanges(text: string, before: Json, after: Json, path: string[]): string {
  const keys = Object.keys(after)
  return [...new Set([...keys, ...Object.keys(before)])].reduce((edited, key) => {
    const [was, is] = [before[key], after[key]]
    if (isObject(was) && isObject(is)) return withChanges(edited, was, is, [...path, key])
    if (JSON.stringify(was) === JSON.stringify(is)) return edited
    return withValue(edited, [...path, key], is, keys)
  }, text)
}

/** `text` with `value` at `path`, behind those of its neighbours that come earlier in `order`. */
function withValue(text: string, path: string[], value: unknown, order: string[]): string {
  const { modify, applyEdits } = createRequire(require.resolve('nx/package.json'))('jsonc-parser') as JsoncParser
  const place = order.indexOf(path.at(-1) ?? '')
  const indentation = /^[ \t]+/m.exec(text)?.[0] ?? '  '
  const edits = modify(text, path, value, {
    getInsertionIndex: (neighbours: string[]) => neighbours.filter(name => order.indexOf(name) < place).length,
    formattingOptions: {
      insertSpaces: !indentation.startsWith('\t'),
      tabSize: indentation.startsWith('\t') ? 1 : indentation.length,
      eol: text.includes('\r\n') ? '\r\n' : '\n',
    },
  })
  return applyEdits(text, edits)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Nx's own half of the devkit; the other half, `@nx/devkit`, isn't installed in every workspace. */
export function devkit(): typeof import('nx/src/devkit-exports') {
  return require('nx/src/devkit-exports')
}
