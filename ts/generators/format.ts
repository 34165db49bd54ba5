import type { Tree } from '@nx/devkit'

/** Formats the changed files when the workspace has what it takes. */
export async function format(tree: Tree): Promise<void> {
  let devkit: typeof import('@nx/devkit')
  try {
    devkit = require('@nx/devkit')
  } catch {
    return
  }
  await devkit.formatFiles(tree)
}
