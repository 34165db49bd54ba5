import type { NativeCache } from '../index'
import { type NxCache, nxCache } from './nx'

/**
 * Tells the cache which task each hash stands for. Nx asks us by hash only, so this looks on while Nx hands the tasks to
 * its own cache. In an Nx that does it in another way, messages name hashes.
 */
export function nameTasks(native: NativeCache, cache: () => NxCache = nxCache): void {
  try {
    const prototype = cache()
    for (const method of ['get', 'getBatch', 'put'] as const) watch(prototype, method, task => name(native, task))
  } catch {
    // Names are a convenience.
  }
}

function watch(prototype: NxCache, method: keyof NxCache, look: (task: unknown) => void): void {
  const original = prototype[method] as ((...words: unknown[]) => unknown) | undefined
  if (typeof original !== 'function') return
  prototype[method] = function (this: unknown, ...words: unknown[]) {
    for (const task of Array.isArray(words[0]) ? words[0] : [words[0]]) look(task)
    return original.apply(this, words)
  }
}

function name(native: NativeCache, task: unknown): void {
  const { id, hash } = (task ?? {}) as { id?: unknown; hash?: unknown }
  if (typeof id === 'string' && typeof hash === 'string') native.nameTask(hash, id)
}
